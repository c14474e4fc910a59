// Who may do what through PostgREST: visitors, those who are signed in, forgers, and servers with the secret key.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { admin, appointments, future, one, openClinic, request } from './clinic.js'
import { backend, call, member, send, signedIn, visitor } from './supabase.js'
import { anonKey, memberOf, sign } from './tokens.js'

const rows = async (query) => {
  const { data, error } = await query
  assert.equal(error, null)
  return data
}

// Two organizations with an appointment each.
async function neighbours() {
  const clinics = [await openClinic(), await openClinic()]
  const booked = []
  for (const clinic of clinics) booked.push(await call(backend, 'book_appointment_atomic', request(clinic)))
  return { clinics, ids: booked.map((answer) => answer.appointmentId) }
}

const tables = async () => {
  const { rows } = await admin.query(
    "SELECT relname FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r' ORDER BY relname")
  return rows.map((row) => row.relname)
}

for (const [how, token] of [['without a token', undefined], ['with the public key', anonKey]]) {
  test(`a visitor ${how} can neither book nor read a table`, async () => {
    const clinic = await openClinic()
    const refused = async (thing, method, path, body) => {
      const answer = await send(method, path, { token, body })
      const { code, message } = answer.body
      assert.deepEqual([answer.status, code, message], [401, '42501', `permission denied for ${thing}`])
    }
    await refused('function book_appointment_atomic', 'POST', '/rpc/book_appointment_atomic', request(clinic))
    for (const table of await tables()) await refused(`table ${table}`, 'GET', `/${table}`)
    assert.deepEqual(await appointments(clinic), [])
  })
}

test('a visitor may ask whether all is well, and learns nothing else', async () => {
  const health = await call(visitor, 'health')
  assert.deepEqual([health.success, health.overlaps], [true, null])
  assert.equal(await call(visitor, 'current_org_id'), null)
})

test('who is signed in reads the rows of the own organization and no others', async () => {
  const { clinics: [own, other], ids: [id] } = await neighbours()
  const client = member(own)
  assert.deepEqual(await rows(client.from('appointments').select('org_id, id')), [{ org_id: own, id }])
  assert.deepEqual(await rows(client.from('organizations').select('org_id')), [{ org_id: own }])
  for (const table of await tables()) {
    const foreign = await rows(client.from(table).select('org_id').neq('org_id', own))
    assert.deepEqual(foreign, [], table)
  }
  assert.deepEqual(await rows(client.from('contacts').select().eq('org_id', other)), [])
})

test('who is signed in reads the state of an account, and never its sealed secret', async () => {
  const clinic = await openClinic()
  const { data, error } = await member(clinic).from('integrations').select('provider, connected, problem')
  assert.deepEqual([data, error], [[], null])
  for (const columns of ['ciphertext', 'nonce', '*']) {
    const refused = await member(clinic).from('integrations').select(columns)
    assert.deepEqual([refused.data, refused.error.code], [null, '42501'], columns)
  }
})

test('the id of another organization is answered word for word as one that does not exist', async () => {
  const { clinics: [own, other], ids: [, foreign] } = await neighbours()
  const nowhere = '00000000-0000-7000-8000-000000000099'
  const client = member(own)
  const calls = {
    book_appointment_atomic: (org) => request(org, { p_scheduled_at: future(201) }),
    hold_slot: (org) => ({ p_org_id: org, p_service_type: 'cleaning', p_scheduled_at: future(201) }),
    reschedule_appointment_atomic: (org) => ({ p_org_id: org, p_appointment_id: foreign, p_scheduled_at: future(201) }),
    cancel_appointment: (org) => ({ p_org_id: org, p_appointment_id: foreign }),
    appointment_status: (org) => ({ p_org_id: org, p_appointment_id: foreign }),
    check_availability: (org) => ({ p_org_id: org, p_date: future().slice(0, 10) }),
    available_slots: (org) => ({ p_org_id: org, p_from: future(), p_to: future(201) }),
    find_alternatives: (org) => ({ p_org_id: org, p_scheduled_at: future() }),
  }
  for (const [name, argumentsFor] of Object.entries(calls)) {
    const told = async (org) => JSON.stringify(await client.rpc(name, argumentsFor(org))).replaceAll(org, '<org>')
    const answer = await told(other)
    assert.match(answer, /organization <org> does not exist/, name)
    assert.equal(answer, await told(nowhere), name)
  }
  assert.deepEqual((await appointments(other)).map((row) => row.status), ['confirmed'])
})

test('an appointment of another organization is not found under the own one', async () => {
  const { clinics: [own, other], ids: [, foreign] } = await neighbours()
  const answer = await call(member(own), 'cancel_appointment', { p_org_id: own, p_appointment_id: foreign })
  assert.equal(answer.error, 'appointment_not_found')
  assert.deepEqual((await appointments(other)).map((row) => row.status), ['confirmed'])
})

