// The board as programs see it: its files, who may ask, and what is answered.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'

import { Clinic } from './clinic.js'
import { frontDesk, onlooker, secret, sign } from './tokens.js'
import { binary, environment, startWorker } from './worker.js'

const worker = await startWorker()
const clinic = await Clinic.open()

async function ask(name, token, body, options = {}) {
  const response = await fetch(`${worker.url}/board/call/${name}`, {
    method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { ...(token && { Authorization: `Bearer ${token}` }) }, ...options })
  const text = await response.text()
  return { status: response.status, body: text && text.startsWith('<') === false ? JSON.parse(text) : text, headers: response.headers }
}

test('the page and its files forbid everything but themselves', async () => {
  for (const path of ['/board', '/board/app.js', '/board/style.css']) {
    const { status, headers } = await fetch(worker.url + path)
    assert.equal(status, 200)
    const policy = headers.get('content-security-policy')
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) {
      assert.ok(policy.split('; ').includes(rule), rule)
    }
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
  }
})

test('a browser that has a file is not sent it again', async () => {
  const first = await fetch(`${worker.url}/board/app.js`)
  const again = await fetch(`${worker.url}/board/app.js`, { headers: { 'If-None-Match': first.headers.get('etag') } })
  assert.deepEqual([again.status, await again.text()], [304, ''])
  const other = await fetch(`${worker.url}/board/app.js`, { headers: { 'If-None-Match': '"other"' } })
  assert.equal(other.status, 200)
})

test('only the files of the board are served', async () => {
  for (const path of ['/board/Cargo.toml', '/board/..%2f..%2fCargo.toml', '/board/index.htm', '/board/call/']) {
    assert.equal((await fetch(worker.url + path)).status, 404, path)
  }
})

test('where nobody can sign in there is no board', async () => {
  const bare = await startWorker({ without: ['BOOKING_JWT_SECRET'] })
  for (const path of ['/board', '/board/app.js', '/board/call']) assert.equal((await fetch(bare.url + path)).status, 404, path)
  await bare.stop()
})

test('whoever is not signed in is told nothing', async () => {
  const forged = [
    null, 'x', sign({ role: 'booking_front_desk', org_id: clinic.id }, { key: 'another secret, which is of 32 characters too' }),
    frontDesk(clinic, { seconds: -60 }), sign({ role: 'booking_front_desk' }), `${frontDesk(clinic).split('.').slice(0, 2).join('.')}.`,
  ]
  const answers = await Promise.all(forged.map((token) => ask('agenda', token, {})))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401])
  assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1)
})

test('a function answers as it would through PostgREST', async () => {
  const id = await clinic.booked('Ann Lee', '9:00')
  const { status, body, headers } = await ask('agenda', frontDesk(clinic), { p_from: clinic.monday, p_days: 2 })
  assert.equal(status, 200)
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.equal(body.appointments[0].id, id)
  assert.equal(body.days.length, 2)
  const timeline = await ask('contact_timeline', frontDesk(clinic), { p_phone: '(415) 555-0123' })
  assert.equal(timeline.body[0].kind, 'booked')
  assert.match(timeline.body[0].at, /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/)
  const none = await ask('contact_timeline', frontDesk(clinic), { p_phone: '+14155550199' })
  assert.deepEqual(none.body, [])
  assert.equal((await ask('cancel_job', frontDesk(clinic), { p_job_id: id })).body, false)
})

test('the organization is that of the token, whatever is sent', async () => {
  const other = await Clinic.open({ name: 'Somebody else' })
  const id = await other.booked('Eve Hill', '9:00')
  const agenda = await ask('agenda', frontDesk(clinic), { p_org_id: other.id })
  assert.equal(agenda.body.organization.name, 'Riverside Dental')
  const cancelled = await ask('cancel_appointment', frontDesk(clinic), { p_org_id: other.id, p_appointment_id: id })
  assert.equal(cancelled.body.error, 'appointment_not_found')
  assert.equal((await other.appointment(id)).status, 'confirmed')
})

test('what is not any more as it was seen stays as it is', async () => {
  const id = await clinic.booked('Carol Hill', '14:00')
  const shown = async () => (await ask('agenda', frontDesk(clinic), { p_from: clinic.monday })).body.appointments.find((one) => one.id === id)
  const seen = ({ startsAt, resourceId, status }) => ({ p_seen: { startsAt, resourceId, status } })
  const before = await shown()
  await clinic.moved(id, clinic.monday, '15:00')
  const changes = [
    ['cancel_appointment', { p_appointment_id: id }], ['release_hold', { p_hold_id: id }],
    ['set_appointment_status', { p_appointment_id: id, p_status: 'completed' }],
    ['reschedule_appointment_atomic', { p_appointment_id: id, p_scheduled_at: before.startsAt }]]
  for (const [name, wanted] of changes) {
    const { status, body } = await ask(name, frontDesk(clinic), { ...wanted, ...seen(before) })
    assert.deepEqual([status, body.success, body.error], [200, false, 'changed_meanwhile'], name)
  }
  const { status, starts } = await clinic.appointment(id)
  assert.deepEqual([status, starts], ['confirmed', `${clinic.monday} 15:00`])
  const elsewhere = { ...(await shown()), resourceId: clinic.chairs[1] }
  assert.equal((await ask('cancel_appointment', frontDesk(clinic), { p_appointment_id: id, ...seen(elsewhere) })).body.error, 'changed_meanwhile')
  const { body } = await ask('cancel_appointment', frontDesk(clinic), { p_appointment_id: id, ...seen(await shown()) })
  assert.equal(body.success, true)
  assert.equal((await clinic.appointment(id)).status, 'cancelled')
})

