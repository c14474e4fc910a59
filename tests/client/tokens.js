// JSON Web Tokens as Supabase issues them: signed with HMAC-SHA256, the database role in `role`, the organization in `org_id`.

import { createHmac } from 'node:crypto'

export const secret = 'a secret of the tests, of at least 32 characters'

const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url')

// A token with these claims that is valid for an hour.
export function sign(claims, { key = secret, algorithm = 'HS256' } = {}) {
  const lasting = { exp: Math.floor(Date.now() / 1000) + 3600, ...claims }
  const signed = `${encode({ alg: algorithm, typ: 'JWT' })}.${encode(lasting)}`
  return `${signed}.${algorithm === 'none' ? '' : createHmac('sha256', key).update(signed).digest('base64url')}`
}

export const anonKey = sign({ role: 'anon' })
export const serviceKey = sign({ role: 'service_role' })

// The token of a user who is signed in and belongs to an organization.
export const memberOf = (orgId) => sign({ role: 'authenticated', sub: 'a-user', org_id: orgId })
