// What happens in the database is seen on the board, and nothing else is.

import assert from 'node:assert/strict'
import test from 'node:test'

import { appointment, goTo, live, openBoard, worker } from './board.js'
import { admin, Clinic, one, until } from './clinic.js'
import { startRelay } from './relay.js'
import { frontDesk, sign } from './tokens.js'
import { startWorker } from './worker.js'

// From the commit on.
const SOON = 2000
// What a browser says of a connection that is cut.
const CUT = ['Failed to load resource', 'net::ERR', 'network error']

test('a booking made in SQL is on the board within two seconds, and is said', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic)
  await live(page)
  await clinic.booked('Ann Lee', '14:30')
  await appointment(page, 'Ann Lee').waitFor({ timeout: SOON })
  const news = page.locator('#news[aria-live="polite"]')
  await news.getByText('New: 2:30 PM, Ann Lee, Chair 1').waitFor()
  assert.match(await appointment(page, 'Ann Lee').textContent(), /2:30 PM to 3:00 PM,\s+Ann Lee\s+Checkup\s+Confirmed/)
})

test('a move and a cancellation are seen where they lead', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Bea Wood', '10:00')
  const page = await openBoard(t, clinic)
  await live(page)
  const column = (name) => page.getByRole('list', { name: new RegExp(`^${name}`) }).locator('.appointment')
  await column('Chair 1').waitFor()
  await one(
    'SELECT booking.reschedule_appointment_atomic($1, $2, ($3::date + $4::time) AT TIME ZONE $5, NULL, $6)',
    [clinic.id, id, clinic.monday, '15:30', clinic.zone, clinic.chairs[1]])
  await column('Chair 2').getByText('3:30 PM').waitFor({ timeout: SOON })
  assert.equal(await column('Chair 1').count(), 0)
  await one('SELECT booking.cancel_appointment($1, $2)', [clinic.id, id])
  await page.locator('.appointment[data-status="cancelled"]', { hasText: 'Bea Wood' }).waitFor({ timeout: SOON })
  await page.getByText('Cancelled: 3:30 PM, Bea Wood, Chair 2').waitFor()
  await page.getByLabel('Cancelled', { exact: true }).uncheck()
  await appointment(page, 'Bea Wood').waitFor({ state: 'detached' })
})

test('a booking that was refused is never shown', async (t) => {
  const clinic = await Clinic.open()
  await clinic.booked('Carol Hill', '11:00')
  const page = await openBoard(t, clinic)
  await live(page)
  assert.equal((await clinic.book('Dan Stone', '11:00')).error, 'slot_unavailable')
  // What comes after it is there, so that it would be too.
  await clinic.booked('Eve Brook', '12:00')
  await appointment(page, 'Eve Brook').waitFor({ timeout: SOON })
  assert.equal(await appointment(page, 'Dan Stone').count(), 0)
  assert.equal(await appointment(page, 'Carol Hill').count(), 1)
})

test('a booking that was rolled back is never shown', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic)
  await live(page)
  await admin.query('BEGIN')
  await clinic.booked('Finn Field', '9:00')
  await admin.query('ROLLBACK')
  await clinic.booked('Grace Lee', '9:30')
  await appointment(page, 'Grace Lee').waitFor({ timeout: SOON })
  assert.equal(await appointment(page, 'Finn Field').count(), 0)
})

test('the token of another organization sees nothing of it', async (t) => {
  const [clinic, other] = [await Clinic.open(), await Clinic.open({ name: 'Hillside' })]
  await clinic.booked('Ann Lee', '9:00')
  const page = await openBoard(t, other, { date: clinic.monday })
  await live(page)
  await clinic.booked('Bea Wood', '10:00')
  await other.booked('Hugo Marsh', '10:30')
  await appointment(page, 'Hugo Marsh').waitFor({ timeout: SOON })
  assert.equal(await page.locator('.appointment').count(), 1)
  assert.doesNotMatch(await page.locator('body').textContent(), /Ann Lee|Bea Wood|Riverside/)
})

