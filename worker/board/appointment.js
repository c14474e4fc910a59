// An appointment as it stands on the board, and the words and signs for what it is and what became of its message and its event.

import { element, hidden, icon, write } from './dom.js'
import { clock, stretch } from './time.js'

export const STATUS = {
  held: 'Held',
  pending: 'Unconfirmed',
  confirmed: 'Confirmed',
  cancelled: 'Cancelled',
  completed: 'Completed',
  no_show: 'No-show',
}

// What takes a seat.
export const OCCUPYING = ['held', 'pending', 'confirmed']

export const SMS = {
  queued: { text: 'Text message waits to be sent', icon: 'sms-queued' },
  sent: { text: 'Text message sent', icon: 'sms-sent' },
  delivered: { text: 'Text message delivered', icon: 'sms-delivered', tone: 'good' },
  failed_but_booked: { text: 'Text message failed', icon: 'sms-failed', tone: 'bad' },
  uncertain: { text: 'Nobody knows whether the text message went out', icon: 'sms-uncertain', tone: 'bad' },
}

export const CALENDAR = {
  queued: { text: 'Waits for the calendar', icon: 'calendar-queued' },
  synced: { text: 'In the calendar', icon: 'calendar-synced', tone: 'good' },
  flagged: { text: 'Somebody has changed it in the calendar', icon: 'calendar-flagged', tone: 'bad' },
  failed: { text: 'Could not be written to the calendar', icon: 'calendar-flagged', tone: 'bad' },
  removed: { text: 'Removed from the calendar', icon: 'calendar-removed' },
}

// Whoever it is for; a hold is of nobody yet, and who was erased is nobody any more.
export const nameOf = ({ patientName, status }) => patientName ?? (status === 'held' ? 'Held' : 'Erased')

export const elementId = (id) => `appointment-${id}`

// The item of an appointment, empty; `open` is called with its id.
export function make(id, open) {
  const parts = {
    when: element('span', { class: 'when' }),
    who: element('span', { class: 'who' }),
    what: element('span', { class: 'what' }),
    where: element('span', { class: 'where' }),
    status: element('span', { class: 'state' }),
    marks: element('span', { class: 'marks' }),
  }
  const button = element(
    'button', { type: 'button', class: 'appointment', id: elementId(id), tabIndex: -1, data: { id }, on: { click: () => open(id) } },
    parts.when, ' ', parts.who, ' ', parts.what, ' ', parts.where, ' ', parts.status, ' ', parts.marks)
  const item = element('li', { class: 'place' }, button)
  return { item, button, parts }
}

// Shows what the appointment is now.
export function show({ item, button, parts }, appointment, { where = '' } = {}) {
  const { fromMinute: from, toMinute: to, status } = appointment
  const length = to - from
  item.dataset.length = length < 25 ? 'short' : length < 40 ? 'middle' : 'long'
  button.dataset.status = status
  button.title = `${stretch(from, to)}, ${nameOf(appointment)}, ${appointment.service}`
  if (parts.when.dataset.text !== `${from}-${to}`) {
    parts.when.dataset.text = `${from}-${to}`
    parts.when.replaceChildren(clock(from), hidden(` to ${clock(to)},`))
  }
  write(parts.who, nameOf(appointment))
  write(parts.what, appointment.service)
  write(parts.where, where)
  write(parts.status, STATUS[status] ?? status)
  parts.status.classList.toggle('visually-hidden', status === 'confirmed' || status === 'cancelled')
  const signs = [SMS[appointment.smsStatus], CALENDAR[appointment.calendarStatus]].filter(Boolean)
  const key = signs.map(({ text }) => text).join()
  if (parts.marks.dataset.key === key) return
  parts.marks.dataset.key = key
  parts.marks.replaceChildren(...signs.map(mark))
}

// A small sign that says in words what it means.
export function mark({ text, icon: name, tone = 'plain' }) {
  return element('span', { class: 'mark', title: text, data: { tone } }, icon(name), hidden(`, ${text}`))
}
