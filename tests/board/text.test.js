// Whatever somebody is called, it is a name and nothing else.

import assert from 'node:assert/strict'
import test from 'node:test'

import { appointment, live, openBoard, panel } from './board.js'
import { admin, Clinic } from './clinic.js'

const HOSTILE = [
  '<script>window.broken = true</script>',
  '<img src=x onerror="window.broken = true">',
  '"><style>*{display:none}</style>',
  '&lt;b&gt; {{7*7}} ${7*7}',
]

test('markup in names, services, reasons and errors is only text', async (t) => {
  const clinic = await Clinic.open({ name: HOSTILE[1], chairs: [HOSTILE[0], 'Chair 2'] })
  const ids = []
  for (const [place, name] of HOSTILE.entries()) {
    const id = await clinic.booked('Ann Lee', ['9:00', '10:00', '11:00', '13:30'][place], { service: name, phone: `+1415555010${place}` })
    await admin.query('UPDATE booking.appointments SET patient_name = $3 WHERE org_id = $1 AND id = $2', [clinic.id, id, name])
    ids.push(id)
  }
  await admin.query('SELECT booking.cancel_appointment($1, $2, $3)', [clinic.id, ids[3], HOSTILE[0]])
  await admin.query(
    "SELECT booking.add_busy_block($1, $2, ($3::date + time '15:00') AT TIME ZONE $4, ($3::date + time '16:00') AT TIME ZONE $4, $5)",
    [clinic.id, clinic.chairs[0], clinic.monday, clinic.zone, HOSTILE[1]])
  const page = await openBoard(t, clinic, { forgives: ['status of 400'] })
  await live(page)
  for (const name of HOSTILE) assert.equal(await appointment(page, name).first().isVisible(), true, name)
  await page.locator('.away', { hasText: HOSTILE[1] }).waitFor()
  await appointment(page, HOSTILE[0]).first().click()
  await panel(page).getByRole('heading', { name: HOSTILE[0] }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByLabel('Search by phone').fill('<script>')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: '<script>' }).getByRole('alert').waitFor()
  assert.equal(await page.evaluate(() => window.broken), undefined)
  assert.equal(await page.locator('main script, main style, main img, dialog script').count(), 0)
})

test('a script that got into the page would not run', async (t) => {
  const clinic = await Clinic.open()
  const page = await openBoard(t, clinic, { forgives: ['Content Security Policy', 'policy: script-src', 'policy: style-src', 'policy: connect-src', 'policy: img-src'] })
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.broken = true'
    document.body.append(script)
    document.body.setAttribute('style', 'display: none')
    document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/x.png' }))
  })
  assert.equal(await page.evaluate(() => window.broken), undefined)
  assert.equal(await page.locator('main').isVisible(), true)
})

test('the longest names break nothing', async (t) => {
  const clinic = await Clinic.open({ chairs: ['Chair '.repeat(30), 'W'.repeat(190)] })
  const id = await clinic.booked('Ann Lee', '9:00', { service: 'X'.repeat(200) })
  await admin.query('UPDATE booking.appointments SET patient_name = $3 WHERE org_id = $1 AND id = $2', [clinic.id, id, 'Wolfeschlegelsteinhausen'.repeat(8)])
  for (const viewport of [{ width: 1280, height: 860 }, { width: 360, height: 740 }]) {
    const page = await openBoard(t, clinic, { viewport })
    await page.locator('.appointment').click()
    await panel(page).getByRole('button', { name: 'Move…' }).waitFor()
    const { wide, has } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, has: innerWidth }))
    assert.ok(wide <= has, `${wide} in ${has}`)
  }
})
