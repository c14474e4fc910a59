// What somebody who is signed in does with supabase-js, from looking at the calendar to cancelling.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { admin, appointments, future, one, openClinic, request, until } from './clinic.js'
import { call, member } from './supabase.js'

const newcomer = async () => {
  const clinic = await openClinic()
  return { clinic, client: member(clinic) }
}

const book = (client, clinic, changes) => call(client, 'book_appointment_atomic', request(clinic, changes))

test('a booking is confirmed, and its appointment is there', async () => {
  const { clinic, client } = await newcomer()
  const answer = await book(client, clinic, { p_patient_name: "mary-jane o'NEIL", p_metadata: { source: 'web' } })
  assert.equal(answer.success, true)
  assert.equal(answer.status, 'confirmed')
  assert.equal(answer.scheduledAt, future())
  assert.match(answer.message, /^Appointment confirmed for Mary-Jane O'Neil on /)
  const { data } = await client.from('appointments').select('id, starts_at, status, metadata, contacts(name, phone), resources(name)')
  assert.deepEqual(data, [{
    id: answer.appointmentId,
    starts_at: future().replace('Z', '+00:00'),
    status: 'confirmed',
    metadata: { source: 'web' },
    contacts: { name: "Mary-Jane O'Neil", phone: '+14155550124' },
    resources: { name: 'Main' },
  }])
})

test('a slot that is taken is refused with three alternatives, and each of them can be booked', async () => {
  const { clinic, client } = await newcomer()
  await book(client, clinic)
  const refused = await book(client, clinic, { p_duration_minutes: 30 })
  assert.equal(refused.success, false)
  assert.equal(refused.error, 'slot_unavailable')
  assert.match(refused.message, /^That slot is no longer available\. .* Would any of those work for you\?$/)
  assert.equal(new Set(refused.alternatives).size, 3)
  assert.ok(!refused.alternatives.includes(future()))
  for (const alternative of refused.alternatives) {
    const answer = await book(client, clinic, { p_scheduled_at: alternative, p_duration_minutes: 30 })
    assert.equal(answer.success, true, answer.message)
  }
  assert.equal((await appointments(clinic)).length, 4)
})

test('of ten simultaneous bookings of one slot exactly one wins, and the others hear of free times', async () => {
  const { clinic, client } = await newcomer()
  // They all wait for this booking, and start when it is taken back.
  await admin.query('BEGIN')
  await one("SELECT booking.book_appointment_atomic($1, 'Bob Jones', NULL, '+14155550145', 'cleaning', $2)", [clinic, future()])
  const racing = Array.from({ length: 10 }, (_, n) => book(client, clinic, { p_patient_phone: `+1415555013${n}` }))
  await until(
    () => one('SELECT count(*) = 10 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))'),
    'ten bookings wait')
  await admin.query('ROLLBACK')
  const answers = await Promise.all(racing)
  const won = answers.filter((answer) => answer.success)
  const lost = answers.filter((answer) => answer.error === 'slot_unavailable' && answer.alternatives.length === 3)
  assert.deepEqual([won.length, lost.length], [1, 9])
  assert.deepEqual((await appointments(clinic)).map((row) => row.id), [won[0].appointmentId])
})

test('the same request under one idempotency key books once', async () => {
  const { clinic, client } = await newcomer()
  const first = await book(client, clinic, { p_idempotency_key: 'form-7391' })
  const again = await book(client, clinic, { p_idempotency_key: 'form-7391' })
  assert.deepEqual(again, { ...first, replayed: true })
  assert.equal((await appointments(clinic)).length, 1)
})

test('a series books every time that its array names', async () => {
  const { clinic, client } = await newcomer()
  const { p_scheduled_at: _, ...somebody } = request(clinic)
  const times = [future(200), future(207), future(214)]
  const answer = await call(client, 'book_series_atomic', { ...somebody, p_times: times })
  assert.equal(answer.success, true)
  assert.deepEqual((await appointments(clinic)).map((row) => row.starts_at), times.map((time) => new Date(time)))
})

test('check_availability tells the free times of a day in words and leaves out what is taken', async () => {
  const { clinic, client } = await newcomer()
  const day = { p_org_id: clinic, p_date: future().slice(0, 10) }
  const free = await call(client, 'check_availability', day)
  assert.equal(free.slots.length, 48)
  await book(client, clinic)
  const left = await call(client, 'check_availability', { ...day, p_duration_minutes: 30 })
  assert.deepEqual(free.slots.filter((slot) => !left.slots.includes(slot)), ['12:00', '12:30'])
  assert.match(left.message, /^I have 12:00 AM, 12:30 AM, 1:00 AM, and 43 more times /)
})

test('find_alternatives returns the nearest free times as an array', async () => {
  const { clinic, client } = await newcomer()
  const times = await call(client, 'find_alternatives', { p_org_id: clinic, p_scheduled_at: future(), p_count: 2 })
  assert.deepEqual(times.map((time) => new Date(time)), [new Date(future(200, 12.5)), new Date(future(200, 11.5))])
})

test('available_slots returns rows, which the client can order and limit', async () => {
  const { clinic, client } = await newcomer()
  await book(client, clinic)
  const { data, error } = await client
    .rpc('available_slots', { p_org_id: clinic, p_from: future(200, 11), p_to: future(200, 15) })
    .order('starts_at', { ascending: false })
    .limit(2)
  assert.equal(error, null)
  assert.deepEqual(data.map((row) => new Date(row.starts_at)), [new Date(future(200, 14.5)), new Date(future(200, 14))])
  assert.deepEqual(Object.keys(data[0]), ['starts_at', 'ends_at', 'resource_id'])
})

test('an appointment moves to a free time, keeps its own when that is taken, and is cancelled once', async () => {
  const { clinic, client } = await newcomer()
  const { appointmentId } = await book(client, clinic)
  await book(client, clinic, { p_scheduled_at: future(201) })
  const own = { p_org_id: clinic, p_appointment_id: appointmentId }
  const move = (time) => call(client, 'reschedule_appointment_atomic', { ...own, p_scheduled_at: time })

  assert.equal((await move(future(202))).success, true)
  const refused = await move(future(201))
  assert.deepEqual([refused.error, refused.alternatives.length], ['slot_unavailable', 3])
  assert.deepEqual((await appointments(clinic)).map((row) => row.starts_at), [new Date(future(201)), new Date(future(202))])

  assert.equal((await call(client, 'cancel_appointment', { ...own, p_reason: 'ill' })).success, true)
  assert.equal((await call(client, 'cancel_appointment', own)).error, 'already_cancelled')
  assert.equal((await call(client, 'appointment_status', own)).status, 'cancelled')
  assert.equal((await book(client, clinic, { p_scheduled_at: future(202) })).success, true)
})

test('a hold keeps others away until it is confirmed or released', async () => {
  const { clinic, client } = await newcomer()
  const hold = () => call(client, 'hold_slot', { p_org_id: clinic, p_service_type: 'cleaning', p_scheduled_at: future() })

  const { holdId: given } = await hold()
  assert.equal((await book(client, clinic)).error, 'slot_unavailable')
  assert.equal((await call(client, 'release_hold', { p_org_id: clinic, p_hold_id: given })).success, true)

  const { holdId: kept } = await hold()
  const { p_patient_name, p_patient_email, p_patient_phone } = request(clinic)
  const who = { p_org_id: clinic, p_hold_id: kept, p_patient_name, p_patient_email, p_patient_phone }
  assert.equal((await call(client, 'confirm_hold', who)).appointmentId, kept)
})
