// Who looks: the token, which stays in this tab. It comes in the fragment of the address, which browsers send nowhere, or is pasted.

const KEY = 'booking-board-token'

// Takes the token out of the address, if it is there; whether it was.
export function takeFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (!token) return false
  history.replaceState(null, '', location.pathname + location.search)
  keep(token)
  return true
}

export const token = () => sessionStorage.getItem(KEY)

// A pasted token may bring the rest of its line along.
export const keep = (text) => sessionStorage.setItem(KEY, text.trim().replace(/^Bearer\s+/i, ''))

export const forget = () => sessionStorage.removeItem(KEY)
