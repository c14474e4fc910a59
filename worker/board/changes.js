// What has changed between two readings of the same days: seen to happen, and said.

import { nameOf, SMS, STATUS } from './appointment.js'
import { byId, element } from './dom.js'
import { clock, moment } from './time.js'

const SAID_AT_ONCE = 3
const calm = matchMedia('(prefers-reduced-motion: reduce)')

// What became of the appointments: [{kind, now, before}], kind: new, moved, cancelled, status or failed.
export function compare(before, after) {
  if (!before || before.days.join() !== after.days.join()) return []
  const known = new Map(before.appointments.map((one) => [one.id, one]))
  return after.appointments.flatMap((now) => {
    const was = known.get(now.id)
    const kind = kindOf(was, now)
    return kind ? [{ kind, now, before: was }] : []
  })
}

function kindOf(was, now) {
  if (!was) return now.status === 'cancelled' ? null : 'new'
  if (was.status !== now.status) return now.status === 'cancelled' ? 'cancelled' : 'status'
  if (was.startsAt !== now.startsAt || was.resourceId !== now.resourceId) return 'moved'
  return was.smsStatus !== now.smsStatus && SMS[now.smsStatus]?.tone === 'bad' ? 'failed' : null
}

// A sentence for each of the first few, and how many more there are.
export function inWords(changes, agenda, isOneDay) {
  const { today } = agenda.organization
  const at = (one) => (isOneDay ? clock(one.fromMinute) : moment(one.date, one.fromMinute, today))
  const where = (one) => agenda.resources.find(({ id }) => id === one.resourceId)?.name ?? ''
  const sentences = changes.slice(0, SAID_AT_ONCE).map(({ kind, now, before }) => {
    const what = `${at(now)}, ${nameOf(now)}, ${where(now)}`
    if (kind === 'new') return `New: ${what}`
    if (kind === 'moved') return `Moved: ${nameOf(now)}, from ${at(before)} to ${at(now)}, ${where(now)}`
    if (kind === 'failed') return `${SMS[now.smsStatus].text}: ${what}`
    return `${STATUS[now.status]}: ${what}`
  })
  const more = changes.length - sentences.length
  return more > 0 ? [...sentences, `and ${more} more`].join('; ') : sentences.join('; ')
}

let leaving
// Says a sentence once, to everybody.
export function say(text) {
  const news = byId('news')
  news.replaceChildren(element('span', {}, text))
  news.dataset.shown = 'yes'
  clearTimeout(leaving)
  leaving = setTimeout(() => (news.dataset.shown = ''), 7000)
}

// Where everything stands, before it changes: to be given to `play`.
export const positions = (nodes) => new Map([...nodes].map((node) => [node.dataset.id, node.getBoundingClientRect()]))

// Lets what has changed be seen: what is new lights up, what has moved travels. `buttons` by id; `old` are their positions.
export function play(changes, buttons, old) {
  for (const { kind, now } of changes) {
    const button = buttons(now.id)
    if (!button) continue
    button.dataset.change = kind
    if (!calm.matches && kind === 'moved' && old.has(now.id)) travel(button, old.get(now.id))
    setTimeout(() => delete button.dataset.change, 2600)
  }
}

function travel(button, from) {
  const to = button.getBoundingClientRect()
  const [x, y] = [from.left - to.left, from.top - to.top]
  button.animate(
    [{ transform: `translate(${x}px, ${y}px)`, zIndex: 5 }, { transform: 'none', zIndex: 5 }],
    { duration: 650, easing: 'cubic-bezier(.2, .8, .2, 1)' })
}
