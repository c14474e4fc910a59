// Tokens as PostgREST and the worker believe them: signed with HMAC-SHA256.

import { createHmac } from 'node:crypto'

export const secret = 'a secret of the tests, of at least 32 characters'

const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url')

export function sign(claims, { key = secret, seconds = 3600 } = {}) {
  const lasting = { exp: Math.floor(Date.now() / 1000) + seconds, ...claims }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(lasting)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

export const frontDesk = ({ id }, options) => sign({ role: 'booking_front_desk', org_id: id }, options)
export const onlooker = ({ id }) => sign({ role: 'booking_onlooker', org_id: id })
