// The programs of README.md, taken from the page and run unchanged, as a reader would run them: each twice with the same time.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { appointments, one, openClinic } from './clinic.js'
import { nodeModules, python, readme, results, rustManifest } from './places.js'
import { url } from './supabase.js'
import { serviceKey } from './tokens.js'

// Not the one that waits: the gateway to PostgREST is in this process.
const run = promisify(execFile)

const [, section] = readFileSync(readme, 'utf8').match(/^## From your program\n(.*?)^## /ms)
const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({ language, text }))

// The one block of a language that has these words.
function block(language, words = '') {
  const found = blocks.filter((candidate) => candidate.language === language && candidate.text.includes(words))
  assert.equal(found.length, 1, `README.md has ${found.length} blocks of ${language} with "${words}"`)
  return found[0].text
}

function put(path, text) {
  writeFileSync(join(results, path), text)
  return join(results, path)
}

// Node looks for libraries beside the program.
function javascript(name, words) {
  rmSync(join(results, 'node_modules'), { force: true })
  symlinkSync(nodeModules, join(results, 'node_modules'))
  return [process.execPath, put(name, block('js', words))]
}

async function rust() {
  put('book.rs', block('rust'))
  const target = join(results, 'rust')
  await run('cargo', ['build', '--quiet', '--locked', '--manifest-path', rustManifest, '--target-dir', target])
  return [join(target, 'debug', 'book')]
}

const environment = {
  ...process.env,
  PGUSER: 'booking_test_program',
  DATABASE_URL: `host=${process.env.PGHOST} port=${process.env.PGPORT} user=booking_test_program dbname=${process.env.PGDATABASE}`,
  SUPABASE_URL: url,
  SUPABASE_KEY: serviceKey,
}

const dayOf = (instant, year) =>
  instant.toLocaleDateString('en-US', { weekday: 'long', month: 'long', day: 'numeric', year, timeZone: 'America/New_York' })

const yearOf = (instant) => instant.toLocaleDateString('en-US', { year: 'numeric', timeZone: 'America/New_York' })

// What README.md says the program prints, moved from its day to that of `start`. Another year than this is named.
function promised(start) {
  const written = new Date(block('sh').match(/\S+$/m)[0])
  const text = block('text')
  assert.ok(text.includes(dayOf(written)), `README.md speaks of another day than ${dayOf(written)}`)
  const moved = (instant) => new Date(start.getTime() + (new Date(instant) - written)).toISOString().replace('.000Z', 'Z')
  const day = dayOf(start, yearOf(start) === yearOf(new Date()) ? undefined : 'numeric')
  return text.replace(dayOf(written), day).replace(/^\S+Z$/gm, moved)
}

mkdirSync(results, { recursive: true })

for (const [name, prepare] of [
  ['pg', () => javascript('pg.mjs', "from 'pg'")],
  ['psycopg', () => [python, put('book.py', block('python', 'import psycopg'))]],
  ['tokio-postgres', rust],
  ['supabase-js', () => javascript('supabase.mjs', "from '@supabase/supabase-js'")],
]) {
  test(`the program with ${name} books, and prints the alternatives when it is refused`, async () => {
    const [command, ...program] = await prepare()
    const clinic = await openClinic('America/New_York')
    const start = await one("SELECT (current_date + 7 + time '14:30') AT TIME ZONE 'America/New_York'")
    let printed = ''
    for (let attempt = 1; attempt <= 2; attempt++) {
      const { stdout } = await run(command, [...program, clinic, start.toISOString()], { env: environment, timeout: 60_000 })
      printed += stdout
    }
    assert.equal(printed, promised(start))
    const [{ name: booked, starts_at }, ...others] = await appointments(clinic)
    assert.deepEqual({ booked, starts_at, others }, { booked: "Mary-Jane O'Neil", starts_at: start, others: [] })
  })
}

test('every program of the page is run', () => {
  const programs = blocks.filter(({ language }) => !['sh', 'text'].includes(language))
  assert.deepEqual(programs.map(({ language }) => language), ['js', 'python', 'rust', 'js'])
})
