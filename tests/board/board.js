// The board in a browser, as somebody at a front desk has it.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

import { chromium } from 'playwright-core'

import { startWorker } from './worker.js'
import { frontDesk } from './tokens.js'

export const pictures = fileURLToPath(new URL('../../target/board/', import.meta.url))
mkdirSync(pictures, { recursive: true })

export const worker = await startWorker()

const browser = await chromium.launch({
  executablePath: process.env.BOOKING_CHROMIUM || '/usr/bin/chromium',
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server'],
})
after(() => browser.close())

// BOOKING_BOARD_FILES=worker/board shows the files as they are in the tree, while they are being written: the worker has them inside.
const fromTree = process.env.BOOKING_BOARD_FILES

const serveFromTree = (context) => context.route(/\/board(\/\w+\.(js|css))?$/, async (route) => {
  const response = await route.fetch()
  const name = new URL(route.request().url()).pathname.slice('/board/'.length) || 'index.html'
  await route.fulfill({ response, body: readFileSync(`${fromTree}/${name}`, 'utf8') })
})

// Opens the board with a token, in a browser of its own; whatever goes wrong in it fails the test that opened it.
export async function openBoard(test, clinic, { token = frontDesk(clinic), url = worker.url, date = clinic?.monday, forgives = [], ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 }, locale: 'en-US', reducedMotion: 'reduce', ...options })
  if (fromTree) await serveFromTree(context)
  const page = await context.newPage()
  const troubles = []
  page.on('pageerror', (error) => troubles.push(`${error}`))
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && troubles.push(message.text()))
  await page.addInitScript(() => addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    console.error(`policy: ${violatedDirective} ${blockedURI}`)))
  test.after(async () => {
    await context.close()
    assert.deepEqual(troubles.filter((text) => !forgives.some((known) => text.includes(known))), [])
  })
  await page.goto(`${url}/board${token ? `#token=${token}` : ''}`)
  if (token && date) {
    await page.locator('#calendar[aria-busy="false"]').waitFor()
    await goTo(page, date)
  }
  return page
}

export async function goTo(page, date) {
  await page.locator('#date').fill(date)
  await page.locator('#calendar[aria-busy="false"]').waitFor()
}

export const live = (page) => page.locator('#live[data-state="live"]').waitFor()

// The appointment of somebody, on the board.
export const appointment = (page, name) => page.locator('.appointment', { hasText: name })

export const panel = (page) => page.locator('#panel[open]')
