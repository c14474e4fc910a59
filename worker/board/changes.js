// What has changed between two readings of the same days: seen to happen, and in words.

import { nameOf, OCCUPYING, SMS, STATUS } from './appointment.js'
import { clock, moment } from './time.js'

const SAID_AT_ONCE = 3
const calm = matchMedia('(prefers-reduced-motion: reduce)')

// What became of the appointments: [{id, kind, now, before}], kind: new, left, moved, cancelled, status or failed. What is new has no
// `before`, what has left has no `now`.
export function compare(before, after) {
  if (!before || before.days.join() !== after.days.join()) return []
  const there = new Map(after.appointments.map((one) => [one.id, one]))
  const known = new Map(before.appointments.map((one) => [one.id, one]))
  const changed = [...new Set([...known.keys(), ...there.keys()])].map((id) => {
    const [was, now] = [known.get(id), there.get(id)]
    return { id, kind: kindOf(was, now), now, before: was }
  })
  return changed.filter(({ kind }) => kind)
}

function kindOf(was, now) {
  if (!was) return now.status === 'cancelled' ? null : 'new'
  // A hold of nobody is gone when it is over; whoever is called something has gone elsewhere.
  if (!now) return OCCUPYING.includes(was.status) && was.patientName ? 'left' : null
  if (was.status !== now.status) return now.status === 'cancelled' ? 'cancelled' : 'status'
  if (was.startsAt !== now.startsAt || was.resourceId !== now.resourceId) return 'moved'
  return was.smsStatus !== now.smsStatus && SMS[now.smsStatus]?.tone === 'bad' ? 'failed' : null
}

// A sentence for each of the first few, and how many more there are. What is new here and has been moved, by its id, has come from
// another day.
export function inWords(changes, agenda, hasMoved) {
  const { today } = agenda.organization
  const shown = agenda.days.length === 1 ? agenda.days[0] : null
  const at = (one) => (one.date === shown ? clock(one.fromMinute) : moment(one.date, one.fromMinute, today))
  const where = (one) => agenda.resources.find(({ id }) => id === one.resourceId)?.name ?? ''
  const sentences = changes.slice(0, SAID_AT_ONCE).map(({ id, kind, now, before }) => {
    if (kind === 'left') return `Moved away: ${nameOf(before)}, from ${at(before)}`
    const what = `${at(now)}, ${nameOf(now)}, ${where(now)}`
    if (kind === 'new') return hasMoved(id) ? `Moved here: ${nameOf(now)}, to ${at(now)}, ${where(now)}` : `New: ${what}`
    if (kind === 'moved') return `Moved: ${nameOf(now)}, from ${at(before)} to ${at(now)}, ${where(now)}`
    if (kind === 'failed') return `${SMS[now.smsStatus].text}: ${what}`
    return `${STATUS[now.status]}: ${what}`
  })
  const more = changes.length - sentences.length
  return more > 0 ? [...sentences, `and ${more} more`].join('; ') : sentences.join('; ')
}

// Where everything stands, before it changes: to be given to `play`.
export const positions = (nodes) => new Map([...nodes].map((node) => [node.dataset.id, node.getBoundingClientRect()]))

// Lets what has changed be seen: what is new lights up, what has moved travels. `buttons` by id; `old` are their positions.
export function play(changes, buttons, old) {
  for (const { id, kind } of changes) {
    const button = buttons(id)
    if (!button) continue
    button.dataset.change = kind
    if (!calm.matches && kind === 'moved' && old.has(id)) travel(button, old.get(id))
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
