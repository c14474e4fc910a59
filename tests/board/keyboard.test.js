// All of it without a mouse.

import assert from 'node:assert/strict'
import test from 'node:test'

import { appointment, goTo, openBoard, panel } from './board.js'
import { Clinic, one } from './clinic.js'

const focused = (page) => page.evaluate(() => document.activeElement.querySelector('.who')?.textContent ?? document.activeElement.id)

test('arrows go from one appointment to the next, and only one is in the order of the tab key', async (t) => {
  const clinic = await Clinic.open()
  for (const [name, time, chair] of [['Ann Lee', '9:00', 0], ['Bea Wood', '11:00', 0], ['Carol Hill', '9:30', 1], ['Dan Stone', '11:30', 1]]) {
    await clinic.booked(name, time, { chair })
  }
  const page = await openBoard(t, clinic)
  assert.equal(await page.locator('.appointment[tabindex="0"]').count(), 1)
  await page.locator('.appointment[tabindex="0"]').focus()
  const walk = [['ArrowDown', 'Bea Wood'], ['ArrowRight', 'Dan Stone'], ['ArrowUp', 'Carol Hill'], ['ArrowUp', 'Carol Hill'], ['ArrowLeft', 'Ann Lee'], ['End', 'Bea Wood'], ['Home', 'Ann Lee']]
  for (const [key, name] of walk) {
    await page.keyboard.press(key)
    assert.equal(await focused(page), name, key)
  }
  assert.equal(await page.locator('.appointment[tabindex="0"]').count(), 1)
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle)
  assert.equal(outline, 'solid')
})

test('an appointment is moved and then cancelled by keys alone', async (t) => {
  const clinic = await Clinic.open({ chairs: ['Chair 1'] })
  const id = await clinic.booked('Ann Lee', '9:00')
  const page = await openBoard(t, clinic)
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const tabTo = async (name) => {
    for (let presses = 0; presses < 60; presses += 1) {
      const text = await page.evaluate(() => document.activeElement.textContent.trim())
      if (text === name || (name instanceof RegExp && name.test(text))) return
      await page.keyboard.press('Tab')
    }
    throw new Error(`the tab key does not lead to ${name}`)
  }
  await page.locator('#date').focus()
  await tabTo(/Ann Lee/)
  await press('Enter')
  await panel(page).waitFor()
  await tabTo('Move…')
  await press('Enter')
  await panel(page).locator('.times[aria-busy="false"] button').first().waitFor()
  await tabTo('10:30 AM')
  await press('Space')
  await tabTo(/^Move to/)
  await press('Enter')
  await appointment(page, 'Ann Lee').getByText('10:30 AM').waitFor()
  assert.equal((await clinic.appointment(id)).starts, `${clinic.monday} 10:30`)
  await page.locator('#date').focus()
  await tabTo(/Ann Lee/)
  await press('Enter')
  await panel(page).waitFor()
  await tabTo('Cancel appointment…')
  await press('Enter')
  await page.keyboard.type('moved away')
  await press('Enter')
  await page.locator('.appointment[data-status="cancelled"]').waitFor()
  assert.equal((await clinic.appointment(id)).reason, 'moved away')
})

test('letters choose what is shown', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic)
  await page.locator('main').focus()
  const heading = (name) => page.getByRole('heading', { level: 1, name }).waitFor()
  await page.keyboard.press('n')
  await heading(/^Tuesday/)
  await page.keyboard.press('p')
  await heading(/^Monday/)
  await page.keyboard.press('w')
  await heading(/ – /)
  assert.equal(await page.locator('.of-week').count(), 7)
  await page.keyboard.press('d')
  await heading(/^Monday/)
  await page.keyboard.press('t')
  const today = await one('SELECT (now() AT TIME ZONE $1)::date::text', [clinic.zone])
  await page.waitForFunction((date) => document.querySelector('#date').value === date, today)
  await page.keyboard.press('c')
  assert.equal(await page.getByLabel('Cancelled', { exact: true }).isChecked(), false)
  await page.keyboard.press('/')
  assert.equal(await focused(page), 'phone')
  await page.keyboard.type('t')
  assert.equal(await page.locator('#phone').inputValue(), 't')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor({ state: 'hidden' })
})

test('letters do nothing where they are switched off, and arrows and buttons do all the same', async (t) => {
  const clinic = await Clinic.open()
  await clinic.booked('Ann Lee', '9:00')
  await clinic.booked('Bea Wood', '11:00')
  const page = await openBoard(t, clinic)
  await page.locator('main').focus()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).getByLabel('Letters and signs act by themselves').uncheck()
  await page.keyboard.press('Escape')
  await page.reload()
  await page.locator('#calendar[aria-busy="false"]').waitFor()
  await goTo(page, clinic.monday)
  await appointment(page, 'Ann Lee').focus()
  for (const key of ['n', 'w', 'c', '/', '?']) await page.keyboard.press(key)
  await page.keyboard.press('ArrowDown')
  assert.equal(await focused(page), 'Bea Wood')
  assert.equal(await page.locator('#date').inputValue(), clinic.monday)
  assert.equal(await page.getByLabel('Cancelled', { exact: true }).isChecked(), true)
  await page.getByRole('button', { name: 'Keyboard help' }).click()
  await page.getByLabel('Letters and signs act by themselves').check()
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await page.getByRole('heading', { level: 1, name: /^Tuesday/ }).waitFor()
})

test('a dialog is closed by a click beside it, and not by one into its margin', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic)
  await page.locator('main').focus()
  await page.keyboard.press('?')
  const dialog = page.getByRole('dialog', { name: 'Keyboard' })
  const { x, y } = await dialog.boundingBox()
  await page.mouse.click(x + 5, y + 40)
  assert.equal(await dialog.isVisible(), true)
  await page.mouse.click(x - 5, y + 40)
  await dialog.waitFor({ state: 'hidden' })
})

test('signing in cannot be closed, so that nobody is left with an empty page', async (t) => {
  const page = await openBoard(t, null, { token: null })
  const dialog = page.getByRole('dialog', { name: 'Sign in' })
  for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('Escape')
  await page.evaluate(() => document.getElementById('sign-in').close())
  await dialog.waitFor()
  await dialog.getByLabel('Token').fill('x')
})

test('how many times are free is said, and not each of them', async (t) => {
  const clinic = await Clinic.open({ chairs: ['Chair 1'] })
  await clinic.booked('Ann Lee', '9:00')
  const page = await openBoard(t, clinic)
  await appointment(page, 'Ann Lee').click()
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await panel(page).getByRole('status').getByText('13 times free').waitFor()
  assert.equal(await panel(page).locator('[aria-live] button, [role=status] button').count(), 0)
})

test('the focus stays where it is while the board changes', async (t) => {
  const clinic = await Clinic.open()
  await clinic.booked('Ann Lee', '9:00')
  await clinic.booked('Bea Wood', '11:00')
  const page = await openBoard(t, clinic)
  await page.locator('#live[data-state="live"]').waitFor()
  await appointment(page, 'Bea Wood').focus()
  await clinic.booked('Carol Hill', '10:00')
  await appointment(page, 'Carol Hill').waitFor()
  assert.equal(await focused(page), 'Bea Wood')
})
