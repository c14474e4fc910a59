// Whoever has a phone number: everything on record.

import { call } from './api.js'
import { button, open } from './dialogs.js'
import { element } from './dom.js'
import { state } from './state.js'
import { inZone, moment } from './time.js'

let show = () => {}

// Shows what is on record of a phone. `openAppointment(id, date)` goes to one of its appointments.
export async function search(phone, openAppointment) {
  show = openAppointment
  open('found', phone, element('p', { class: 'hint' }, 'Looking…'))
  try {
    const entries = await call('contact_timeline', { p_phone: phone })
    open('found', phone, entries.length ? timeline(entries, true) : element('p', {}, 'Nothing is on record of this number.'))
  } catch (error) {
    open('found', phone, element('p', { class: 'problem', role: 'alert' }, error.message))
  }
}

// The entries of a timeline, last first; with buttons that open the appointments, if that is wanted.
export function timeline(entries, hasButtons = false) {
  const { timezone, today } = state.agenda.organization
  const opened = new Set()
  const rows = [...entries].reverse().map(({ at, kind, summary, detail }) => {
    const { date, minute } = inZone(at, timezone)
    const { appointmentId, startsAt } = detail
    const canOpen = hasButtons && appointmentId && startsAt && !opened.has(appointmentId)
    if (canOpen) opened.add(appointmentId)
    return element('li', { data: { kind } },
      element('time', { dateTime: at }, moment(date, minute, today)),
      element('p', {}, summary),
      canOpen && button('Open', () => show(appointmentId, inZone(startsAt, timezone).date), { ariaLabel: `Open: ${summary}` }))
  })
  return [element('ol', { class: 'timeline' }, rows)]
}