// A board whose connection is cut, and has seen it.
async function openAndCut(t) {
  const clinic = await Clinic.open()
  const relay = await startRelay(worker.port)
  const page = await openBoard(t, clinic, { url: relay.url, forgives: CUT })
  await live(page)
  relay.cut()
  await page.getByText('Reconnecting').waitFor()
  return { clinic, page, relay }
}

test('a connection that is cut is seen, and nothing that happened meanwhile is missed', async (t) => {
  const { clinic, page, relay } = await openAndCut(t)
  await clinic.booked('Iris Lee', '9:00')
  relay.mend()
  await live(page)
  await appointment(page, 'Iris Lee').waitFor()
  await clinic.booked('Jon Wood', '10:00')
  await appointment(page, 'Jon Wood').waitFor({ timeout: SOON })
})

test('a worker that is started again goes on where the other ended', async (t) => {
  const clinic = await Clinic.open()
  const first = await startWorker()
  const page = await openBoard(t, clinic, { url: first.url, forgives: CUT })
  await live(page)
  await first.stop('SIGKILL')
  await page.getByText('Reconnecting').waitFor()
  await clinic.booked('Kim Stone', '9:00')
  await startWorker({ port: first.port })
  await live(page)
  await appointment(page, 'Kim Stone').waitFor()
})

test('where the history has been forgotten the board is read anew', async (t) => {
  const { clinic, page, relay } = await openAndCut(t)
  await clinic.booked('Lena Field', '9:00')
  await until(async () => {
    await one("SELECT booking.purge('1 microsecond')")
    return (await one('SELECT count(*)::integer FROM booking.events WHERE org_id = $1', [clinic.id])) === 0
  }, 'the history is forgotten')
  relay.mend()
  await live(page)
  await appointment(page, 'Lena Field').waitFor()
})

test('a token that has expired is asked for again, and the view stays', async (t) => {
  const clinic = await Clinic.open()
  await clinic.booked('Max Brook', '9:00')
  // Clocks may be half a minute apart, so that it is good for some seconds still.
  const page = await openBoard(t, clinic, { token: frontDesk(clinic, { seconds: -24 }), forgives: ['401'] })
  await appointment(page, 'Max Brook').waitFor()
  const dialog = page.getByRole('dialog', { name: 'Sign in again' })
  await dialog.waitFor()
  assert.equal(await appointment(page, 'Max Brook').count(), 1)
  await dialog.getByLabel('Token').fill(frontDesk(clinic))
  await dialog.getByRole('button', { name: 'Open the board' }).click()
  await live(page)
  assert.equal(await page.locator('#date').inputValue(), clinic.monday)
  await clinic.booked('Nora Lee', '10:00')
  await appointment(page, 'Nora Lee').waitFor({ timeout: SOON })
})

test('the token leaves the address at once, and a forged one is asked for again', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic, { token: null })
  await page.getByRole('dialog', { name: 'Sign in' }).getByLabel('Token').fill(frontDesk(clinic))
  await page.keyboard.press('Enter')
  await live(page)
  assert.doesNotMatch(page.url(), /token|eyJ/)
  await page.goto(`${worker.url}/board#token=${frontDesk(clinic)}`)
  await live(page)
  assert.equal(new URL(page.url()).hash, '')
  const forged = await openBoard(t, clinic, { token: sign({ role: 'x', org_id: clinic.id }, { key: 'no' }), date: null, forgives: ['401'] })
  await forged.getByRole('dialog', { name: 'Sign in again' }).waitFor()
})

test('a day without an appointment is empty and free', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic)
  await page.getByText('0 appointments · 28 free times').waitFor()
  await goTo(page, await one("SELECT ($1::date + 5)::text", [clinic.monday]))
  await page.getByText('Closed').first().waitFor()
})
