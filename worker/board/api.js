// What the worker is asked.

import { token } from './session.js'

const base = new URL('.', import.meta.url)

// The token is missing, is not valid, or not any more.
export class SignedOut extends Error {}

// The answer is no, in a sentence for whoever has asked; `code` is its name, where the database has given one.
export class Refused extends Error {
  constructor(message, code = null) {
    super(message)
    this.code = code
  }
}

export const authorization = () => ({ Authorization: `Bearer ${token() ?? ''}` })

export const eventsAddress = new URL('../events', base)

async function ask(address, options) {
  if (!token()) throw new SignedOut('no token')
  let response
  try {
    response = await fetch(address, { ...options, cache: 'no-store' })
  } catch {
    throw new Refused('The board cannot reach its server.')
  }
  if (response.status === 401) throw new SignedOut('the token is not valid')
  const answer = await response.json().catch(() => null)
  if (!response.ok) throw new Refused(sentence(answer, response.status))
  return answer
}

function sentence(answer, status) {
  const message = answer?.message ?? `The server has answered ${status}.`
  return answer?.hint ? `${message} (${answer.hint})` : message
}

// Calls a function of the database with named arguments. What it refuses in its answer is an error like any other; its `message` is
// for a caller on the phone, its `detail` for whoever has asked here.
export async function call(name, parameters = {}) {
  const headers = { ...authorization(), 'Content-Type': 'application/json' }
  const answer = await ask(new URL(`call/${name}`, base), { method: 'POST', headers, body: JSON.stringify(parameters) })
  if (answer?.success === false) throw new Refused(answer.detail ?? answer.message, answer.error)
  return answer
}

// Calls a function that changes an appointment. Where the appointment is not any more as it is here, nothing is done, and the code
// of the error is `changed_meanwhile`.
export const change = (name, { startsAt, resourceId, status }, parameters) =>
  call(name, { ...parameters, p_seen: { startsAt, resourceId, status } })

// The functions that this token may call.
export async function allowed() {
  const { functions } = await ask(new URL('call', base), { headers: authorization() })
  return new Set(functions)
}
