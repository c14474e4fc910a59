// A clinic as its callers see it, and what the database knows of it.

import { after } from 'node:test'

import pg from 'pg'

// A superuser's session in the database of the PG... variables.
export const admin = new pg.Client()
await admin.connect()
after(() => admin.end())

// The one value that a statement returns.
export async function one(sql, parameters = []) {
  const { rows } = await admin.query({ text: sql, values: parameters, rowMode: 'array' })
  return rows[0][0]
}

// A new organization with one resource of one seat; its id.
export const openClinic = (zone = 'UTC') => one("SELECT booking.create_organization('Test clinic', $1)", [zone])

const started = new Date()

// An instant on the half-hour grid of UTC, to come whenever the tests run, as answers write it. A run over midnight keeps its day.
export function future(days = 200, hour = 12) {
  const time = new Date(started)
  time.setUTCDate(time.getUTCDate() + days)
  time.setUTCHours(0, 60 * hour, 0, 0)
  return time.toISOString().replace('.000Z', 'Z')
}

// The arguments of a booking, with the changes a test is about.
export const request = (orgId, changes = {}) => ({
  p_org_id: orgId,
  p_patient_name: 'Ann Lee',
  p_patient_email: null,
  p_patient_phone: '+14155550124',
  p_service_type: 'cleaning',
  p_scheduled_at: future(),
  ...changes,
})

// The appointments of an organization that are committed, in order of time.
export async function appointments(orgId) {
  const { rows } = await admin.query(
    `SELECT a.id, a.status, a.starts_at, a.service_type, c.name, c.phone
     FROM booking.appointments AS a JOIN booking.contacts AS c ON (c.org_id, c.id) = (a.org_id, a.contact_id)
     WHERE a.org_id = $1 ORDER BY a.starts_at`,
    [orgId])
  return rows
}

// The database answers until the condition holds, or the test fails.
export async function until(condition, what) {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`)
  }
}
