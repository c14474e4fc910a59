// What is shown beside the appointments of a day: the week, one resource of several, and how messages and calendars are.

import assert from 'node:assert/strict'
import test from 'node:test'

import { appointment, live, openBoard } from './board.js'
import { admin, Clinic } from './clinic.js'
import { connect } from './storm.js'

const footer = (page) => page.locator('#connections')

test('an account that was lost is shown with its reason, and one that works as it is', async (t) => {
  const clinic = await Clinic.open()
  await connect(clinic, 'twilio')
  await connect(clinic, 'google')
  const page = await openBoard(t, clinic)
  await live(page)
  await footer(page).getByText('Calendar: connected').waitFor()
  await admin.query(
    "UPDATE booking.integrations SET connected = false, problem = 'access was withdrawn' WHERE org_id = $1 AND provider = 'google'", [clinic.id])
  await clinic.booked('Ann Lee', '9:00')
  const lost = footer(page).locator('[data-good="false"]', { hasText: 'Calendar: lost' })
  await lost.waitFor()
  assert.match(await lost.getAttribute('title'), /^access was withdrawn, checked today/)
  await footer(page).locator('[data-good="true"]', { hasText: 'Text messages: connected' }).waitFor()
})

test('that no courier is at work is shown', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic)
  await live(page)
  await footer(page).locator('[data-good="true"]', { hasText: /^\d+ couriers? at work$/ }).waitFor()
  // The one that serves the page is one, so that the page is told otherwise.
  await page.route(/call\/agenda$/, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), workers: { alive: 0, lastSeenAt: null } } })
  })
  await clinic.booked('Ann Lee', '9:00')
  const none = footer(page).locator('[data-good="false"]', { hasText: 'No courier at work' })
  await none.waitFor()
  assert.equal(await none.getAttribute('title'), 'Never heard of')
})

async function openWeek(t) {
  const clinic = await Clinic.open()
  await clinic.booked('Ann Lee', '9:00')
  await clinic.booked('Bea Wood', '10:00', { chair: 1, day: 2, service: 'Cleaning' })
  const cancelled = await clinic.booked('Carol Hill', '11:00', { day: 2 })
  await admin.query('SELECT booking.cancel_appointment($1, $2)', [clinic.id, cancelled])
  const page = await openBoard(t, clinic)
  await page.getByRole('button', { name: 'Week', exact: true }).click()
  await page.locator('.of-week').first().waitFor()
  // Of each day what stands on it: its words, and its appointments.
  const days = () => page.locator('.of-week').evaluateAll((all) => all.map((day) => [
    day.querySelector('.count').textContent, ...[...day.querySelectorAll('.appointment')].map((one) => one.textContent.replaceAll(/\s+/g, ' '))]))
  return { page, days }
}

test('the week has every day with its appointments, where they are, and what is free', async (t) => {
  const { page, days } = await openWeek(t)
  const [monday, tuesday, wednesday, , , saturday, sunday] = await days()
  assert.equal(monday[0], '1 booked · 27 free')
  assert.match(monday[1], /^9:00 AM to 9:30 AM, Ann Lee Checkup Chair 1 Confirmed/)
  assert.deepEqual(tuesday, ['28 free'])
  assert.match(wednesday[0], /^1 booked · \d+ free$/)
  assert.match(wednesday[1], /^10:00 AM to 10:45 AM, Bea Wood Cleaning Chair 2 Confirmed/)
  assert.match(wednesday[2], /^11:00 AM to 11:30 AM, Carol Hill Checkup Chair 1 Cancelled/)
  assert.deepEqual([saturday, sunday], [['Closed'], ['Closed']])
  await page.getByRole('heading', { level: 2, name: /^Wed/ }).getByRole('button').click()
  await page.getByRole('heading', { level: 1, name: /^Wednesday/ }).waitFor()
  await appointment(page, 'Bea Wood').waitFor()
})

test('of several resources one is chosen, in the week and in the day', async (t) => {
  const { page, days } = await openWeek(t)
  await page.locator('#resource').selectOption({ label: 'Chair 2' })
  const [monday, , wednesday] = await days()
  assert.deepEqual(monday, ['14 free'])
  assert.equal(wednesday.length, 2)
  assert.match(wednesday[1], /Bea Wood/)
  await page.getByRole('button', { name: 'Day', exact: true }).click()
  await page.locator('main').getByRole('heading', { level: 2, name: 'Chair 2' }).waitFor()
  assert.equal(await page.locator('main').getByRole('heading', { level: 2 }).count(), 1)
  await page.locator('#resource').selectOption({ label: 'Everyone' })
  await appointment(page, 'Ann Lee').waitFor()
  assert.equal(await page.locator('main').getByRole('heading', { level: 2 }).count(), 2)
})
