// Who looks: the token, which stays in this tab. It comes in the fragment of the address, which browsers send nowhere, or is pasted.

const KEY = 'booking-board-token'

// Takes the token out of the address; null where it brings none.
export function takeFromAddress() {
  const brought = new URLSearchParams(location.hash.slice(1)).get('token')
  if (brought) history.replaceState(null, '', location.pathname + location.search)
  return brought && plain(brought)
}

export const token = () => sessionStorage.getItem(KEY)

// A pasted token may bring the rest of its line along.
const plain = (text) => text.trim().replace(/^Bearer\s+/i, '')

export const keep = (text) => sessionStorage.setItem(KEY, plain(text))

export const forget = () => sessionStorage.removeItem(KEY)

// Whether somebody is signed in. A token that has expired, or is none, is nobody's any more.
export function isInUse() {
  try {
    const claims = JSON.parse(atob(token().split('.')[1].replaceAll('-', '+').replaceAll('_', '/')))
    return 1000 * claims.exp > Date.now()
  } catch {
    return false
  }
}