test('who is signed in cannot write rows of another organization, delete any, or set one up', async () => {
  const { clinics: [own, other] } = await neighbours()
  const token = memberOf(own)
  const contact = { org_id: other, id: own, phone: '+14155550199', name: 'Eve Hill', email: 'eve@example.com' }
  const attempts = [
    await send('POST', '/contacts', { token, body: contact }),
    await send('DELETE', `/appointments?org_id=eq.${own}`, { token }),
    await send('POST', '/rpc/create_organization', { token, body: { p_name: 'Mine' } }),
  ]
  for (const { status, body } of attempts) assert.deepEqual([status, body.code], [403, '42501'], JSON.stringify(body))
  const changed = await rows(member(own).from('appointments').update({ status: 'cancelled' }).eq('org_id', other).select())
  assert.deepEqual(changed, [])
  assert.deepEqual((await appointments(other)).map((row) => row.status), ['confirmed'])
  assert.equal(await one('SELECT count(*)::int FROM booking.contacts WHERE org_id = $1', [other]), 1)
})

for (const [name, claims] of [
  ['without an organization', {}],
  ['whose organization is no uuid', { org_id: 'riverside' }],
  ['whose organization is null', { org_id: null }],
]) {
  test(`a token ${name} sees no rows and books nowhere`, async () => {
    const { clinics: [clinic] } = await neighbours()
    // The session before it in the pool was of an organization; nothing of that stays.
    assert.equal(await call(member(clinic), 'current_org_id'), clinic)
    const client = signedIn(sign({ role: 'authenticated', ...claims }))
    assert.equal(await call(client, 'current_org_id'), null)
    for (const table of await tables()) assert.deepEqual(await rows(client.from(table).select('org_id')), [], table)
    const { success, error } = await call(client, 'book_appointment_atomic', request(clinic, { p_scheduled_at: future(201) }))
    assert.deepEqual([success, error], [false, 'org_not_found'])
  })
}

const withOtherClaims = (token, claims) => {
  const [head, , signature] = token.split('.')
  return `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
}

for (const [name, forge] of [
  ['signed with another key', (claims) => sign(claims, { key: 'the key of somebody else, long enough' })],
  ['not signed', (claims) => sign(claims, { algorithm: 'none' })],
  ['with changed claims', (claims) => withOtherClaims(sign({ role: 'anon' }), claims)],
  ['that has expired', (claims) => sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 120 })],
]) {
  test(`a token ${name} is 401, for reading and for booking`, async () => {
    const { clinics: [clinic] } = await neighbours()
    const token = forge({ role: 'authenticated', org_id: clinic })
    const answers = [
      await send('GET', '/appointments', { token }),
      await send('POST', '/rpc/book_appointment_atomic', { token, body: request(clinic, { p_scheduled_at: future(201) }) }),
    ]
    for (const { status, body } of answers) assert.deepEqual([status, body.code], [401, 'PGRST301'], JSON.stringify(body))
    assert.equal((await appointments(clinic)).length, 1)
  })
}

test('a token cannot name a role that the authenticator was not given', async () => {
  const { status, body } = await send('GET', '/appointments', { token: sign({ role: 'postgres' }) })
  assert.deepEqual([status, body.code], [403, '42501'])
})

test('a server with the secret key serves every organization', async () => {
  const { clinics, ids } = await neighbours()
  const seen = await rows(backend.from('appointments').select('id').in('org_id', clinics))
  assert.deepEqual(seen.map((row) => row.id).sort(), ids.sort())
  for (const clinic of clinics) {
    assert.equal((await call(backend, 'check_availability', { p_org_id: clinic, p_date: 'tomorrow' })).success, true)
  }
})

test('a server with the secret key sets an organization up, and its members book there', async () => {
  const clinic = await call(backend, 'create_organization', { p_name: 'Riverside Dental', p_timezone: 'America/New_York' })
  await call(backend, 'create_service', { p_org_id: clinic, p_name: 'Cleaning', p_duration_minutes: 30 })
  const hours = { mon: [['09:00', '17:00']], wed: [['09:00', '17:00']] }
  await call(backend, 'set_opening_hours', { p_org_id: clinic, p_hours: hours })
  const [slot] = await call(member(clinic), 'find_alternatives', {
    p_org_id: clinic, p_scheduled_at: future(), p_service_type: 'cleaning',
  })
  const booked = await call(member(clinic), 'book_appointment_atomic', request(clinic, { p_scheduled_at: slot }))
  assert.equal(new Date(booked.endsAt) - new Date(booked.scheduledAt), 30 * 60_000)
})
