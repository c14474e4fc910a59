// What is done on the board happens in the database.

import assert from 'node:assert/strict'
import test from 'node:test'

import { appointment, goTo, live, openBoard, panel } from './board.js'
import { admin, Clinic, one, until } from './clinic.js'
import { onlooker } from './tokens.js'

const open = async (page, name) => {
  await appointment(page, name).click()
  await panel(page).getByRole('heading', { name }).waitFor()
}

test('Cancel frees the time in the database', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Ann Lee', '9:00')
  const page = await openBoard(t, clinic)
  await open(page, 'Ann Lee')
  await panel(page).getByRole('button', { name: 'Cancel appointment…' }).click()
  await panel(page).getByLabel('Reason, if there is one').fill('caught a cold')
  await panel(page).getByRole('button', { name: 'Cancel this appointment' }).click()
  await page.locator('.appointment[data-status="cancelled"]', { hasText: 'Ann Lee' }).waitFor()
  const { status, reason } = await clinic.appointment(id)
  assert.deepEqual([status, reason], ['cancelled', 'caught a cold'])
  assert.equal((await clinic.book('Bea Wood', '9:00')).success, true)
  const who = "SELECT detail ->> 'by' FROM booking.events WHERE org_id = $1 AND appointment_id = $2 AND kind = 'cancelled'"
  assert.equal(await one(who, [clinic.id, id]), 'booking_front_desk')
})

test('an appointment that is kept after all stays', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Ann Lee', '9:00')
  const page = await openBoard(t, clinic)
  await open(page, 'Ann Lee')
  await panel(page).getByRole('button', { name: 'Cancel appointment…' }).click()
  await panel(page).getByRole('button', { name: 'Keep it' }).click()
  await panel(page).getByRole('button', { name: 'Move…' }).waitFor()
  await page.keyboard.press('Escape')
  assert.equal((await clinic.appointment(id)).status, 'confirmed')
})

test('Move offers the free times of a day and moves it there', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Carol Hill', '9:00')
  await clinic.booked('Dan Stone', '10:00', { chair: 1 })
  const page = await openBoard(t, clinic)
  await open(page, 'Carol Hill')
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await panel(page).getByLabel('Where').selectOption({ label: 'Chair 2' })
  const times = panel(page).locator('.times[aria-busy="false"]')
  await times.getByRole('button', { name: '9:30 AM' }).waitFor()
  assert.equal(await times.getByRole('button', { name: '10:00 AM' }).count(), 0)
  assert.equal(await times.getByRole('button', { name: '1:00 PM' }).count(), 0)
  await times.getByRole('button', { name: '2:30 PM' }).click()
  await panel(page).getByRole('button', { name: /^Move to .*2:30 PM$/ }).click()
  await page.getByRole('list', { name: /^Chair 2/ }).getByText('Carol Hill').waitFor()
  const { starts, chair } = await clinic.appointment(id)
  assert.deepEqual([starts, chair], [`${clinic.monday} 14:30`, clinic.chairs[1]])
})

test('Move to another day goes where it was told', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Carol Hill', '9:00')
  const page = await openBoard(t, clinic)
  await open(page, 'Carol Hill')
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await panel(page).getByRole('button', { name: 'Day after' }).click()
  await panel(page).locator('.times[aria-busy="false"]').getByRole('button', { name: '9:30 AM' }).click()
  await panel(page).getByRole('button', { name: /^Move to / }).click()
  await appointment(page, 'Carol Hill').waitFor({ state: 'detached' })
  const tuesday = await one('SELECT ($1::date + 1)::text', [clinic.monday])
  assert.equal((await clinic.appointment(id)).starts, `${tuesday} 09:30`)
})

test('a time that somebody else has taken meanwhile is refused with a sentence', async (t) => {
  const clinic = await Clinic.open({ chairs: ['Chair 1'] })
  const id = await clinic.booked('Carol Hill', '9:00')
  const page = await openBoard(t, clinic)
  await open(page, 'Carol Hill')
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await panel(page).locator('.times[aria-busy="false"]').getByRole('button', { name: '2:30 PM' }).click()
  await clinic.booked('Dan Stone', '14:30')
  await panel(page).getByRole('button', { name: /^Move to / }).click()
  await panel(page).getByRole('alert').getByText(/14:30 is taken/).waitFor()
  // What is offered is offered anew.
  await panel(page).getByRole('button', { name: '2:30 PM' }).waitFor({ state: 'detached' })
  assert.equal((await clinic.appointment(id)).starts, `${clinic.monday} 09:00`)
})

