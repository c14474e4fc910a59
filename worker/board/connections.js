// How messages and calendars are: who is connected, who is at work, and what could not be delivered.

import { call } from './api.js'
import { attempt, button, open, problem } from './dialogs.js'
import { arrange, byId, element, icon, Kept, write } from './dom.js'
import { find, state } from './state.js'
import { nameOf } from './appointment.js'
import { count } from './free.js'
import { say } from './news.js'
import { moment, onClock } from './time.js'

const PROVIDERS = { twilio: 'Text messages', google: 'Calendar', vapi: 'Voice agent' }
const KINDS = {
  confirmation: 'Confirmation', moved: 'Word of a move', cancelled: 'Word of a cancellation', reminder: 'Reminder',
  calendar: 'Calendar entry', follow_up: 'Reminder of a follow-up',
}
const kept = new Kept()

export function renderConnections(refresh) {
  const { integrations, deadJobs, workers } = state.agenda
  const entries = integrations.map(({ provider, connected, problem: why, lastCheckedAt }) => {
    const checked = lastCheckedAt ? `, checked ${when(lastCheckedAt)}` : ''
    const words = connected ? 'connected' : why ? 'lost' : 'not connected'
    return { key: provider, isGood: connected, text: `${PROVIDERS[provider] ?? provider}: ${words}`, title: `${why ?? words}${checked}` }
  })
  const seen = workers.lastSeenAt ? `Last heard of ${when(workers.lastSeenAt)}` : 'Never heard of'
  entries.push({ key: 'workers', isGood: workers.alive > 0, title: seen,
    text: workers.alive > 0 ? `${count(workers.alive, 'courier')} at work` : 'No courier at work' })
  const nodes = entries.map(item)
  if (deadJobs.length > 0) nodes.push(letters(deadJobs, refresh))
  arrange(byId('connections'), nodes)
  if (byId('letters').open) showLetters(refresh)
}

const when = (text) => {
  const { date, minute } = onClock(text)
  return moment(date, minute, state.agenda.organization.today)
}

function item({ key, isGood, text, title }) {
  const parts = kept.get(key, () => {
    const words = element('span')
    const sign = element('span', { class: 'sign' })
    return { node: element('li', {}, sign, words), words, sign }
  })
  parts.node.title = title
  if (parts.node.dataset.good !== String(isGood)) {
    parts.node.dataset.good = isGood
    parts.sign.replaceChildren(icon(isGood ? 'check' : 'warning'))
  }
  write(parts.words, text)
  return parts.node
}

function letters(deadJobs, refresh) {
  const parts = kept.get('letters', () => {
    const words = element('span')
    const press = element('button', { type: 'button', class: 'letters', on: { click: () => showLetters(refresh) } }, icon('warning'), words)
    return { node: element('li', { data: { good: false } }, press), words }
  })
  write(parts.words, `${deadJobs.length} not delivered`)
  return parts.node
}

// The dead letters, each with a button that has it tried again.
function showLetters(refresh) {
  const { deadJobs } = state.agenda
  const dialog = byId('letters')
  const wrong = problem()
  const may = state.functions.has('requeue_job')
  const again = (job) => () => attempt(dialog, wrong, async () => {
    const isWaiting = await call('requeue_job', { p_job_id: job.id })
    say(isWaiting ? `${KINDS[job.kind] ?? job.kind} is tried again` : 'There is no time left for it, or another does it already')
    await refresh()
  })
  const rows = deadJobs.map((job) => {
    const appointment = find(job.appointmentId)
    const whose = appointment ? `${KINDS[job.kind] ?? job.kind} for ${nameOf(appointment)}` : KINDS[job.kind] ?? job.kind
    const tries = `${count(job.attempts, 'attempt')}, given up ${when(job.finishedAt)}`
    return element('li', {},
      element('div', {}, element('strong', {}, whose), element('p', {}, job.lastError ?? 'No reason was given'), element('p', { class: 'hint' }, tries)),
      may && button('Try again', again(job), { 'ariaLabel': `Try again: ${whose}` }))
  })
  const hint = may ? [] : [element('p', { class: 'hint' }, 'Your role may not have them tried again.')]
  const list = rows.length > 0 ? element('ul', { class: 'rows' }, rows) : element('p', {}, 'Everything has been delivered, or waits.')
  open('letters', 'Not delivered', list, wrong, ...hint)
}
