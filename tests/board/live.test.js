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

const news = (page) => page.locator('#news')

test('whoever is moved to another day is said to be gone, and where they come to they are not new', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Ann Lee', '9:00')
  const tuesday = await one('SELECT ($1::date + 1)::text', [clinic.monday])
  const [from, to] = [await openBoard(t, clinic), await openBoard(t, clinic, { date: tuesday })]
  await Promise.all([from, to].map(live))
  await clinic.moved(id, tuesday, '10:30')
  await news(from).getByText('Moved away: Ann Lee, from 9:00 AM').waitFor()
  await news(to).getByText('Moved here: Ann Lee, to 10:30 AM, Chair 1').waitFor()
  await clinic.booked('Bea Wood', '11:00', { day: 1 })
  await news(to).getByText('New: 11:00 AM, Bea Wood, Chair 1').waitFor()
})

test('a hold that is given up is gone without a word', async (t) => {
  const clinic = await Clinic.open()
  const { holdId } = await one(
    "SELECT booking.hold_slot($1, 'Checkup', ($2::date + time '9:00') AT TIME ZONE $3)", [clinic.id, clinic.monday, clinic.zone])
  const page = await openBoard(t, clinic)
  await live(page)
  await one('SELECT booking.release_hold($1, $2)', [clinic.id, holdId])
  await appointment(page, 'Held').waitFor({ state: 'detached' })
  await clinic.booked('Ann Lee', '9:00')
  await news(page).getByText('New: 9:00 AM, Ann Lee, Chair 1', { exact: true }).waitFor()
})

// What is said from now on, and in how many milliseconds.
async function listen(page) {
  await page.evaluate(() => {
    const news = document.getElementById('news')
    window.said = { texts: [], since: performance.now() }
    new MutationObserver(() => window.said.texts.push(news.textContent)).observe(news, { childList: true, characterData: true, subtree: true })
  })
  return () => page.evaluate(() => ({ texts: window.said.texts, milliseconds: performance.now() - window.said.since }))
}

