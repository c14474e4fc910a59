// A day on which much goes on: sixty appointments in all their states.

import { admin, Clinic, one } from './clinic.js'

const FIRST = ['Ann', 'Bea', 'Carol', 'Dan', 'Eve', 'Finn', 'Grace', 'Hugo', 'Iris', 'Jon', 'Kim', 'Lena', 'Max', 'Nora', 'Omar']
const LAST = ['Lee', 'Hill', 'Smith', 'Wood', 'Stone', 'Brook', 'Field', 'Marsh']
const SERVICES = [['Checkup', 30], ['Cleaning', 45], ['Checkup', 30], ['Root canal', 90], ['Cleaning', 45]]

// Fills four chairs through a week, most on its Monday; the ids of the appointments.
async function storm(clinic) {
  const ids = []
  const plans = [[0, 8], [1, 3], [2, 2], [3, 1], [4, 1]]
  let number = 0
  for (const [day, many] of plans) {
    for (let chair = 0; chair < clinic.chairs.length; chair += 1) {
      let minute = 540 + 15 * ((chair * 3 + day) % 4)
      for (let place = 0; place < many; place += 1) {
        const [service, length] = SERVICES[(number * 7 + chair) % SERVICES.length]
        if (minute < 810 && minute + length > 750) minute = 810
        if (minute + length > 1020) break
        const time = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`
        const name = `${FIRST[number % FIRST.length]} ${LAST[(number * 3 + day) % LAST.length]}`
        const phone = `+1415555${String(1000 + number)}`
        ids.push(await clinic.booked(name, time, { day, chair, service, phone }))
        number += 1
        minute += length + [0, 15, 0, 30][number % 4]
      }
    }
  }
  return ids
}

// States as couriers and people leave them, spread over the appointments.
async function variety(clinic, ids) {
  const of = (remainder, modulus) => ids.filter((_, place) => place % modulus === remainder)
  const message = (status, chosen) => admin.query(
    `WITH job AS (
       UPDATE booking.outbox SET state = 'succeeded', attempts = 1, finished_at = now()
       WHERE org_id = $1 AND appointment_id = ANY ($2) AND kind = 'confirmation' AND state = 'available'
       RETURNING id, appointment_id)
     INSERT INTO booking.messages (org_id, id, job_id, appointment_id, to_phone, body, segments, status)
     SELECT $1, gen_random_uuid(), job.id, job.appointment_id, '+14155550123', 'Confirmed.', 1, $3 FROM job`,
    [clinic.id, chosen, status])
  await message('failed', [ids[4]])
  await message('delivered', of(0, 3))
  await message('sent', of(1, 5))
  const event = (state, flag, chosen) => admin.query(
    `WITH job AS (
       UPDATE booking.outbox SET state = 'succeeded', attempts = 1, finished_at = now()
       WHERE org_id = $1 AND appointment_id = ANY ($2) AND kind = 'calendar' AND state = 'available' RETURNING appointment_id)
     INSERT INTO booking.calendar_events (org_id, appointment_id, generation, calendar_id, event_id, state, flag)
     SELECT $1, job.appointment_id, 1, 'primary', replace(job.appointment_id::text, '-', ''), $3, $4 FROM job`,
    [clinic.id, chosen, state, flag])
  await event('present', 'moved', [ids[6]])
  await event('present', null, of(0, 2))
  await admin.query('UPDATE booking.appointments SET status = $3 WHERE org_id = $1 AND id = ANY ($2)', [clinic.id, [ids[2], ids[11]], 'pending'])
  for (const place of [3, 9, 17]) await admin.query('SELECT booking.cancel_appointment($1, $2, $3)', [clinic.id, ids[place], 'caught a cold'])
}

// Accounts as they would be, with nothing that could be opened in them.
export const connect = (clinic, provider, connected = true, problem = null) => admin.query(
  `INSERT INTO booking.integrations (org_id, provider, connected, key_id, nonce, ciphertext, last_checked_at, problem)
   VALUES ($1, $2, $3, 'test', '\\x000102030405060708090a0b', '\\x000102030405060708090a0b0c0d0e0f', now(), $4)`,
  [clinic.id, provider, connected, problem])

// A clinic in the middle of its week: a storm of appointments, one account lost, a message that was not delivered, somebody away.
export async function busyClinic(chairs) {
  const clinic = await Clinic.open({ chairs })
  await one('SELECT booking.set_messaging($1, true), booking.set_calendar($1, true)', [clinic.id])
  const ids = await storm(clinic)
  await variety(clinic, ids)
  await clinic.undelivered(ids[5])
  await connect(clinic, 'twilio')
  await connect(clinic, 'google', false, 'access was withdrawn')
  await one(
    "SELECT booking.add_busy_block($1, $2, ($3::date + time '15:30') AT TIME ZONE $4, ($3::date + time '17:00') AT TIME ZONE $4, 'Training')",
    [clinic.id, clinic.chairs.at(-1), clinic.monday, clinic.zone])
  return clinic
}
