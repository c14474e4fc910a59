// A voice agent whose server URL is PostgREST itself: a whole conversation, and what it is not told.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { admin, appointments, future, openClinic } from './clinic.js'
import { send } from './supabase.js'
import { anonKey, memberOf, serviceKey } from './tokens.js'

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const day = future(40).slice(0, 10)
const weekday = new Intl.DateTimeFormat('en-US', { weekday: 'long', month: 'long', day: 'numeric', timeZone: 'UTC' })
const thisYear = day.slice(0, 4) === new Date().toISOString().slice(0, 4)
const said = `on ${weekday.format(new Date(`${day}T12:00:00Z`))}${thisYear ? '' : `, ${day.slice(0, 4)}`}`

// A clinic that is open in the afternoon and sends messages.
async function afternoonClinic() {
  const clinic = await openClinic()
  const hours = Object.fromEntries(DAYS.map((name) => [name, [['14:00', '18:00']]]))
  await admin.query('SELECT booking.set_opening_hours($1, $2)', [clinic, hours])
  await admin.query("SELECT booking.create_service($1, 'cleaning', 30)", [clinic])
  const sealed = "decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex')"
  await admin.query(`SELECT booking.connect_integration($1, 'twilio', 'k', ${sealed}, '{"per_second": 1000}')`, [clinic])
  return clinic
}

let made = 0

// What is said to one tool call, posted by Vapi with the secret key.
async function ask(clinic, caller, name, stated, token = serviceKey) {
  made += 1
  const id = `tool-${made}`
  const message = {
    type: 'tool-calls',
    call: { id: `call-${caller}`, customer: { number: caller }, metadata: { org_id: clinic } },
    toolCallList: [{ id, type: 'function', function: { name, arguments: JSON.stringify(stated) } }],
  }
  const { status, body } = await send('POST', '/rpc/vapi_message', { token, body: { message } })
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(body.results.map(({ name, toolCallId }) => [name, toolCallId]), [[name, id]])
  return body.results[0].result
}

// The texts that go out to a number, as a courier gets them.
async function texts(clinic, phone) {
  const { rows } = await admin.query(
    'SELECT * FROM booking.claim_messages($1, 100) WHERE org_id = $2 AND to_phone = $3', ['a courier', clinic, phone])
  for (const row of rows) {
    await admin.query('SELECT booking.finish_message($1, $2, $3, $4)', [clinic, row.job_id, row.lease, `SM-${row.job_id}`])
  }
  return rows.map((row) => row.body)
}

test('a taken time, three others, the second of them booked, told, moved and cancelled', async () => {
  const clinic = await afternoonClinic()
  const [first, second] = ['+14155550134', '+14155550135']
  const wish = { patientName: 'ann lee', serviceType: 'cleaning', appointmentDate: day, appointmentTime: '2 pm' }
  assert.equal(await ask(clinic, first, 'book_appointment', wish), `Appointment confirmed for Ann Lee ${said} at 2:00 PM.`)

  const taken = await ask(clinic, second, 'book_appointment', { ...wish, patientName: 'bob jones' })
  assert.equal(taken, 'That slot is no longer available. I checked the calendar and I do have 2:30 PM, 3:00 PM, or 3:30 PM available. ' +
    'Would any of those work for you?')
  const chosen = await ask(clinic, second, 'book_appointment', { ...wish, patientName: 'bob jones', appointmentTime: '3 pm' })
  assert.equal(chosen, `Appointment confirmed for Bob Jones ${said} at 3:00 PM.`)
  const [confirmation] = await texts(clinic, second)
  assert.match(confirmation, /3:00 PM/)

  const moved = await ask(clinic, second, 'reschedule_appointment', { newDate: day, newTime: '4:30 pm' })
  assert.equal(moved, `The appointment for Bob Jones is now ${said} at 4:30 PM.`)
  assert.match((await texts(clinic, second))[0], /4:30 PM/)
  assert.equal(await ask(clinic, second, 'cancel_appointment', {}), `The appointment ${said} at 4:30 PM is cancelled.`)
  assert.match((await texts(clinic, second))[0], /cancelled/i)
  assert.match(await ask(clinic, second, 'leave_message', { message: 'I will call again.' }), /^I have passed your message on/)
  const told = await send('POST', '/rpc/contact_timeline', { token: memberOf(clinic), body: { p_org_id: clinic, p_phone: second } })
  assert.deepEqual(told.body.map(({ kind }) => kind), [
    'call', 'booked', 'message_sent', 'moved', 'message_sent', 'cancelled', 'message_sent', 'follow_up'])
  assert.deepEqual(told.body.map(({ at }) => at), told.body.map(({ at }) => at).sort())
  assert.deepEqual((await appointments(clinic)).map(({ name, status }) => [name, status]), [
    ['Ann Lee', 'confirmed'], ['Bob Jones', 'cancelled']])
})

test('the end of a call is kept, and read by whoever is signed in', async () => {
  const clinic = await afternoonClinic()
  const message = {
    type: 'end-of-call-report', endedReason: 'customer-ended-call', cost: 0.2, analysis: { summary: 'Asked for the way.' },
    call: { id: 'call-1', customer: { number: '+14155550136' }, metadata: { org_id: clinic } },
  }
  const answer = await send('POST', '/rpc/vapi_message', { token: serviceKey, body: { message } })
  assert.deepEqual([answer.status, answer.body], [200, {}])
  const calls = await send('GET', '/call_logs?select=call_id,status,ended_reason,summary', { token: memberOf(clinic) })
  assert.deepEqual(calls.body, [{ call_id: 'call-1', status: 'ended', ended_reason: 'customer-ended-call', summary: 'Asked for the way.' }])
  const told = await send('POST', '/rpc/contact_timeline', { token: memberOf(clinic), body: { p_org_id: clinic, p_phone: '+14155550136' } })
  assert.deepEqual(told.body.map(({ kind }) => kind), ['call'])
})

test('an agent with the token of one organization reaches no other', async () => {
  const [own, other] = [await afternoonClinic(), await afternoonClinic()]
  const wish = { patientName: 'ann lee', appointmentDate: day, appointmentTime: '2 pm', org_id: other }
  const foreign = await ask(other, '+14155550137', 'book_appointment', wish, memberOf(own))
  assert.equal(foreign, 'I am sorry, I cannot reach the calendar of this clinic at the moment.')
  assert.match(await ask(own, '+14155550137', 'book_appointment', wish, memberOf(own)), /^Appointment confirmed/)
  assert.deepEqual([(await appointments(own)).length, (await appointments(other)).length], [1, 0])
})

test('a visitor cannot speak for an agent', async () => {
  const { status } = await send('POST', '/rpc/vapi_message', { token: anonKey, body: { message: {} } })
  assert.equal(status, 401)
})