test('of a hundred bookings there is a sentence every few seconds, and the board is what the database is', async (t) => {
  const clinic = await Clinic.open({ chairs: Array.from({ length: 5 }, (_, number) => `Chair ${number + 1}`) })
  const page = await openBoard(t, clinic)
  await live(page)
  const said = await listen(page)
  const names = ['Ann', 'Bea', 'Carol', 'Dan', 'Eve']
  for (let chair = 0; chair < 5; chair += 1) {
    for (let number = 0; number < 20; number += 1) {
      const minute = number < 10 ? 540 + 20 * number : 810 + 20 * (number - 10)
      const time = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`
      const id = await clinic.booked(`${names[chair]} Lee`, time, { chair, minutes: 20, phone: `+1415555${1000 + 20 * chair + number}` })
      if (number % 7 === 0) await one('SELECT booking.cancel_appointment($1, $2)', [clinic.id, id])
      if (number % 10 === 9) await clinic.moved(id, clinic.monday, number === 9 ? '9:00' : '14:50')
    }
  }
  const { rows } = await admin.query(
    `SELECT a.id, a.status, r.name AS chair, to_char(a.starts_at AT TIME ZONE $2, 'FMHH12:MI AM') AS starts
     FROM booking.appointments AS a JOIN booking.resources AS r ON r.org_id = $1 AND r.id = a.resource_id WHERE a.org_id = $1`, [clinic.id, clinic.zone])
  const stored = rows.map(({ id, status, chair, starts }) => [id, status, chair, starts].join()).sort()
  const shown = () => page.locator('main .column').evaluateAll((columns) => columns.flatMap((column) =>
    [...column.querySelectorAll('.appointment')].map(({ dataset, firstElementChild }) =>
      [dataset.id, dataset.status, column.querySelector('h2').textContent, firstElementChild.firstChild.textContent].join())).sort())
  await until(async () => (await shown()).join(';') === stored.join(';'), 'the board is what the database is')
  await until(async () => (await said()).texts.some((text) => /.+; .+; .+; and \d+ more$/.test(text)), 'many are said at once')
  const { texts, milliseconds } = await said()
  assert.ok(texts.length <= 1 + milliseconds / 4000, `${texts.length} times in ${milliseconds} ms`)
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

test('that the server cannot be reached is said once', async (t) => {
  const { page, relay } = await openAndCut(t)
  const said = await listen(page)
  let failed = 0
  page.on('requestfailed', (request) => (failed += /agenda$/.test(request.url())))
  for (let number = 1; number <= 4; number += 1) {
    await page.getByRole('button', { name: number % 2 ? 'Week' : 'Day', exact: true }).click()
    await until(() => failed >= number, 'the board cannot be read')
  }
  await news(page).getByText('The board cannot reach its server.').waitFor()
  assert.equal((await said()).texts.length, 1)
  relay.mend()
  await live(page)
  await page.locator('#calendar[aria-busy="false"]').waitFor()
  // What comes after is said again.
  relay.cut()
  await page.getByRole('button', { name: 'Week', exact: true }).click()
  await until(async () => (await said()).texts.length === 2, 'it is said again')
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
  // Neither does one that comes later, and it replaces none that is in use without a question.
  const other = await Clinic.open({ name: 'Hillside' })
  await page.goto(`${worker.url}/board#token=${frontDesk(other)}`)
  const question = page.getByRole('dialog', { name: 'Another token' })
  await question.getByRole('button', { name: 'Stay as I am' }).click()
  assert.equal(new URL(page.url()).hash, '')
  assert.equal(await page.locator('#organization').textContent(), 'Riverside Dental')
  await page.goto(`${worker.url}/board#token=${frontDesk(other)}`)
  await question.getByRole('button', { name: 'Use the other token' }).click()
  await page.locator('#organization').getByText('Hillside').waitFor()
  await page.reload()
  await page.locator('#organization').getByText('Hillside').waitFor()
  const forged = await openBoard(t, clinic, { token: sign({ role: 'x', org_id: clinic.id }, { key: 'no' }), date: null, forgives: ['401'] })
  await forged.getByRole('dialog', { name: 'Sign in again' }).waitFor()
})

test('a board that is left open goes on to the next day, and one that shows another day stays there', async (t) => {
  // 25 hours apart: it is never the same day.
  const clinic = await Clinic.open({ zone: 'Pacific/Pago_Pago' })
  const [today, other] = [await openBoard(t, clinic, { date: null }), await openBoard(t, clinic)]
  await Promise.all([today, other].map(live))
  await today.locator('#calendar[aria-busy="false"]').waitFor()
  const before = await today.locator('#date').inputValue()
  assert.equal(before, await one('SELECT (now() AT TIME ZONE $1)::date::text', [clinic.zone]))
  clinic.zone = 'Pacific/Kiritimati'
  await admin.query('UPDATE booking.organizations SET timezone = $2 WHERE org_id = $1', [clinic.id, clinic.zone])
  await clinic.booked('Ann Lee', '9:00')
  const after = await one('SELECT (now() AT TIME ZONE $1)::date::text', [clinic.zone])
  assert.notEqual(after, before)
  await today.waitForFunction((date) => document.querySelector('#date').value === date, after)
  await appointment(other, 'Ann Lee').waitFor()
  assert.equal(await other.locator('#date').inputValue(), clinic.monday)
})

test('a role that may not follow any more is told, and the board says that it is not live', async (t) => {
  const clinic = await Clinic.open()
  const strict = await startWorker({ more: { BOOKING_RIGHTS_SECONDS: '1' } })
  const page = await openBoard(t, clinic, { url: strict.url, token: sign({ role: 'booking_passing', org_id: clinic.id }) })
  await live(page)
  await admin.query('REVOKE EXECUTE ON FUNCTION booking.read_events FROM booking_passing')
  await page.locator('#live[data-state="off"]').waitFor()
})

test('a day without an appointment is empty and free', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic)
  await page.getByText('0 appointments · 28 free times').waitFor()
  await goTo(page, await one("SELECT ($1::date + 5)::text", [clinic.monday]))
  await page.getByText('Closed').first().waitFor()
})