test('whoever is about to cancel what somebody else moves meanwhile is told and looks again', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Ann Lee', '9:00')
  const page = await openBoard(t, clinic)
  await live(page)
  await open(page, 'Ann Lee')
  await panel(page).getByRole('button', { name: 'Cancel appointment…' }).click()
  await clinic.moved(id, clinic.monday, '15:30')
  await panel(page).getByRole('alert').getByText('It has been changed meanwhile: look again.').waitFor()
  await panel(page).getByText('3:30').first().waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.id), 'panel-title')
  assert.equal(await panel(page).getByRole('button', { name: 'Cancel this appointment' }).count(), 0)
  await panel(page).getByRole('button', { name: 'Move…' }).click()
  await clinic.moved(id, await one('SELECT ($1::date + 1)::text', [clinic.monday]), '15:30')
  await page.getByText('It has left this day meanwhile.').waitFor()
  await panel(page).waitFor({ state: 'hidden' })
  assert.equal((await clinic.appointment(id)).status, 'confirmed')
})

// A page that cannot read: what somebody has before them is as old as may be.
async function blind(page) {
  const calls = /\/board\/call\/agenda$/
  await page.route(calls, (route) => route.abort())
  return () => page.unroute(calls)
}

test('what was moved before the page could see it is neither cancelled nor moved, and is shown as it is', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Ann Lee', '9:00')
  const page = await openBoard(t, clinic, { forgives: ['Failed to load resource'] })
  await live(page)
  for (const [first, last, time, shown] of [['Cancel appointment…', 'Cancel this appointment', '15:30', '3:30'], ['Move…', /^Move to/, '16:00', '4:00']]) {
    await open(page, 'Ann Lee')
    await panel(page).getByRole('button', { name: first }).click()
    if (first === 'Move…') await panel(page).locator('.times[aria-busy="false"]').getByRole('button', { name: '10:30 AM' }).click()
    const see = await blind(page)
    await clinic.moved(id, clinic.monday, time)
    await panel(page).getByRole('button', { name: last }).click()
    await panel(page).getByRole('alert').getByText('It has been changed meanwhile: look again.').waitFor()
    const { status, starts } = await clinic.appointment(id)
    assert.deepEqual([status, starts], ['confirmed', `${clinic.monday} ${time}`])
    await see()
    await panel(page).getByText(shown).first().waitFor()
    await page.keyboard.press('Escape')
  }
})

test('an appointment that nobody has confirmed is confirmed', async (t) => {
  const clinic = await Clinic.open()
  const id = await clinic.booked('Eve Brook', '9:00')
  await admin.query("UPDATE booking.appointments SET status = 'pending' WHERE org_id = $1 AND id = $2", [clinic.id, id])
  const page = await openBoard(t, clinic)
  await open(page, 'Eve Brook')
  await panel(page).getByRole('button', { name: 'Confirm' }).click()
  await page.locator('.appointment[data-status="confirmed"]', { hasText: 'Eve Brook' }).waitFor()
  assert.equal((await clinic.appointment(id)).status, 'confirmed')
})

test('a hold is shown until it expires, and can be released', async (t) => {
  const clinic = await Clinic.open()
  const hold = (time) => one(
    `SELECT booking.hold_slot($1, 'Checkup', ($2::date + $3::time) AT TIME ZONE $4, NULL, $5)`,
    [clinic.id, clinic.monday, time, clinic.zone, clinic.chairs[0]])
  const { holdId } = await hold('9:00')
  const page = await openBoard(t, clinic)
  await open(page, 'Held')
  await panel(page).getByText(/Held until today, \d+:\d\d [AP]M/).waitFor()
  await panel(page).getByRole('button', { name: 'Release' }).click()
  await appointment(page, 'Held').waitFor({ state: 'detached' })
  assert.equal((await clinic.appointment(holdId)).status, 'cancelled')
})

