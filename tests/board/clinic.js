// A clinic as psql sees it: what is in the database, and what is done there while somebody looks at the board.

import { after } from 'node:test'

import pg from 'pg'

export const ZONE = 'America/New_York'

// A superuser's session in the database of the PG... variables.
export const admin = new pg.Client()
await admin.connect()
after(() => admin.end())

// The one value that a statement returns.
export async function one(sql, parameters = []) {
  const { rows } = await admin.query({ text: sql, values: parameters, rowMode: 'array' })
  return rows[0][0]
}

const WEEK = JSON.stringify(Object.fromEntries(
  ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['09:00', '12:30'], ['13:30', '17:00']]])))

export class Clinic {
  // A new organization, open on weekdays, with as many chairs as are named and three services. Nothing of it is carried out, so that
  // its messages stay as a test has them.
  static async open({ zone = ZONE, chairs = ['Chair 1', 'Chair 2'], name = 'Riverside Dental' } = {}) {
    const id = await one('SELECT booking.create_organization($1, $2)', [name, zone])
    const clinic = new Clinic(id, zone)
    const [first, ...others] = chairs
    const resource = await one('SELECT r.id FROM booking.resources AS r WHERE r.org_id = $1', [id])
    await one('SELECT booking.update_resource($1, $2, $3)', [id, resource, first])
    clinic.chairs = [resource]
    for (const chair of others) clinic.chairs.push(await one('SELECT booking.create_resource($1, $2)', [id, chair]))
    await one('SELECT booking.set_opening_hours($1, $2)', [id, WEEK])
    for (const [service, minutes] of [['Checkup', 30], ['Cleaning', 45], ['Root canal', 90]]) {
      await one('SELECT booking.create_service($1, $2, $3)', [id, service, minutes])
    }
    await one('SELECT booking.pause_couriers($1)', [id])
    // A Monday to come, by the clock of the clinic.
    clinic.monday = await one(
      "SELECT (date_trunc('week', now() AT TIME ZONE $1)::date + 14)::text", [zone])
    return clinic
  }

  constructor(id, zone) {
    this.id = id
    this.zone = zone
  }

  // Books; the answer of the database. `time` is by the clock of the clinic, `day` counts from the Monday to come.
  book(name, time, { day = 0, service = 'Checkup', chair = 0, phone = '+14155550123', minutes = null } = {}) {
    return one(
      `SELECT booking.book_appointment_atomic($1, $2, NULL, $3, $4, ($5::date + $6::integer + $7::time) AT TIME ZONE $8, $9, $10)`,
      [this.id, name, phone, service, this.monday, day, time, this.zone, minutes, this.chairs[chair]])
  }

  async booked(...wanted) {
    const answer = await this.book(...wanted)
    if (!answer.success) throw new Error(JSON.stringify(answer))
    return answer.appointmentId
  }

  // To a time of a date, by the clock of the clinic.
  moved(id, date, time) {
    return one(
      'SELECT booking.reschedule_appointment_atomic($1, $2, ($3::date + $4::time) AT TIME ZONE $5)',
      [this.id, id, date, time, this.zone])
  }

  // An appointment as it is: its status, its start by the clock of the clinic, and its chair.
  async appointment(id) {
    const { rows } = await admin.query(
      `SELECT a.status, to_char(a.starts_at AT TIME ZONE $3, 'YYYY-MM-DD HH24:MI') AS starts, a.resource_id AS chair, a.cancel_reason AS reason
       FROM booking.appointments AS a WHERE a.org_id = $1 AND a.id = $2`, [this.id, id, this.zone])
    return rows[0]
  }

  // A message that was given up, as a courier leaves it.
  async undelivered(appointment, error = 'The number cannot receive messages (30006)') {
    const { rows } = await admin.query(
      `UPDATE booking.outbox SET state = 'discarded', attempts = 5, finished_at = now(), last_error = $3
       WHERE org_id = $1 AND appointment_id = $2 AND kind = 'confirmation' RETURNING id`, [this.id, appointment, error])
    return rows[0].id
  }
}

// The condition holds within `limit` milliseconds, or the test fails.
export async function until(condition, what, limit = 20_000) {
  const deadline = Date.now() + limit
  for (;;) {
    const held = await condition()
    if (held) return held
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}
