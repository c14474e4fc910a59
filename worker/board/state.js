// What the board knows and what it is told to show.

import { call } from './api.js'
import { addDays, inZone, midnight, monday, onClock } from './time.js'

// What somebody has asked for. It is shown once it has been read.
export const wanted = {
  view: 'day',
  // The day, or one of the week; null: today.
  date: null,
  // Whose free times: a service's name; '': an hour for anything; null: nobody has chosen.
  service: null,
}

// What is shown.
export const state = {
  // As the function agenda has it; null until it is read.
  agenda: null,
  // The free times of the same days, {resourceId, date, from, to}; null where they cannot be read.
  slots: null,
  view: 'day',
  date: null,
  service: '',
  // A resource's id; '': all of them.
  resource: '',
  withCancelled: true,
  // What this token may call.
  functions: new Set(),
}

let readAt = 0

const range = (view, date) => (view === 'week' ? { p_from: monday(date), p_days: 7 } : { p_from: date, p_days: 1 })

// Reads anew what is wanted. True unless something else is wanted meanwhile.
export async function read() {
  const asked = { ...wanted }
  const date = asked.date ?? (await call('agenda')).organization.today
  const agenda = await call('agenda', range(asked.view, date))
  if (date === state.agenda?.organization.today && date !== agenda.organization.today && isWanted(asked)) {
    // Whoever looks at today looks at the next one when it is over.
    wanted.date = agenda.organization.today
    return read()
  }
  const service = asked.service ?? agenda.services[0]?.name ?? ''
  const slots = await freeSlots(agenda, service)
  if (!isWanted(asked)) return false
  readAt = performance.now()
  wanted.date = date
  Object.assign(state, { agenda, slots, service, date, view: asked.view })
  return true
}

const isWanted = (asked) => Object.keys(wanted).every((name) => wanted[name] === asked[name])

async function freeSlots(agenda, service) {
  if (!state.functions.has('available_slots') || agenda.resources.length === 0) return null
  const { timezone } = agenda.organization
  const slots = await call('available_slots', {
    p_from: midnight(agenda.days[0], timezone),
    p_to: midnight(addDays(agenda.days.at(-1), 1), timezone),
    ...(service && { p_service_type: service }),
  }).catch(() => null)
  return slots && slots.map((slot) => placed(slot, timezone))
}

// A free time as it stands on the clock, with the instant that it is booked by.
export function placed({ starts_at: startsAt, ends_at: endsAt, resource_id: resourceId }, timezone) {
  const { date, minute } = inZone(startsAt, timezone)
  return { resourceId, startsAt, date, from: minute, to: minute + (Date.parse(endsAt) - Date.parse(startsAt)) / 60_000 }
}

// What the organization's clock shows now.
export function now() {
  const { date, minute } = onClock(state.agenda.organization.now)
  const passed = minute + Math.floor((performance.now() - readAt) / 60_000)
  return { date: addDays(date, Math.floor(passed / 1440)), minute: passed % 1440 }
}

export const find = (id) => state.agenda?.appointments.find((appointment) => appointment.id === id)

export const resourceName = (id) => state.agenda?.resources.find((resource) => resource.id === id)?.name ?? ''

export const isOver = ({ status }) => status === 'cancelled'

// The resources that are shown.
export const resources = () => state.agenda.resources.filter(({ id }) => !state.resource || id === state.resource)

// The appointments of a resource on a day, in order, with where they stand on it. Those from the evening before are in it.
export function appointmentsOn(date, resourceId) {
  const before = addDays(date, -1)
  const shown = state.agenda.appointments.filter((one) => !resourceId || one.resourceId === resourceId)
  return shown
    .filter((one) => state.withCancelled || !isOver(one))
    .map((one) => ({ one, shift: one.date === date ? 0 : one.date === before ? 1440 : null }))
    .filter(({ one, shift }) => shift !== null && one.toMinute > shift)
    .map(({ one, shift }) => ({ appointment: one, from: Math.max(0, one.fromMinute - shift), to: one.toMinute - shift }))
}

export const slotsOn = (date, resourceId) =>
  (state.slots ?? []).filter((slot) => slot.date === date && (!resourceId || slot.resourceId === resourceId))

// When a resource is open on a day: [[from, to]].
export const windowsOn = (date, resource) => resource.hours.find((day) => day.date === date)?.windows ?? []

export const busyOn = (date, resourceId) =>
  state.agenda.busy.filter((block) => block.date === date && block.resourceId === resourceId)
