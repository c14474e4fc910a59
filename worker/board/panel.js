// One appointment: what it is, what became of it, and what can be done with it.

import { call, change } from './api.js'
import { CALENDAR, mark, nameOf, OCCUPYING, SMS, STATUS } from './appointment.js'
import { attempt, button, open, problem } from './dialogs.js'
import { byId, element } from './dom.js'
import { move } from './move.js'
import { say } from './news.js'
import { find, now, resourceName, state } from './state.js'
import { timeline } from './search.js'
import { dayName, moment, onClock, stretch } from './time.js'

let shown = null

// Opens an appointment; `refresh` reads the board anew.
export function openPanel(id, refresh) {
  if (!find(id)) return
  shown = { id, step: 'details', refresh, history: null, asked: 0, told: 0 }
  details()
  byId('panel').addEventListener('close', () => (shown = null), { once: true })
  readHistory(shown)
}

// Shows what has changed meanwhile. Whoever is about to do something goes on, unless it is not any more what they have before them.
export function refreshPanel() {
  const panel = byId('panel')
  if (!shown || !panel.open || panel.ariaBusy === 'true') return
  if (!find(shown.id) && state.agenda.days.includes(shown.last.date)) {
    panel.close()
    return say('It has left this day meanwhile.')
  }
  if (shown.step !== 'details' && essence(appointment()) !== essence(shown.last)) return lookAgain('It has been changed meanwhile: look again.')
  if (shown.step !== 'details' || looks() === shown.looks) return
  const { activeElement } = document
  const place = [...panel.querySelectorAll('button')].indexOf(activeElement)
  details()
  const next = panel.querySelectorAll('button')[place] ?? byId('panel-title')
  next.focus()
}

// Shows what it is, and says that it was something else; whoever does not see it is led there.
function lookAgain(why) {
  details().textContent = why
  byId('panel-title').focus()
}

// Does what a button is for; what went wrong, if it is to be tried once more. Of what was not done because it is something else by
// now, it is shown what it is.
async function act(wrong, work) {
  const of = shown
  const error = await attempt(byId('panel'), wrong, work)
  if (error?.code !== 'changed_meanwhile') return error
  await of.refresh()
  if (shown === of && byId('panel').open) lookAgain(error.message)
}

const appointment = () => find(shown.id) ?? shown.last

// Differs when something else is to be shown.
const looks = () => JSON.stringify([appointment(), shown.told])

// What somebody decides by.
const essence = ({ status, resourceId, startsAt, endsAt }) => [status, resourceId, startsAt, endsAt].join()

// Something has happened to an appointment: its history is read again where it is looked at.
export const happened = (id) => shown?.id === id && readHistory(shown)

async function readHistory(of) {
  const { patientPhone } = appointment()
  if (!patientPhone || !state.functions.has('contact_timeline')) return
  const mine = ++of.asked
  const history = await call('contact_timeline', { p_phone: patientPhone }).then(timeline, (error) =>
    of.history ?? [element('p', { class: 'problem' }, error.message)])
  if (mine !== of.asked) return
  Object.assign(of, { history, told: mine })
  if (shown === of && of.step === 'details') refreshPanel()
}

// Shows what it is. Returns where to say what is wrong.
function details() {
  const one = appointment()
  shown.last = one
  shown.looks = looks()
  shown.step = 'details'
  const { today } = state.agenda.organization
  const line = (name, ...what) => [element('dt', {}, name), element('dd', {}, ...what)]
  const sign = (known, status) => (known[status] ? [mark(known[status]), ` ${known[status].text}`] : ['None'])
  const facts = element('dl', { class: 'facts' },
    line('When', dayName(one.date, today), element('br'), stretch(one.fromMinute, one.toMinute)),
    line('Where', resourceName(one.resourceId)),
    line('What', one.service),
    one.patientPhone ? line('Phone', one.patientPhone) : [],
    line('Status', STATUS[one.status] ?? one.status, one.status === 'held' && one.expiresAt ? ` until ${until(one.expiresAt)}` : ''),
    one.cancelReason ? line('Reason', one.cancelReason) : [],
    line('Message', ...sign(SMS, one.smsStatus)),
    line('Calendar', ...sign(CALENDAR, one.calendarStatus)))
  const wrong = problem()
  const history = shown.history ?? []
  open('panel', nameOf(one), facts, element('div', { class: 'actions' }, actions(one, wrong)), wrong,
    history.length ? element('section', {}, element('h3', {}, 'History'), history) : [])
  return wrong
}

const until = (text) => {
  const { date, minute } = onClock(text)
  return moment(date, minute, state.agenda.organization.today)
}

// What can be done with it now. Whether it may is decided by the database.
function actions(one, wrong) {
  if (!OCCUPYING.includes(one.status)) return []
  const may = (name) => state.functions.has(name)
  const isOfNobody = one.status === 'held' && !one.patientName
  const hasBegun = one.date < now().date || (one.date === now().date && one.fromMinute <= now().minute)
  const become = (status, text) => button(text, () => set(status, wrong))
  return [
    one.status === 'pending' && may('set_appointment_status') && become('confirmed', 'Confirm'),
    one.status === 'confirmed' && hasBegun && may('set_appointment_status') && [become('completed', 'Completed'), become('no_show', 'No-show')],
    !isOfNobody && !hasBegun && may('reschedule_appointment_atomic') && may('available_slots') && button('Move…', showMove, { class: 'main' }),
    isOfNobody && may('release_hold') && button('Release', () => release(wrong)),
    !isOfNobody && may('cancel_appointment') && button('Cancel appointment…', askCancel),
  ].flat().filter(Boolean)
}

// Says what was done to `of`, and closes its panel, unless somebody has closed it meanwhile and looks at another.
async function done(of, words) {
  if (shown === of) byId('panel').close()
  say(words)
  await of.refresh()
}

const set = (status, wrong) => act(wrong, async () => {
  const [of, name] = [shown, nameOf(shown.last)]
  await change('set_appointment_status', of.last, { p_appointment_id: of.id, p_status: status })
  await done(of, `${STATUS[status]}: ${name}`)
})

const release = (wrong) => act(wrong, async () => {
  const of = shown
  await change('release_hold', of.last, { p_hold_id: of.id })
  await done(of, 'The time is free again.')
})

function showMove() {
  shown.step = 'move'
  const of = shown
  move(shown.last, { act, back: details, moved: (words) => done(of, words) })
}

function askCancel() {
  shown.step = 'cancel'
  const [of, one] = [shown, shown.last]
  const wrong = problem()
  const reason = element('input', { id: 'reason', type: 'text', maxLength: 200, autocomplete: 'off' })
  const cancel = () => act(wrong, async () => {
    const answer = await change('cancel_appointment', one, { p_appointment_id: one.id, p_reason: reason.value.trim() || null })
    await done(of, answer.message)
  })
  const form = element('form', { on: { submit: (event) => event.preventDefault() || cancel() } },
    element('p', {}, `${dayName(one.date, state.agenda.organization.today)}, ${stretch(one.fromMinute, one.toMinute)}, ${one.service}, ${resourceName(one.resourceId)}. The time is free at once.`),
    element('label', { htmlFor: 'reason' }, 'Reason, if there is one'), reason,
    element('div', { class: 'actions' },
      element('button', { type: 'submit', class: 'grave' }, 'Cancel this appointment'),
      button('Keep it', details)),
    wrong)
  open('panel', `Cancel ${nameOf(one)}?`, form)
  reason.focus()
}
