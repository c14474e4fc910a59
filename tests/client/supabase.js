// Supabase's client, as those use it who call the functions, and plain requests for what it does not let through.

import { after } from 'node:test'

import { createClient } from '@supabase/supabase-js'

import { startPostgrest } from './postgrest.js'
import { anonKey, memberOf, serviceKey } from './tokens.js'

const { url, stop } = await startPostgrest()
after(stop)

export { url }

const options = { db: { schema: 'booking' }, auth: { persistSession: false, autoRefreshToken: false } }

// A visitor's client, before anybody signs in.
export const visitor = createClient(url, anonKey, options)

// The client of a server that holds the secret key.
export const backend = createClient(url, serviceKey, options)

// The client of somebody who is signed in with this token.
export const signedIn = (token) => createClient(url, anonKey, { db: options.db, accessToken: async () => token })

export const member = (orgId) => signedIn(memberOf(orgId))

// What a function answers. An error is not an answer.
export async function call(client, name, parameters) {
  const { data, error } = await client.rpc(name, parameters)
  if (error) throw new Error(`${name}: ${JSON.stringify(error)}`)
  return data
}

// A request as curl sends it: the status and the body that comes back.
export async function send(method, path, { token, body } = {}) {
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  }
  const response = await fetch(`${url}/rest/v1${path}`, {
    method, headers, body: typeof body === 'object' ? JSON.stringify(body) : body,
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}
