// The clock is the organization's, wherever the browser is and whatever the clocks do.

import assert from 'node:assert/strict'
import test from 'node:test'

import { appointment, live, openBoard, panel } from './board.js'
import { Clinic, one } from './clinic.js'

test('a browser in Tokyo shows the times of New York, and moves by them', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Ann Lee', '14:30')
  const page = await openBoard(t, clinic, { timezoneId: 'Asia/Tokyo' })
  await live(page)
  assert.match(await appointment(page, 'Ann Lee').textContent(), /^2:30 PM to 3:00 PM/)
  await page.getByRole('heading', { name: /^Monday, / }).waitFor()
  await page.getByRole('button', { name: 'Today' }).click()
  const today = await one('SELECT (now() AT TIME ZONE $1)::date::text', [clinic.zone])
  await page.waitForFunction((date) => document.querySelector('#date').value === date, today)
  await page.locator('#date').fill(clinic.monday)
  await appointment(page, 'Ann Lee').click()
  await panel(page).getByText('2:30 – 3:00 PM').waitFor()
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await panel(page).locator('.times[aria-busy="false"]').getByRole('button', { name: '9:30 AM' }).click()
  await panel(page).getByRole('button', { name: /^Move to / }).click()
  await appointment(page, 'Ann Lee').getByText('9:30 AM').waitFor()
  assert.equal((await clinic.appointment(id)).starts, `${clinic.monday} 09:30`)
})

// Where an appointment stands, in minutes after the midnight of its day, by its place on the page.
const place = (page, name) => page.locator('.place', { has: appointment(page, name) }).evaluate((item) => {
  const of = (name) => Number(getComputedStyle(item).getPropertyValue(name))
  return [of('--start'), of('--end')]
})

// The next day on which the clocks of New York change, in a month.
const change = (month, nth) => one(
  `SELECT min(day)::date::text FROM generate_series(now()::date, now()::date + 380, interval '1 day') AS day
   WHERE extract(dow FROM day) = 0 AND extract(month FROM day) = $1 AND extract(day FROM day) BETWEEN $2 AND $3`,
  [month, 7 * nth - 6, 7 * nth])

for (const [season, month, nth] of [['spring', 3, 2], ['autumn', 11, 1]]) {
  test(`on the day in ${season} on which the clocks change, times stand where the clock shows them`, async (t) => {
    const clinic = await Clinic.open()
    await one("SELECT booking.set_opening_hours($1, '{}')", [clinic.id])
    clinic.monday = await change(month, nth)
    await clinic.booked('Ann Lee', '0:30', { minutes: 30 })
    await clinic.booked('Bea Wood', '9:00', { minutes: 60 })
    const page = await openBoard(t, clinic, { timezoneId: 'Europe/Berlin' })
    await appointment(page, 'Bea Wood').waitFor()
    assert.deepEqual(await place(page, 'Ann Lee'), [30, 60])
    assert.deepEqual(await place(page, 'Bea Wood'), [540, 600])
    await appointment(page, 'Bea Wood').click()
    await panel(page).getByText('9:00 – 10:00 AM').waitFor()
    await panel(page).getByRole('button', { name: 'Move…' }).click()
    const times = panel(page).locator('.times[aria-busy="false"]')
    await times.getByRole('button', { name: '11:00 PM' }).waitFor()
    assert.equal(await times.getByRole('button', { name: /^2:00 AM/ }).count(), season === 'spring' ? 0 : 1)
  })
}

test('an appointment over midnight is on both days', async (t) => {
  const clinic = await Clinic.open()
  await one("SELECT booking.set_opening_hours($1, '{}')", [clinic.id])
  await clinic.booked('Carol Hill', '23:30', { minutes: 60 })
  const page = await openBoard(t, clinic)
  assert.deepEqual(await place(page, 'Carol Hill'), [1410, 1470])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Day after' }).click()
  await page.getByRole('heading', { name: /^Tuesday/ }).waitFor()
  assert.deepEqual(await place(page, 'Carol Hill'), [0, 30])
})
