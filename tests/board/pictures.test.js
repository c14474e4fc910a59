// Pictures of the board for whoever looks at them, in target/board; they fail only where they cannot be taken.

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import test from 'node:test'

import { appointment, live, openBoard, panel, pictures } from './board.js'
import { Clinic, one } from './clinic.js'
import { busyClinic } from './storm.js'

const clinic = await busyClinic(['Chair 1', 'Chair 2', 'Dr. Stone', 'Hygiene'])

async function picture(page, name) {
  await page.evaluate(() => document.activeElement.closest('dialog') ?? document.activeElement.blur())
  // What has just come is not lit up any more, and nobody is spoken to.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))))
  const path = `${pictures}${name}.png`
  await page.screenshot({ path })
  assert.ok(statSync(path).size > 10_000)
}

test('a storm of bookings, its panel, moving, the week and the dialogs', async (t) => {
  const page = await openBoard(t, clinic)
  await live(page)
  await picture(page, 'day')
  await page.locator('.appointment').nth(5).click()
  await panel(page).getByRole('heading', { name: 'History' }).waitFor()
  await picture(page, 'panel')
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await panel(page).getByRole('button', { name: 'Day after' }).click()
  await panel(page).getByLabel('Where').selectOption('')
  await panel(page).locator('.times[aria-busy="false"] button').nth(9).click()
  await picture(page, 'move')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'not delivered' }).click()
  await picture(page, 'letters')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await picture(page, 'keys')
  await page.keyboard.press('Escape')
  await page.keyboard.press('w')
  await page.locator('.of-week').first().waitFor()
  await picture(page, 'week')
})

test('the same in the dark', async (t) => {
  const page = await openBoard(t, clinic, { colorScheme: 'dark' })
  await live(page)
  await picture(page, 'day-dark')
  await page.locator('.appointment').nth(5).click()
  await panel(page).getByRole('heading', { name: 'History' }).waitFor()
  await picture(page, 'panel-dark')
})

test('on a small screen', async (t) => {
  const page = await openBoard(t, clinic, { viewport: { width: 360, height: 740 } })
  await live(page)
  await picture(page, 'small')
  await page.locator('.appointment').nth(2).click()
  await panel(page).getByRole('heading', { name: 'History' }).waitFor()
  await picture(page, 'small-panel')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Week', exact: true }).click()
  await page.getByRole('heading', { level: 2, name: /^Tuesday/ }).waitFor()
  await picture(page, 'small-week')
})

test('something new, and a day without anything', async (t) => {
  const page = await openBoard(t, clinic)
  await live(page)
  const fresh = await clinic.booked('Wanda Reed', '16:00', { chair: 2, phone: '+14155550190' }).catch(() => clinic.booked('Wanda Reed', '16:30', { chair: 2, phone: '+14155550190' }))
  await appointment(page, 'Wanda Reed').waitFor()
  await page.screenshot({ path: `${pictures}new.png` })
  assert.ok(fresh)
  const empty = await openBoard(t, await Clinic.open())
  await live(empty)
  await picture(empty, 'empty')
})

test('today, with the line of the present moment', async (t) => {
  const always = await Clinic.open({ chairs: ['Chair 1', 'Chair 2', 'Dr. Stone'] })
  await one("SELECT booking.set_opening_hours($1, '{}')", [always.id])
  for (const [chair, hours] of [[0, 1], [1, 1], [2, 2], [0, 3]]) {
    await one(
      `SELECT booking.book_appointment_atomic($1, $2, NULL, '+14155550123', 'Cleaning', date_trunc('hour', now()) + make_interval(hours => $3), NULL, $4)`,
      [always.id, ['Ann Lee', 'Bea Wood', 'Carol Hill'][chair], hours, always.chairs[chair]])
  }
  const page = await openBoard(t, always, { date: null })
  await live(page)
  await page.locator('.is-today').waitFor()
  await picture(page, 'today')
})
