// The events of the organization as they happen: GET /events, read by fetch, since EventSource sends no Authorization. It is
// resumed after the last one that was seen, without a gap.

import { authorization, eventsAddress } from './api.js'

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 15_000
// The server says something every 15 seconds.
const SILENCE = 40_000

export class Stream {
  #lastId = null
  #pause = FIRST_PAUSE
  #running = null

  // `tell` has the methods state(word), event(kind, event), reset() and signedOut().
  constructor(tell) {
    this.tell = tell
    addEventListener('online', () => this.#running?.wake?.())
  }

  // Follows what happens after `position`, unless it has already begun to.
  follow(position) {
    if (this.#lastId) return
    this.#lastId = position
    this.#running = {}
    this.#run(this.#running)
  }

  stop() {
    this.#running?.abort?.()
    this.#running?.wake?.()
    this.#running = null
  }

  async #run(run) {
    while (this.#running === run) {
      let wanted = null
      try {
        wanted = await this.#connect(run)
      } catch {
        // Whatever broke it, it is begun again.
      }
      if (this.#running !== run) return
      this.tell.state('reconnecting')
      await new Promise((resolve) => {
        run.wake = resolve
        setTimeout(resolve, wanted ?? this.#pause * (0.5 + Math.random() / 2))
      })
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
    }
  }

  // Reads until the connection ends; how long to wait then, in milliseconds, if the server has said so.
  async #connect(run) {
    const stopped = new AbortController()
    run.abort = () => stopped.abort()
    const headers = { ...authorization(), Accept: 'text/event-stream', 'Last-Event-ID': this.#lastId }
    let watch = setTimeout(run.abort, SILENCE)
    try {
      const response = await fetch(eventsAddress, { headers, signal: stopped.signal, cache: 'no-store' })
      if (response.status === 401) return this.#end()
      if (response.status === 403) return this.#giveUp()
      if (!response.ok) return 1000 * Number(response.headers.get('Retry-After')) || null
      this.tell.state('live')
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      const parser = new Parser((event) => this.#take(event))
      for (;;) {
        const { value, done } = await reader.read()
        if (done) return null
        clearTimeout(watch)
        watch = setTimeout(run.abort, SILENCE)
        this.#pause = FIRST_PAUSE
        parser.feed(value)
      }
    } finally {
      clearTimeout(watch)
    }
  }

  #take({ id, kind, data }) {
    if (id !== null) this.#lastId = id
    if (kind === 'expired') this.#end()
    // The right was taken away.
    else if (kind === 'forbidden') this.#giveUp()
    else if (kind === 'reset') this.tell.reset()
    // The server says these before it ends the connection; without a kind only the place is told.
    else if (kind !== null && kind !== 'slow' && kind !== 'closing') this.tell.event(kind, JSON.parse(data))
  }

  // This role may not follow what happens; asking again would not help.
  #giveUp() {
    this.stop()
    this.tell.state('off')
    return null
  }

  #end() {
    this.stop()
    this.tell.signedOut()
    return null
  }
}

// Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them.
export class Parser {
  #rest = ''
  #event = { id: null, kind: 'message', data: [] }

  constructor(take) {
    this.take = take
  }

  feed(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop()
    lines.forEach((line) => this.#line(line))
  }

  #line(line) {
    if (line === '') {
      const { id, kind, data } = this.#event
      this.#event = { id: null, kind: 'message', data: [] }
      if (data.length > 0 || id !== null) this.take({ id, kind: data.length > 0 ? kind : null, data: data.join('\n') })
      return
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line)
    if (field === 'id') this.#event.id = value
    else if (field === 'event') this.#event.kind = value
    else if (field === 'data') this.#event.data.push(value)
  }
}
