// Plain requests, as curl sends them: what PostgREST makes of the functions' arguments, errors and volatilities.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { appointments, future, openClinic, request } from './clinic.js'
import { send } from './supabase.js'
import { memberOf, serviceKey } from './tokens.js'

const toolCall = (orgId) => ({
  toolCallId: 'call_1',
  tool: {
    arguments: {
      appointmentDate: future().slice(0, 10),
      appointmentTime: '9:30 a.m.',
      patientName: 'carol smith',
      patientPhone: 'four one five five five five oh one two four',
      serviceType: 'cleaning',
    },
  },
  customer: { metadata: { org_id: orgId } },
})

const post = (name, body, token) => send('POST', `/rpc/${name}`, { body, token })

const get = (name, parameters, token) => send('GET', `/rpc/${name}?${new URLSearchParams(parameters)}`, { token })

const assertError = (answer, status, code) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body))

test('the whole body of a tool call goes to book_clinic_appointment as it is', async () => {
  const clinic = await openClinic()
  const { status, body } = await post('book_clinic_appointment', toolCall(clinic), serviceKey)
  assert.equal(status, 200)
  assert.equal(body.toolCallId, 'call_1')
  assert.equal(body.result.success, true)
  const [{ name, phone, starts_at }] = await appointments(clinic)
  assert.deepEqual({ name, phone, starts_at }, {
    name: 'Carol Smith', phone: '+14155550124', starts_at: new Date(future(200, 9.5)),
  })
})

test('a tool call for another organization than that of the token is answered as one for none that exists', async () => {
  const own = await openClinic()
  const other = await openClinic()
  const { body } = await post('book_clinic_appointment', toolCall(other), memberOf(own))
  assert.equal(body.result.error, 'org_not_found')
  assert.deepEqual(await appointments(other), [])
})

test('a body that is no JSON is refused', async () => {
  const clinic = await openClinic()
  assertError(await post('book_clinic_appointment', '{"toolCallId":', memberOf(clinic)), 400, 'PGRST102')
})

test('an argument that the function does not have is 404, and nothing is booked', async () => {
  const clinic = await openClinic()
  const answer = await post('book_appointment_atomic', request(clinic, { p_colour: 'red' }), memberOf(clinic))
  assertError(answer, 404, 'PGRST202')
  assert.match(answer.body.hint, /book_appointment_atomic\(.*p_scheduled_at/)
  assert.deepEqual(await appointments(clinic), [])
})

test('a missing argument without a default is 404', async () => {
  const clinic = await openClinic()
  assertError(await post('book_appointment_atomic', { p_org_id: clinic }, memberOf(clinic)), 404, 'PGRST202')
})

for (const [name, wrong, code] of [
  ['an organization that is no uuid', { p_org_id: 'riverside' }, '22P02'],
  ['a time that is none', { p_scheduled_at: 'soon' }, '22007'],
  ['a duration in words', { p_duration_minutes: 'an hour' }, '22P02'],
]) {
  test(`${name} is 400, and the message names it`, async () => {
    const clinic = await openClinic()
    const answer = await post('book_appointment_atomic', request(clinic, wrong), memberOf(clinic))
    assertError(answer, 400, code)
    assert.ok(answer.body.message.includes(`"${Object.values(wrong)[0]}"`), answer.body.message)
    assert.deepEqual(await appointments(clinic), [])
  })
}

test('input that a function refuses with an SQL error is 400, with a hint', async () => {
  const answer = await post('normalize_phone', { p_phone: '555' }, memberOf(await openClinic()))
  assertError(answer, 400, '22023')
  assert.equal(answer.body.message, 'phone "555" is not a valid number in region US')
  assert.equal(answer.body.hint, 'pass it with its country code, as +14155550123')
})

test('no organization is refused in JSON by a booking, and is 400 with a hint for available_slots', async () => {
  const token = memberOf(await openClinic())
  const { status, body } = await post('book_appointment_atomic', request(null), token)
  assert.deepEqual([status, body.success, body.error], [200, false, 'org_not_found'])
  const answer = await post('available_slots', { p_org_id: null, p_from: future(), p_to: future(201) }, token)
  assertError(answer, 400, '22023')
  assert.equal(answer.body.hint, 'pass the id that create_organization returned')
})

test('a name that is in use is 409', async () => {
  const service = { p_org_id: await openClinic(), p_name: 'Haircut', p_duration_minutes: 45 }
  assert.equal((await post('create_service', service, serviceKey)).status, 200)
  assertError(await post('create_service', service, serviceKey), 409, '23505')
})

test('functions that only read can be called by GET', async () => {
  const clinic = await openClinic()
  const token = memberOf(clinic)
  const day = await get('check_availability', { p_org_id: clinic, p_date: future().slice(0, 10) }, token)
  assert.deepEqual([day.status, day.body.slots.length], [200, 48])
  const window = { p_org_id: clinic, p_from: future(), p_to: future(201) }
  const slots = await get('available_slots', { ...window, select: 'starts_at', order: 'starts_at.desc', limit: 1 }, token)
  assert.deepEqual(slots, { status: 200, body: [{ starts_at: future(201, 11.5).replace('Z', '+00:00') }] })
  const times = await get('find_alternatives', { p_org_id: clinic, p_scheduled_at: future() }, token)
  assert.deepEqual([times.status, times.body.length], [200, 3])
  assert.deepEqual(await get('normalize_phone', { p_phone: '(415) 555-0123' }, token), { status: 200, body: '+14155550123' })
  assert.deepEqual(await get('current_org_id', {}, token), { status: 200, body: clinic })
  const position = await get('events_position', {}, token)
  const history = await get('read_events', { p_org_id: clinic, p_after: position.body }, token)
  assert.deepEqual([history.status, history.body.events, history.body.reset], [200, [], false])
})

test('a function that books is refused by GET, and nothing is booked', async () => {
  const clinic = await openClinic()
  assertError(await get('book_appointment_atomic', request(clinic, { p_patient_email: '' }), memberOf(clinic)), 405, '25006')
  assert.deepEqual(await appointments(clinic), [])
})
