// Everything by the keyboard: letters for what is shown, arrows between appointments. One appointment at a time is in the order of
// the tab key.

const LETTERS = 'booking-board-letters'

// Whether a letter alone does something. Whoever speaks to a computer, or presses keys by accident, can do without.
export const lettersAct = () => localStorage.getItem(LETTERS) !== 'off'
export const letLettersAct = (isOn) => localStorage.setItem(LETTERS, isOn ? 'on' : 'off')

const isTyping = ({ target, ctrlKey, metaKey, altKey }) =>
  ctrlKey || metaKey || altKey || target.closest?.('input, select, textarea') || document.querySelector('dialog[open]')

// `keys` is what each letter does.
export function startKeyboard(main, keys) {
  addEventListener('keydown', (event) => {
    if (isTyping(event)) return
    const next = event.target.matches?.('.appointment') ? neighbour(event.target, event.key) : null
    const act = next ? () => next.focus() : lettersAct() && keys[event.key]
    if (!act) return
    event.preventDefault()
    act()
  })
  main.addEventListener('focusin', ({ target }) => target.matches('.appointment') && beNext(main, target))
}

// Keeps one appointment in the order of the tab key: that which was last in focus, or the first.
export function keepTabStop(main) {
  const all = [...main.querySelectorAll('.appointment')]
  beNext(main, all.find(({ tabIndex }) => tabIndex === 0) ?? all[0])
}

function beNext(main, chosen) {
  for (const each of main.querySelectorAll('.appointment[tabindex="0"]')) if (each !== chosen) each.tabIndex = -1
  if (chosen) chosen.tabIndex = 0
}

const lists = () => [...document.querySelectorAll('main .appointments')].map((list) => [...list.querySelectorAll('.appointment')])

// The appointment that an arrow leads to.
function neighbour(from, key) {
  const columns = lists().filter((list) => list.length > 0)
  const x = columns.findIndex((list) => list.includes(from))
  const y = columns[x]?.indexOf(from) ?? -1
  if (x < 0) return null
  if (key === 'ArrowDown') return columns[x][y + 1] ?? from
  if (key === 'ArrowUp') return columns[x][y - 1] ?? from
  if (key === 'ArrowRight' || key === 'ArrowLeft') return nearest(columns[x + (key === 'ArrowRight' ? 1 : -1)] ?? [], from) ?? from
  if (key === 'Home') return columns[x][0]
  if (key === 'End') return columns[x].at(-1)
  return null
}

function nearest(list, from) {
  const height = (node) => node.getBoundingClientRect().top
  const distance = (node) => Math.abs(height(node) - height(from))
  return list.reduce((best, node) => (best && distance(best) <= distance(node) ? best : node), null)
}
