// A day by resource: columns of time, hours on the left, free and closed time behind the appointments.

import { arrange, element, Kept, write } from './dom.js'
import { closedBetween, sideBySide, stretches } from './free.js'
import { appointmentsOn, busyOn, isOver, now, resources, slotsOn, state, windowsOn } from './state.js'
import { dayName, hour, stretch } from './time.js'

const MOST_SEATS_SHOWN = 4

const columns = new Kept()
let bounds = { from: 0, to: 0 }
const hourMarks = element('div', { class: 'hours' })
const axis = element('div', { class: 'axis', aria: { hidden: 'true' } }, element('div', { class: 'corner' }), hourMarks)
const root = element('div', { class: 'day' }, axis)

// Fills `main` with the day. `block` gives the item of an appointment, brought up to date.
export function renderDay(main, block) {
  const date = state.date
  const shown = resources()
  bounds = boundsOf(date, shown)
  arrange(main, [root])
  place(root, { '--from': bounds.from, '--to': bounds.to, '--columns': shown.length })
  const hours = []
  for (let minute = bounds.from; minute <= bounds.to; minute += 60) hours.push(minute)
  hourMarks.replaceChildren(...hours.map((minute) => place(element('span', { class: 'hour' }, hour(minute)), { '--at': minute })))
  const made = shown.map((resource) => column(resource, date, block))
  arrange(root, [axis, ...made])
  columns.keepOnly(state.agenda.resources.map(({ id }) => id))
  moveNow()
}

// Whole hours that hold whatever is open and whatever is booked.
function boundsOf(date, shown) {
  const windows = shown.flatMap((resource) => windowsOn(date, resource))
  const taken = shown.flatMap(({ id }) => appointmentsOn(date, id).map(({ from, to }) => [from, to]))
  const all = [...windows, ...taken]
  const [from, to] = all.length ? [Math.min(...all.map(([start]) => start)), Math.max(...all.map(([, end]) => end))] : [540, 1020]
  return { from: 60 * Math.floor(from / 60), to: 60 * Math.ceil(to / 60) }
}

function column(resource, date, block) {
  const parts = columns.get(resource.id, () => makeColumn(resource.id))
  const entries = appointmentsOn(date, resource.id)
  const slots = slotsOn(date, resource.id)
  const windows = windowsOn(date, resource)
  write(parts.name, resource.name)
  write(parts.count, freeWords(slots, windows))
  parts.list.setAttribute('aria-label', `${resource.name}, ${dayName(date)}`)
  const shade = ([from, to]) => place(element('div', { class: 'closed' }), { '--start': from, '--end': to })
  const free = stretches(slots).map((part) => {
    // Beside one that was cancelled there is little room.
    const isShort = entries.some(({ from, to }) => from < part.from + 25 && part.from < to)
    const text = isShort ? `${part.count} free` : `${stretch(part.from, part.to)} · ${part.count} free`
    return place(element('div', { class: 'free', title: `Free ${stretch(part.from, part.to)}` }, element('span', {}, text)), { '--start': part.from, '--end': part.to })
  })
  const away = busyOn(date, resource.id).map((part) => {
    const node = element('div', { class: 'away' }, element('span', {}, part.reason ?? 'Away'))
    return place(node, { '--start': Math.max(part.fromMinute, bounds.from), '--end': Math.min(part.toMinute, bounds.to) })
  })
  parts.behind.replaceChildren(...closedBetween(windows, bounds.from, bounds.to).map(shade), ...free, ...away)
  arrange(parts.list, laid(entries, resource.capacity).map((entry) => {
    const item = block(entry.appointment)
    return place(item, { '--start': entry.from, '--end': entry.to, '--lane': entry.lane, '--lanes': entry.lanes })
  }))
  return parts.section
}

// What is left for an appointment beside one that was cancelled.
const BESIDE = 0.8

// Where there are seats, each has its place, so that a free one is seen. What is over has a strip at the edge, where somebody else
// has its time now.
function laid(entries, capacity) {
  const live = entries.filter(({ appointment }) => !isOver(appointment))
  const over = entries.filter(({ appointment }) => isOver(appointment))
  sideBySide(over)
  if (capacity > 1 && capacity <= MOST_SEATS_SHOWN) {
    live.forEach((entry) => Object.assign(entry, { lane: Math.min(entry.appointment.seat, capacity) - 1, lanes: capacity }))
  } else {
    sideBySide(live)
  }
  const meet = (one, other) => one.from < other.to && other.from < one.to
  const beside = live.filter((entry) => over.some((other) => meet(entry, other)))
  const atEdge = over.filter((entry) => live.some((other) => meet(entry, other)))
  beside.forEach((entry) => (entry.lanes /= BESIDE))
  atEdge.forEach((entry) => Object.assign(entry, { lane: BESIDE / (1 - BESIDE), lanes: 1 / (1 - BESIDE) }))
  return entries
}

function freeWords(slots, windows) {
  if (windows.length === 0) return 'Closed'
  return state.slots ? `${slots.length} free` : ''
}

function makeColumn(id) {
  const name = element('h2', { id: `resource-${id}` })
  const free = element('p', { class: 'count' })
  const behind = element('div', { class: 'behind' })
  const list = element('ol', { class: 'appointments' })
  const area = element('div', { class: 'area' }, behind, list)
  const section = element('section', { class: 'column', aria: { labelledby: `resource-${id}` } },
    element('header', {}, name, free), area)
  return { section, name, count: free, behind, list }
}

function place(node, values) {
  for (const [name, value] of Object.entries(values)) node.style.setProperty(name, value)
  return node
}

// The line of the present moment.
export function moveNow() {
  if (!state.agenda) return
  const { date, minute } = now()
  root.classList.toggle('is-today', state.view === 'day' && date === state.date)
  root.style.setProperty('--now', minute)
}

// To the present hour, with some of what was before it; of another day to its beginning.
export function scrollToStart(main) {
  const isToday = root.isConnected && root.classList.contains('is-today')
  const area = root.querySelector('.area')
  const share = (now().minute - bounds.from) / (bounds.to - bounds.from)
  main.scrollTo({ top: isToday && area ? Math.max(0, share * area.offsetHeight - main.clientHeight / 3) : 0 })
}
