// The board: reads, shows, and reads again when something has happened.

import { allowed, SignedOut } from './api.js'
import { make, show } from './appointment.js'
import { compare, inWords, play, positions } from './changes.js'
import { renderConnections } from './connections.js'
import { moveNow, renderDay, scrollToStart } from './day.js'
import { askForAnother, closeByClick, showKeys, signIn } from './dialogs.js'
import { byId, element, Kept, write } from './dom.js'
import { count } from './free.js'
import { keepTabStop, startKeyboard } from './keyboard.js'
import { renderList } from './list.js'
import { say, tell } from './news.js'
import { happened, openPanel, refreshPanel } from './panel.js'
import { search } from './search.js'
import { forget, isInUse, keep, takeFromAddress, token } from './session.js'
import { find, isOver, read, state, wanted } from './state.js'
import { Stream } from './stream.js'
import { startTheme } from './theme.js'
import { addDays, dayName, weekName } from './time.js'
import { renderWeek } from './week.js'

// Events that come close together are one reason to read.
const PAUSE = 300
// What only time changes, as a hold that expires, is seen after this at the latest.
const MINUTE = 60_000

const main = byId('calendar')
const narrow = matchMedia('(max-width: 760px)')
const blocks = new Kept()
let stream = null

// Showing.

function block(appointment, options) {
  const parts = blocks.get(appointment.id, () => make(appointment.id, (id) => openPanel(id, refresh)))
  show(parts, appointment, options)
  return parts.item
}

function render() {
  if (!state.agenda) return
  const focused = document.activeElement?.closest?.('.appointment')
  renderControls()
  if (narrow.matches) renderList(main, block, narrowResource())
  else if (state.view === 'week') renderWeek(main, block, (date) => go(date, 'day'))
  else renderDay(main, block)
  blocks.keepOnly(state.agenda.appointments.map(({ id }) => id))
  keepTabStop(main)
  // What stands in another column now has lost its focus on the way.
  if (focused?.isConnected && document.activeElement !== focused && !document.querySelector('dialog[open]')) focused.focus()
  main.setAttribute('aria-busy', 'false')
  renderConnections(refresh)
  refreshPanel()
}

const narrowResource = () => state.agenda.resources.find(({ id }) => id === state.resource) ?? state.agenda.resources[0] ?? { id: '', name: '', hours: [] }

function renderControls() {
  const { organization, days, appointments, resources, services } = state.agenda
  const isWeek = state.view === 'week'
  write(byId('organization'), organization.name)
  write(byId('heading'), isWeek ? weekName(days[0], days.at(-1)) : dayName(state.date, organization.today))
  document.title = `${byId('heading').textContent} · ${organization.name}`
  const within = appointments.filter(({ date }) => days.includes(date))
  const booked = within.filter((one) => !isOver(one)).length
  const cancelled = within.length - booked
  const words = [count(booked, 'appointment'), cancelled > 0 && `${cancelled} cancelled`,
    state.slots && !narrow.matches && count(state.slots.length, 'free time')]
  write(byId('summary'), words.filter(Boolean).join(' · '))
  byId('date').value = state.date
  byId('view-day').setAttribute('aria-pressed', String(!isWeek))
  byId('view-week').setAttribute('aria-pressed', String(isWeek))
  write(byId('previous-text'), isWeek ? 'Week before' : 'Day before')
  write(byId('next-text'), isWeek ? 'Week after' : 'Day after')
  byId('today').setAttribute('aria-current', String(days.includes(organization.today)))
  const all = narrow.matches ? [] : [['', 'Everyone']]
  options(byId('resource'), [...all, ...resources.map(({ id, name }) => [id, name])], narrow.matches ? narrowResource().id : state.resource)
  byId('resource-field').hidden = resources.length < 2
  options(byId('service'), [...services.map(({ name }) => [name, `Free for ${name}`]), ['', 'Free for an hour']], state.service)
}

function options(select, wanted, value) {
  const key = JSON.stringify(wanted)
  if (select.dataset.key !== key) {
    select.dataset.key = key
    select.replaceChildren(...wanted.map(([of, text]) => element('option', { value: of }, text)))
  }
  select.value = value
}

// Reading.

let reading = null
let isStale = false
let again = null
// What was wrong the last time, as it was said: it is said once.
let trouble = null
// The appointments that have been moved since this page was opened, by id.
const moved = new Set()

// Reads the board anew. What is asked for meanwhile is read once more afterwards.
function refresh() {
  isStale = true
  reading ??= (async () => {
    try {
      while (isStale) {
        isStale = false
        const began = performance.now()
        const isShown = await readOnce()
        // Somebody who has asked for another day does not wait.
        if (isStale && isShown) await new Promise((resolve) => setTimeout(resolve, PAUSE - (performance.now() - began)))
      }
    } finally {
      reading = null
    }
  })()
  return reading
}