test('what was not delivered is tried again', async (t) => {
  const clinic = await Clinic.open()
  await one('SELECT booking.set_messaging($1, true)', [clinic.id])
  const job = await clinic.undelivered(await clinic.booked('Finn Field', '9:00'))
  const page = await openBoard(t, clinic)
  await page.getByRole('button', { name: '1 not delivered' }).click()
  const dialog = page.getByRole('dialog', { name: 'Not delivered' })
  await dialog.getByText('The number cannot receive messages (30006)').waitFor()
  await dialog.getByRole('button', { name: 'Try again: Confirmation for Finn Field' }).click()
  await dialog.getByText('Everything has been delivered, or waits.').waitFor()
  assert.equal(await one('SELECT o.state FROM booking.outbox AS o WHERE o.org_id = $1 AND o.id = $2', [clinic.id, job]), 'available')
})

test('a role that may only look is offered nothing to do', async (t) => {
  const clinic = await Clinic.open()
  await one('SELECT booking.set_messaging($1, true)', [clinic.id])
  await clinic.undelivered(await clinic.booked('Grace Lee', '9:00'))
  const page = await openBoard(t, clinic, { token: onlooker(clinic) })
  await live(page)
  await open(page, 'Grace Lee')
  assert.deepEqual(await panel(page).getByRole('button').allTextContents(), ['Close'])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: '1 not delivered' }).click()
  await page.getByText('Your role may not have them tried again.').waitFor()
  assert.equal(await page.getByRole('button', { name: /Try again/ }).count(), 0)
})

test('a phone number leads to everything on record of it', async (t) => {
  const clinic = await Clinic.open()
  await clinic.booked('Hugo Marsh', '9:00', { phone: '+14155550188', day: 2 })
  const page = await openBoard(t, clinic, { forgives: ['status of 400'] })
  await page.getByLabel('Search by phone').fill('(415) 555-0188')
  await page.keyboard.press('Enter')
  const found = page.getByRole('dialog', { name: '(415) 555-0188' })
  await found.getByText(/Booked Checkup for Wednesday/).waitFor()
  await found.getByRole('button', { name: /^Open: Booked Checkup/ }).click()
  await panel(page).getByRole('heading', { name: 'Hugo Marsh' }).waitFor()
  assert.equal(await page.locator('#date').inputValue(), await one('SELECT ($1::date + 2)::text', [clinic.monday]))
  await page.keyboard.press('Escape')
  await page.getByLabel('Search by phone').fill('555')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: '555' }).getByRole('alert').getByText('phone').waitFor()
})

test('the timeline of a patient and the states of message and event are in the panel', async (t) => {
  const clinic = await Clinic.open()
  await one('SELECT booking.set_messaging($1, true), booking.set_calendar($1, true)', [clinic.id])
  await clinic.booked('Iris Wood', '9:00')
  const page = await openBoard(t, clinic)
  await open(page, 'Iris Wood')
  for (const text of ['+14155550123', 'Text message waits to be sent', 'Waits for the calendar', 'Chair 1']) {
    await panel(page).getByText(text).first().waitFor()
  }
  await panel(page).getByText(/Booked Checkup for Monday/).waitFor()
  // The panel follows what happens while it is open.
  await live(page)
  const id = await one('SELECT a.id FROM booking.appointments AS a WHERE a.org_id = $1', [clinic.id])
  await one('SELECT booking.cancel_appointment($1, $2)', [clinic.id, id])
  await panel(page).getByText('Cancelled', { exact: true }).waitFor()
  await until(async () => (await panel(page).getByRole('button', { name: 'Move…' }).count()) === 0, 'nothing is offered any more')
  await panel(page).locator('.timeline').getByText(/^Cancelled/).waitFor()
})

test('free times are those of the service that is chosen', async (t) => {
  const clinic = await Clinic.open({ chairs: ['Chair 1'] })
  await clinic.booked('Jon Field', '10:00')
  const page = await openBoard(t, clinic)
  const count = page.getByRole('region', { name: 'Chair 1' }).locator('.count')
  await count.getByText('13 free').waitFor()
  await page.getByLabel('Free times for').selectOption({ label: 'Free for Root canal' })
  await count.getByText('7 free').waitFor()
  await goTo(page, clinic.monday)
})
