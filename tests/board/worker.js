// The worker, as its operator starts it.

import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

import { until } from './clinic.js'
import { secret } from './tokens.js'

const tree = fileURLToPath(new URL('../../', import.meta.url))
export const binary = process.env.BOOKING_WORKER_BIN || `${tree}target/release/booking-worker`
const logs = `${tree}tests/results/board`
mkdirSync(logs, { recursive: true })

const { PGHOST, PGPORT, PGDATABASE, PATH } = process.env
const keys = execFileSync(binary, ['keys', 'generate', 'test'], { encoding: 'utf8' })

export const environment = {
  PATH,
  BOOKING_DATABASE_URL: `host=${PGHOST} port=${PGPORT} dbname=${PGDATABASE} user=booking_board_worker`,
  BOOKING_KEYS: keys,
  BOOKING_JWT_SECRET: secret,
  BOOKING_POLL_MS: '50',
  BOOKING_DRAIN_SECONDS: '1',
}

let count = 0

// Starts a worker that is at work; `port` 0 is any that is free. It is gone when the tests of the file end.
export async function startWorker({ port = 0, without = [], more = {} } = {}) {
  const log = `${logs}/worker-${process.pid}-${++count}.log`
  writeFileSync(log, '')
  const env = Object.fromEntries(Object.entries(environment).filter(([name]) => !without.includes(name)))
  const child = spawn(binary, ['run'], { env: { ...env, ...more, BOOKING_LISTEN: `127.0.0.1:${port}` }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
      appendFileSync(log, text)
    })
  }
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const stop = async (signal = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  after(() => stop())
  const address = await until(() => {
    if (child.exitCode !== null) throw new Error(said)
    return /at work.*listening="?([\d.:]+)/.exec(said.replaceAll(/\x1b\[[0-9;]*m/g, ''))?.[1]
  }, 'the worker is at work')
  return { url: `http://${address}`, port: Number(address.split(':')[1]), stop, log: () => said }
}
