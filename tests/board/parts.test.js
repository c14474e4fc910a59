// The parts of the page that need no page.

import assert from 'node:assert/strict'
import test from 'node:test'

// Node.js has no navigator before version 21.
globalThis.navigator ??= { languages: ['en-US'] }

const { closedBetween, sideBySide, stretches } = await import('../../worker/board/free.js')
const { Parser } = await import('../../worker/board/stream.js')
const time = await import('../../worker/board/time.js')

test('free times that follow each other are one stretch', () => {
  const slot = (from, to) => ({ from, to })
  assert.deepEqual(stretches([slot(570, 600), slot(540, 570), slot(660, 720), slot(690, 750)]), [
    { from: 540, to: 600, count: 2 }, { from: 660, to: 750, count: 2 }])
  assert.deepEqual(stretches([]), [])
})

test('what is not open is closed, in whatever order windows come', () => {
  assert.deepEqual(closedBetween([[780, 1020], [540, 720]], 480, 1080), [[480, 540], [720, 780], [1020, 1080]])
  assert.deepEqual(closedBetween([], 480, 1080), [[480, 1080]])
  assert.deepEqual(closedBetween([[0, 1560]], 0, 1440), [])
})

test('what overlaps stands beside each other, and what does not has all the room', () => {
  const entries = [[540, 600], [560, 620], [600, 660], [700, 760]].map(([from, to]) => ({ from, to }))
  sideBySide(entries)
  assert.deepEqual(entries.map(({ lane, lanes }) => [lane, lanes]), [[0, 2], [1, 2], [0, 2], [0, 1]])
})

test('events are read however their bytes are cut', () => {
  const text = 'retry: 2000\n\nid: p0\n\n: heartbeat\n\nid: p1\nevent: booked\ndata: {"a":1}\n\nevent: reset\r\ndata: {}\r\nid: p9\r\n\r\nevent: slow\ndata:{}\n\n'
  const expected = [
    { id: 'p0', kind: null, data: '' }, { id: 'p1', kind: 'booked', data: '{"a":1}' }, { id: 'p9', kind: 'reset', data: '{}' },
    { id: null, kind: 'slow', data: '{}' }]
  for (const size of [1, 2, 3, 7, text.length]) {
    const taken = []
    const parser = new Parser((event) => taken.push(event))
    for (let at = 0; at < text.length; at += size) parser.feed(text.slice(at, at + size))
    assert.deepEqual(taken, expected, `in pieces of ${size}`)
  }
})

test('an event that breaks off is none', () => {
  const taken = []
  new Parser((event) => taken.push(event)).feed('id: p1\nevent: booked\ndata: {}\n')
  assert.deepEqual(taken, [])
})

test('times are said as people say them', () => {
  assert.deepEqual([0, 570, 720, 1439, 1470].map(time.clock), ['12:00 AM', '9:30 AM', '12:00 PM', '11:59 PM', '12:30 AM'])
  assert.deepEqual([[870, 900], [690, 750], [540, 1440], [720, 780]].map(([from, to]) => time.stretch(from, to)), [
    '2:30 – 3:00 PM', '11:30 AM – 12:30 PM', '9:00 AM – 12:00 AM', '12:00 – 1:00 PM'])
})

test('days are counted without a clock', () => {
  assert.equal(time.addDays('2026-02-28', 1), '2026-03-01')
  assert.equal(time.addDays('2027-01-01', -1), '2026-12-31')
  assert.deepEqual(['2026-11-30', '2026-12-06', '2026-12-07'].map(time.monday), ['2026-11-30', '2026-11-30', '2026-12-07'])
  assert.equal(time.weekName('2026-11-30', '2026-12-06'), 'November 30 – December 6')
  assert.equal(time.weekName('2026-12-07', '2026-12-13'), 'December 7 – 13')
  assert.equal(time.dayName('2027-01-04', '2026-12-31'), 'Monday, January 4, 2027')
})

test('an instant stands where the clock of its place shows it', () => {
  assert.deepEqual(time.inZone('2026-03-08T06:30:00Z', 'America/New_York'), { date: '2026-03-08', minute: 90 })
  assert.deepEqual(time.inZone('2026-03-08T07:30:00Z', 'America/New_York'), { date: '2026-03-08', minute: 210 })
  assert.deepEqual(time.inZone('2026-11-24T05:00:00+00:00', 'America/New_York'), { date: '2026-11-24', minute: 0 })
  assert.deepEqual(time.onClock('2026-11-24T14:30:00-05:00'), { date: '2026-11-24', minute: 870 })
})
