// Seven days beside each other, compactly: each a list.

import { arrange, element, Kept, write } from './dom.js'
import { count } from './free.js'
import { appointmentsOn, isOver, now, resourceName, slotsOn, state } from './state.js'
import { dayName, shortDay } from './time.js'

const days = new Kept()
const root = element('div', { class: 'week' })

// Fills `main` with the week. `block` gives the item of an appointment; `openDay` shows a single day.
export function renderWeek(main, block, openDay) {
  arrange(main, [root])
  const today = now().date
  arrange(root, state.agenda.days.map((date) => day(date, today, block, openDay)))
  days.keepOnly(state.agenda.days)
}

function day(date, today, block, openDay) {
  const parts = days.get(date, () => makeDay(date, openDay))
  const entries = appointmentsOn(date, state.resource).filter(({ appointment }) => appointment.date === date)
  const booked = entries.filter(({ appointment }) => !isOver(appointment)).length
  const free = slotsOn(date, state.resource).length
  const isClosed = isClosedOn(date)
  parts.section.classList.toggle('is-today', date === today)
  parts.section.classList.toggle('is-closed', isClosed)
  parts.section.classList.toggle('is-past', date < today)
  const words = [booked > 0 && `${booked} booked`, isClosed ? 'Closed' : state.slots && date >= today && `${free} free`]
  write(parts.count, words.filter(Boolean).join(' · ') || 'Nothing booked')
  const many = !state.resource && state.agenda.resources.length > 1
  const items = entries.map(({ appointment }) => {
    const item = block(appointment, many ? { where: resourceName(appointment.resourceId) } : {})
    for (const name of ['--start', '--end', '--lane', '--lanes']) item.style.removeProperty(name)
    return item
  })
  parts.list.setAttribute('aria-label', `${dayName(date)}, ${count(booked, 'appointment')}`)
  arrange(parts.list, items)
  return parts.section
}

function isClosedOn(date) {
  const shown = state.agenda.resources.filter(({ id }) => !state.resource || id === state.resource)
  return shown.every((resource) => (resource.hours.find((hours) => hours.date === date)?.windows ?? []).length === 0)
}

function makeDay(date, openDay) {
  const [weekday, rest] = shortDay(date).split(', ')
  const open = element('button', { type: 'button', class: 'open-day', on: { click: () => openDay(date) } },
    element('span', { class: 'weekday' }, weekday), ' ', element('span', { class: 'date' }, rest ?? ''))
  const words = element('p', { class: 'count' })
  const list = element('ol', { class: 'appointments' })
  const section = element('section', { class: 'of-week', aria: { labelledby: `day-${date}` } },
    element('header', {}, element('h2', { id: `day-${date}` }, open), words), list)
  return { section, count: words, list }
}