// Whether what was read is shown.
async function readOnce() {
  const before = state.agenda
  try {
    if (!(await read())) return false
  } catch (error) {
    if (error instanceof SignedOut) return signedOut()
    complain(error.message)
    // One attempt at a time, whoever has asked meanwhile.
    clearTimeout(again)
    again = setTimeout(refresh, 5000)
    return false
  }
  trouble = null
  const changes = before ? compare(before, state.agenda) : []
  const old = changes.length > 0 ? positions(main.querySelectorAll('.appointment')) : null
  render()
  if (changes.length > 0) {
    play(changes, (id) => blocks.find(id)?.button, old)
    tell(changes, (all) => inWords(all, state.agenda, (id) => moved.has(id)))
  }
  if (before?.days.join() !== state.agenda.days.join()) scrollToStart(main)
  stream?.follow(state.agenda.position)
  return true
}

function complain(why) {
  if (why !== trouble) say(why)
  trouble = why
}

function hear(kind, { appointmentId }) {
  if (kind === 'moved') moved.add(appointmentId)
  happened(appointmentId)
  refresh()
}

const STATES = { live: 'Live', off: 'Not live', reconnecting: 'Reconnecting', connecting: 'Connecting', 'signed-out': 'Signed out' }
function showState(word) {
  byId('live').dataset.state = word
  write(byId('live-text'), STATES[word])
}

// Who looks.

async function start() {
  try {
    state.functions = await allowed()
  } catch (error) {
    if (error instanceof SignedOut) return signedOut()
    complain(error.message)
    return setTimeout(start, 5000)
  }
  stream?.stop()
  stream = new Stream({ state: showState, event: hear, reset: refresh, signedOut })
  await refresh()
}

function signedOut() {
  const isAgain = token() !== null
  stream?.stop()
  stream = null
  forget()
  showState('signed-out')
  if (!byId('sign-in').open) signIn(isAgain, start)
}

// Takes the token that the address has brought; whether that is another than before. Nobody becomes somebody else without being
// asked.
function takeBrought() {
  const brought = takeFromAddress()
  if (!brought || brought === token()) return false
  if (isInUse()) {
    askForAnother(() => {
      keep(brought)
      location.reload()
    })
    return false
  }
  keep(brought)
  return true
}

// What people do.

function go(date, view = wanted.view) {
  Object.assign(wanted, { date, view })
  main.setAttribute('aria-busy', 'true')
  return refresh()
}

const step = (days) => () => state.agenda && go(addDays(wanted.date, days * (wanted.view === 'week' ? 7 : 1)))
const today = () => state.agenda && go(state.agenda.organization.today)

async function openAppointment(id, date) {
  byId('found').close()
  if (!find(id)) await go(date)
  openPanel(id, refresh)
}

function toggleCancelled(isShown) {
  state.withCancelled = byId('cancelled').checked = isShown
  render()
}

const actions = {
  t: today,
  d: () => go(wanted.date, 'day'),
  w: () => go(wanted.date, 'week'),
  p: step(-1),
  n: step(1),
  c: () => toggleCancelled(!state.withCancelled),
  '/': () => byId('phone').focus(),
  '?': showKeys,
}

function listen() {
  const on = (id, event, act) => byId(id).addEventListener(event, act)
  on('today', 'click', today)
  on('previous', 'click', step(-1))
  on('next', 'click', step(1))
  on('view-day', 'click', actions.d)
  on('view-week', 'click', actions.w)
  on('help', 'click', showKeys)
  on('date', 'change', ({ target }) => target.value && target.validity.valid && go(target.value))
  on('resource', 'change', ({ target }) => {
    state.resource = target.value
    render()
  })
  on('service', 'change', ({ target }) => {
    wanted.service = target.value
    refresh()
  })
  on('more', 'click', ({ currentTarget }) =>
    currentTarget.setAttribute('aria-expanded', String(currentTarget.getAttribute('aria-expanded') !== 'true')))
  on('cancelled', 'change', ({ target }) => toggleCancelled(target.checked))
  on('search', 'submit', (event) => {
    event.preventDefault()
    const phone = byId('phone').value.trim()
    if (phone && state.agenda) search(phone, openAppointment)
  })
  on('phone', 'keydown', ({ key, target }) => key === 'Escape' && target.blur())
  for (const id of ['panel', 'found', 'letters', 'keys', 'another']) closeByClick(byId(id))
  // A board without a token has nothing to show behind it. A browser may close it all the same.
  on('sign-in', 'cancel', (event) => event.preventDefault())
  on('sign-in', 'close', ({ target }) => token() || target.open || target.showModal())
  narrow.addEventListener('change', render)
  startKeyboard(main, actions)
  addEventListener('hashchange', () => takeBrought() && location.reload())
  document.addEventListener('visibilitychange', () => stream && !document.hidden && refresh())
  setInterval(() => state.agenda && moveNow(), MINUTE / 4)
  setInterval(() => stream && !document.hidden && refresh(), MINUTE)
}

startTheme()
listen()
takeBrought()
start()
