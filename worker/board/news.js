// What is said to everybody, also to those who only hear the board. What somebody has done is said at once; what happens is gathered,
// so that a busy morning does not talk without a pause.

import { byId, element } from './dom.js'

// From one sentence to the next, in milliseconds.
const GATHERED = 4000
// As long as the first waits, so that what the stream tells of it has come too.
const SOON = 1000
const SHOWN = 7000

let leaving
// Says a sentence once.
export function say(text) {
  const news = byId('news')
  news.replaceChildren(element('span', {}, text))
  news.dataset.shown = 'yes'
  clearTimeout(leaving)
  leaving = setTimeout(() => (news.dataset.shown = ''), SHOWN)
}

const gathered = new Map()
let saidAt = -Infinity
let waiting = null
// Says what has changed, with all that changes until then: `inWords` makes one sentence of it.
export function tell(changes, inWords) {
  for (const change of changes) gathered.set(change.id, together(gathered.get(change.id), change))
  if (gathered.size === 0) return
  waiting ??= setTimeout(() => {
    const all = [...gathered.values()]
    gathered.clear()
    waiting = null
    saidAt = performance.now()
    say(inWords(all))
  }, Math.max(SOON, saidAt + GATHERED - performance.now()))
}

// What became of an appointment to which two things have happened.
function together(first, second) {
  if (!first) return second
  const isStillNew = first.kind === 'new' && second.kind !== 'cancelled' && second.kind !== 'left'
  return { ...second, kind: isStillNew ? 'new' : second.kind, before: first.before ?? second.before }
}
