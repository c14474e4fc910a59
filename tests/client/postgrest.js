// PostgREST as Supabase runs it: behind a gateway that serves it under /rest/v1. PostgREST listens on a unix socket and the
// gateway on a port that the system chooses, so that no two runs want the same one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { postgrest as binary, results } from './places.js'
import { secret } from './tokens.js'

const patience = 60_000

// Starts both and returns the gateway's address, as SUPABASE_URL has it, and how to end them.
export async function startPostgrest() {
  const directory = mkdtempSync(join(tmpdir(), 'postgrest-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const socketPath = join(directory, 'socket')
  const postgrest = spawnPostgrest(socketPath)
  const gateway = createServer((incoming, outgoing) => forward(incoming, outgoing, socketPath))
  const stop = async () => {
    gateway.close()
    gateway.closeAllConnections()
    await postgrest.end()
  }
  try {
    await untilReady(socketPath, postgrest)
    gateway.listen(0, '127.0.0.1')
    await once(gateway, 'listening')
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${gateway.address().port}`, stop }
}

// The database is that of the PG... variables, in which it logs in as the authenticator.
function spawnPostgrest(socketPath) {
  mkdirSync(results, { recursive: true })
  // The log of booking.test.js is booking.test.log.
  const logPath = join(results, `${basename(process.argv[1], '.js')}.log`)
  const log = openSync(logPath, 'w')
  const settings = {
    PGRST_DB_URI: 'postgresql://authenticator@',
    PGRST_DB_SCHEMAS: 'booking',
    PGRST_DB_ANON_ROLE: 'anon',
    PGRST_JWT_SECRET: secret,
    PGRST_SERVER_UNIX_SOCKET: socketPath,
  }
  const child = spawn(binary, { env: { ...process.env, ...settings }, stdio: ['ignore', log, log] })
  const exited = once(child, 'exit')
  // However this process ends, PostgREST ends with it.
  process.once('exit', () => child.kill('SIGKILL'))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  return {
    failed: () => child.exitCode !== null && `PostgREST ended with status ${child.exitCode}:\n${readFileSync(logPath, 'utf8')}`,
    logged: () => readFileSync(logPath, 'utf8'),
    end: async () => {
      child.kill()
      await exited
    },
  }
}

// It answers when it has read the functions and tables of the schema.
async function untilReady(socketPath, postgrest) {
  const deadline = Date.now() + patience
  while ((await statusOfRoot(socketPath)) !== 200) {
    if (postgrest.failed()) throw new Error(postgrest.failed())
    if (Date.now() > deadline) throw new Error(`PostgREST does not answer:\n${postgrest.logged()}`)
    await delay(20)
  }
}

function statusOfRoot(socketPath) {
  return new Promise((resolve) => {
    const probe = request({ socketPath, path: '/' }, (answer) => resolve(answer.resume().statusCode))
    probe.on('error', () => resolve(0))
    probe.end()
  })
}

function forward(incoming, outgoing, socketPath) {
  const [, path] = incoming.url.match(/^\/rest\/v1(\/.*)$/) ?? []
  if (!path) return outgoing.writeHead(404).end()
  const { method, headers } = incoming
  const forwarded = request({ socketPath, path, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers)
    answer.pipe(outgoing)
  })
  forwarded.on('error', (error) => outgoing.writeHead(502).end(String(error)))
  incoming.pipe(forwarded)
}
