// The board for those who do not see it, see it small, or want nothing to move.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import test from 'node:test'

import { appointment, live, openBoard, panel } from './board.js'
import { Clinic, one } from './clinic.js'
import { busyClinic } from './storm.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// What axe finds that keeps people out.
async function check(page, where) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }))
  const found = violations.filter(({ impact }) => ['serious', 'critical', 'moderate'].includes(impact))
  assert.deepEqual(found.map(({ id, nodes }) => [where, id, nodes.map(({ html, failureSummary }) => [html.slice(0, 200), failureSummary]).slice(0, 3)]), [])
}

const clinic = await busyClinic(['Chair 1', 'Chair 2', 'Dr. Stone'])

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in the day, the week and the dialogs, in ${colorScheme}`, async (t) => {
    const page = await openBoard(t, clinic, { colorScheme })
    await live(page)
    await check(page, 'day')
    await page.locator('.appointment').nth(4).click()
    await panel(page).getByRole('heading', { name: 'History' }).waitFor()
    await check(page, 'panel')
    await panel(page).getByRole('button', { name: 'Move…' }).click()
    await panel(page).locator('.times[aria-busy="false"]').waitFor()
    await check(page, 'move')
    await panel(page).getByRole('button', { name: 'Back' }).click()
    await panel(page).getByRole('button', { name: 'Cancel appointment…' }).click()
    await check(page, 'cancel')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'not delivered' }).click()
    await check(page, 'letters')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await check(page, 'keys')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Week', exact: true }).click()
    await page.locator('.of-week').first().waitFor()
    await check(page, 'week')
  })

  test(`axe finds nothing on a small screen and in signing in, in ${colorScheme}`, async (t) => {
    const page = await openBoard(t, clinic, { colorScheme, viewport: { width: 360, height: 740 } })
    await live(page)
    await check(page, 'list')
    await page.getByRole('button', { name: 'Week', exact: true }).click()
    await page.getByRole('heading', { level: 2, name: /^Tuesday/ }).waitFor()
    await check(page, 'list of a week')
    const start = await openBoard(t, null, { colorScheme, token: null })
    await start.getByRole('dialog', { name: 'Sign in' }).waitFor()
    await check(start, 'signing in')
  })
}

test('a small screen shows one resource at a time and never scrolls sideways', async (t) => {
  const page = await openBoard(t, clinic, { viewport: { width: 360, height: 740 } })
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
  await page.getByRole('heading', { level: 2, name: 'Chair 1' }).waitFor()
  assert.equal(await page.getByRole('heading', { level: 2, name: 'Chair 2' }).count(), 0)
  assert.equal(await fits(), true)
  await page.locator('#resource').selectOption({ label: 'Chair 2' })
  await page.getByRole('heading', { level: 2, name: 'Chair 2' }).waitFor()
  await page.getByRole('button', { name: 'More' }).click()
  assert.equal(await fits(), true)
  await page.locator('.appointment').first().click()
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await panel(page).locator('.times[aria-busy="false"]').waitFor()
  assert.equal(await fits(), true)
})

test('what is only shown by a sign is said too', async (t) => {
  const page = await openBoard(t, clinic)
  for (const text of ['Text message delivered', 'Text message failed', 'In the calendar', 'Somebody has changed it in the calendar']) {
    const mark = page.locator('.appointment .mark', { hasText: text }).first()
    await mark.waitFor()
    assert.equal(await mark.getAttribute('title'), text)
  }
  assert.match(await page.locator('.appointment[data-status="pending"]').first().textContent(), /Unconfirmed/)
  assert.match(await page.locator('.appointment[data-status="cancelled"]').first().textContent(), /Cancelled/)
})

test('there is a heading for the day and for each resource, and a named list under it', async (t) => {
  const page = await openBoard(t, clinic)
  assert.match(await page.getByRole('heading', { level: 1 }).textContent(), /^Monday, /)
  const headings = page.locator('main').getByRole('heading', { level: 2 })
  assert.deepEqual(await headings.allTextContents(), ['Chair 1', 'Chair 2', 'Dr. Stone'])
  assert.ok((await page.getByRole('list', { name: /^Chair 2, Monday/ }).getByRole('listitem').count()) > 3)
})

test('dark and light are as the system has them until somebody chooses', async (t) => {
  const page = await openBoard(t, clinic, { colorScheme: 'dark' })
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const dark = await paper()
  await page.getByRole('button', { name: 'Switch to light' }).click()
  const light = await paper()
  assert.notEqual(light, dark)
  await page.emulateMedia({ colorScheme: 'light' })
  assert.equal(await paper(), light)
  await page.getByRole('button', { name: 'Switch to dark' }).click()
  assert.equal(await paper(), dark)
})

test('where motion is not wanted nothing travels, and what is new is seen all the same', async (t) => {
  const quiet = await Clinic.open()
  const page = await openBoard(t, quiet)
  await live(page)
  await quiet.booked('Ann Lee', '9:00')
  const block = appointment(page, 'Ann Lee')
  await block.waitFor()
  const style = await block.evaluate((node) => ({ change: node.dataset.change, duration: getComputedStyle(node).animationDuration, outline: getComputedStyle(node).outlineStyle }))
  assert.equal(style.change, 'new')
  assert.equal(style.outline, 'solid')
  assert.ok(Math.max(...style.duration.split(', ').map(parseFloat)) <= 0.001)
})

test('where motion is welcome what has moved travels', async (t) => {
  const lively = await Clinic.open()
  const id = await lively.booked('Ann Lee', '9:00')
  const page = await openBoard(t, lively, { reducedMotion: 'no-preference' })
  await live(page)
  await page.evaluate(() => {
    const animate = Element.prototype.animate
    window.travelled = []
    Element.prototype.animate = function (...how) {
      window.travelled.push(how[0][0].transform)
      return animate.apply(this, how)
    }
  })
  await one(
    "SELECT booking.reschedule_appointment_atomic($1, $2, ($3::date + time '15:00') AT TIME ZONE $4)",
    [lively.id, id, lively.monday, lively.zone])
  await appointment(page, 'Ann Lee').getByText('3:00 PM').waitFor()
  await page.waitForFunction(() => window.travelled.length > 0)
  assert.match((await page.evaluate(() => window.travelled))[0], /^translate\(0px, -[1-9]\d*/)
})

test('what there is no room for is said all the same', async (t) => {
  const small = await Clinic.open({ chairs: ['Chair 1'] })
  const id = await small.booked('Ann Lee', '9:00', { minutes: 15 })
  await small.booked('Bea Wood', '9:30', { minutes: 15 })
  await one('SELECT booking.cancel_appointment($1, $2)', [small.id, id])
  await one(`SELECT booking.hold_slot($1, 'Checkup', ($2::date + time '10:00') AT TIME ZONE $3, 15)`, [small.id, small.monday, small.zone])
  const page = await openBoard(t, small)
  for (const name of [/^9:00 AM to 9:15 AM, Ann Lee Checkup Cancelled/, /^9:30 AM to 9:45 AM, Bea Wood Checkup Confirmed/, /^10:00 AM to 10:15 AM, Held Checkup Held/]) {
    assert.equal(await page.getByRole('button', { name }).count(), 1, `${name}`)
  }
})
