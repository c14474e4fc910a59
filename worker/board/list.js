// For a narrow screen: one resource, its days as lists of what is booked and what is free.

import { arrange, element, Kept, write } from './dom.js'
import { count, stretches } from './free.js'
import { appointmentsOn, busyOn, isOver, now, slotsOn, state, windowsOn } from './state.js'
import { dayName, stretch } from './time.js'

const days = new Kept()
const root = element('div', { class: 'list' })

// Fills `main`. `block` gives the item of an appointment.
export function renderList(main, block, resource) {
  arrange(main, [root])
  const shown = state.view === 'day' ? [state.date] : state.agenda.days
  arrange(root, shown.map((date) => day(date, resource, block)))
  days.keepOnly(shown)
}

function day(date, resource, block) {
  const parts = days.get(date, () => makeDay(date))
  const entries = appointmentsOn(date, resource.id)
  const windows = windowsOn(date, resource)
  const slots = slotsOn(date, resource.id)
  const booked = entries.filter(({ appointment }) => !isOver(appointment)).length
  const isOpen = windows.length > 0
  const words = [`${booked} booked`, isOpen ? state.slots && date >= now().date && `${slots.length} free` : 'closed']
  write(parts.name, state.view === 'day' ? resource.name : dayName(date))
  write(parts.count, words.filter(Boolean).join(' · '))
  const rows = [
    ...entries.map(({ appointment, from }) => ({ from, order: 1, node: cleared(block(appointment)) })),
    ...stretches(slots).map((part) => ({ from: part.from, order: 2, node: row('open', stretch(part.from, part.to), count(part.count, 'free time')) })),
    ...busyOn(date, resource.id).map((part) => ({
      from: part.fromMinute, order: 0, node: row('away', stretch(part.fromMinute, part.toMinute), part.reason ?? 'Away') })),
  ]
  rows.sort((a, b) => a.from - b.from || a.order - b.order)
  if (rows.length === 0) rows.push({ node: row('nothing', isOpen ? 'Nothing booked' : 'Closed', '') })
  arrange(parts.list, rows.map(({ node }) => node))
  return parts.section
}

function cleared(item) {
  for (const name of ['--start', '--end', '--lane', '--lanes']) item.style.removeProperty(name)
  return item
}

const row = (kind, when, what) =>
  element('li', { class: 'row', data: { kind } }, element('span', { class: 'when' }, when), ' ', element('span', {}, what))

function makeDay(date) {
  const name = element('h2', { id: `list-${date}` })
  const words = element('p', { class: 'count' })
  const list = element('ol', { class: 'appointments' })
  const section = element('section', { aria: { labelledby: `list-${date}` } }, element('header', {}, name, words), list)
  return { section, name, count: words, list }
}