test('a token in the address is for those who cannot send a header, and not for calls', async () => {
  const response = await fetch(`${worker.url}/board/call/agenda?access_token=${frontDesk(clinic)}`, { method: 'POST', body: '{}' })
  assert.equal(response.status, 401)
  assert.equal((await fetch(`${worker.url}/board/call?access_token=${frontDesk(clinic)}`)).status, 401)
})

test('the board calls what is on its list and nothing else', async () => {
  for (const name of ['erase_contact', 'purge', 'clean_organization', 'book_appointment_atomic', 'worker_heartbeat', 'agenda(']) {
    assert.equal((await ask(name, frontDesk(clinic), {})).status, 404, name)
  }
})

test('a role calls what it was granted, though the worker may more', async () => {
  const id = await clinic.booked('Bea Wood', '9:30')
  const { status, body } = await ask('cancel_appointment', onlooker(clinic), { p_appointment_id: id })
  assert.deepEqual([status, body.message], [403, 'role booking_onlooker may not call cancel_appointment'])
  assert.equal((await clinic.appointment(id)).status, 'confirmed')
  assert.equal((await ask('agenda', onlooker(clinic), {})).status, 200)
  assert.equal((await ask('agenda', sign({ role: 'nobody_of_this_name', org_id: clinic.id }), {})).status, 403)
  const may = await fetch(`${worker.url}/board/call`, { headers: { Authorization: `Bearer ${onlooker(clinic)}` } })
  assert.deepEqual((await may.json()).functions, ['agenda'])
})

test('what cannot be understood is refused with a sentence', async () => {
  const token = frontDesk(clinic)
  const cases = [
    ['agenda', '[]', 400, /not a JSON object/],
    ['agenda', { p_days: [1] }, 400, /neither text nor a number/],
    ['agenda', { p_dates: 1 }, 404, /has no argument "p_dates"/],
    ['agenda', { p_from: 'soon' }, 400, /invalid input syntax for type date/],
    ['cancel_appointment', { p_appointment_id: "x'); DROP TABLE" }, 400, /invalid input syntax for type uuid/],
    ['contact_timeline', { p_phone: '555' }, 400, /phone/],
    ['cancel_appointment', { p_seen: { startsAt: 7 } }, 400, /p_seen has not startsAt/],
    ['agenda', { p_seen: { startsAt: 'x', resourceId: 'y', status: 'z' } }, 404, /has no argument "p_seen"/],
  ]
  for (const [name, body, status, message] of cases) {
    const answer = await ask(name, token, body)
    assert.equal(answer.status, status, name)
    assert.match(answer.body.message, message)
  }
  const refused = await ask('agenda', token, { p_days: 40 })
  assert.deepEqual([refused.status, refused.body.success, refused.body.message], [200, false, 'p_days is 40'])
})

test('a body beyond 64 kB is not read', async () => {
  const response = await fetch(`${worker.url}/board/call/agenda`, {
    method: 'POST', headers: { Authorization: `Bearer ${frontDesk(clinic)}` }, body: JSON.stringify({ p_from: 'x'.repeat(65 * 1024) }) })
  assert.equal(response.status, 413)
})

test('the log has the function and the organization, and nothing of a patient', async () => {
  await ask('contact_timeline', frontDesk(clinic), { p_phone: '+14155550123' })
  assert.match(worker.log(), /board has called.*contact_timeline/)
  assert.doesNotMatch(worker.log(), /4155550123|Ann Lee|eyJ/)
})

test('the worker makes tokens that it believes', async () => {
  const make = (...more) => execFileSync(binary, ['token', '--org', clinic.id, '--role', 'booking_front_desk', ...more], {
    env: environment, encoding: 'utf8' }).trim()
  const token = make('--hours', '8')
  assert.equal((await ask('agenda', token, {})).status, 200)
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
  assert.deepEqual([claims.org_id, claims.role], [clinic.id, 'booking_front_desk'])
  assert.ok(Math.abs(claims.exp - Date.now() / 1000 - 8 * 3600) < 60)
  assert.ok(secret.length >= 32)
  assert.throws(() => execFileSync(binary, ['token', '--org', clinic.id], { env: { PATH: process.env.PATH }, stdio: 'pipe' }), /jwt-secret-file/)
})

