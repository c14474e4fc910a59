// Moving an appointment: the free times of a day, by the part of the day, and the one that is chosen.

import { call, change } from './api.js'
import { nameOf } from './appointment.js'
import { button, open, problem } from './dialogs.js'
import { element } from './dom.js'
import { count } from './free.js'
import { now, placed, resourceName, state } from './state.js'
import { addDays, clock, dayName, midnight, minutesBetween, moment } from './time.js'

const PARTS = [['Morning', 0, 720], ['Afternoon', 720, 1020], ['Evening', 1020, 2880]]

// Offers times for an appointment. `act` does what a button is for; `back` goes back to it; `moved` is called with a sentence once it
// is elsewhere.
export function move(one, { act, back, moved }) {
  const wanted = { date: one.date < now().date ? now().date : one.date, resource: one.resourceId, slot: null }
  const times = element('div', { class: 'times', aria: { busy: 'true' } })
  const free = element('p', { class: 'hint', role: 'status' })
  const wrong = problem()
  const day = element('input', { id: 'move-date', type: 'date', value: wanted.date, min: now().date, max: '9998-12-31' })
  const resource = element('select', { id: 'move-resource' },
    element('option', { value: '' }, 'Anywhere free'),
    state.agenda.resources.map(({ id, name }) => element('option', { value: id }, name)))
  resource.value = wanted.resource
  const go = button('Move it here', () => submit(), { class: 'main', disabled: true })

  const choose = (slot) => {
    wanted.slot = slot
    for (const each of times.querySelectorAll('button')) each.setAttribute('aria-pressed', String(each.dataset.at === slot.startsAt && each.dataset.where === slot.resourceId))
    go.disabled = false
    go.textContent = `Move to ${moment(slot.date, slot.from, state.agenda.organization.today)}`
  }
  const submit = () => act(wrong, async () => {
    const { startsAt, resourceId } = wanted.slot
    const answer = await change('reschedule_appointment_atomic', one, { p_appointment_id: one.id, p_scheduled_at: startsAt, p_resource_id: resourceId })
    await moved(answer.message)
  }).then((error) => error && offer())

  let turn = 0
  async function offer() {
    const mine = ++turn
    Object.assign(wanted, { date: day.value || wanted.date, resource: resource.value, slot: null })
    go.disabled = true
    go.textContent = 'Move it here'
    times.setAttribute('aria-busy', 'true')
    const found = await slots(one, wanted).catch((error) => error)
    if (mine !== turn) return
    times.setAttribute('aria-busy', 'false')
    const shown = found instanceof Error ? [] : found.filter((slot) => slot.date === wanted.date)
    free.className = found instanceof Error ? 'problem' : 'hint'
    free.textContent = found instanceof Error ? found.message : shown.length ? `${count(shown.length, 'time')} free` : 'Nothing is free on this day.'
    times.replaceChildren(...groups(shown, wanted, choose))
  }
  const step = (days) => () => {
    const date = addDays(wanted.date, days)
    if (date >= now().date) day.value = date
    offer()
  }
  day.addEventListener('change', offer)
  resource.addEventListener('change', offer)
  open('panel', `Move ${nameOf(one)}`,
    element('p', { class: 'hint' }, `Now ${dayName(one.date, state.agenda.organization.today)}, ${clock(one.fromMinute)}, ${resourceName(one.resourceId)}`),
    element('div', { class: 'pair' },
      element('div', {}, element('label', { htmlFor: 'move-date' }, 'Day'),
        element('div', { class: 'joined' }, button('‹', step(-1), { ariaLabel: 'Day before' }), day, button('›', step(1), { ariaLabel: 'Day after' }))),
      element('div', {}, element('label', { htmlFor: 'move-resource' }, 'Where'), resource)),
    free, times, wrong,
    element('div', { class: 'actions' }, go, button('Back', back)))
  day.focus()
  offer()
}

async function slots(one, { date, resource }) {
  const { timezone } = state.agenda.organization
  const found = await call('available_slots', {
    p_from: midnight(date, timezone),
    p_to: midnight(addDays(date, 1), timezone),
    p_service_type: one.service,
    p_duration_minutes: minutesBetween(one.startsAt, one.endsAt),
    ...(resource && { p_resource_id: resource }),
  })
  return found.map((slot) => placed(slot, timezone))
}

function groups(shown, { resource }, choose) {
  return PARTS.flatMap(([name, from, to]) => {
    const part = shown.filter((slot) => slot.from >= from && slot.from < to)
    if (part.length === 0) return []
    const choices = part.map((slot) => button(
      resource ? clock(slot.from) : [clock(slot.from), element('small', {}, ` ${resourceName(slot.resourceId)}`)],
      () => choose(slot), { class: 'time', ariaPressed: 'false', }))
    part.forEach((slot, place) => Object.assign(choices[place].dataset, { at: slot.startsAt, where: slot.resourceId }))
    return [element('section', {}, element('h3', {}, name), element('div', { class: 'choices' }, choices))]
  })
}
