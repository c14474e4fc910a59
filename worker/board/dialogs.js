// What dialogs have in common, and the two that only say something: the keys, and signing in.

import { byId, element, icon } from './dom.js'
import { lettersAct, letLettersAct } from './keyboard.js'
import { keep } from './session.js'

// Shows a dialog with a heading and this content.
export function open(id, title, ...content) {
  const dialog = byId(id)
  const close = element(
    'button', { type: 'button', class: 'quiet close', on: { click: () => dialog.close() } },
    icon('close'), element('span', { class: 'visually-hidden' }, 'Close'))
  dialog.replaceChildren(element('header', {}, element('h2', { id: `${id}-title`, tabIndex: -1 }, title), close), ...content.flat())
  if (!dialog.open) dialog.showModal()
  return dialog
}

// A click beside a dialog closes it. What is inside of its border is the dialog's own, also where there is nothing.
export function closeByClick(dialog) {
  dialog.addEventListener('click', ({ target, clientX: x, clientY: y }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect()
    if (target === dialog && (x < left || x > right || y < top || y > bottom)) dialog.close()
  })
}

export const button = (text, click, properties = {}) =>
  element('button', { type: 'button', ...properties, on: { click } }, text)

// What went wrong, in a place that is read out.
export const problem = () => element('p', { class: 'problem', role: 'alert' })

// Runs what a button does; while it runs nothing can be pressed, and what goes wrong is said in `place`.
export async function attempt(dialog, place, work) {
  const buttons = [...dialog.querySelectorAll('button:not(.close)')].filter(({ disabled }) => !disabled)
  buttons.forEach((each) => (each.disabled = true))
  dialog.ariaBusy = 'true'
  place.textContent = ''
  try {
    await work()
  } catch (error) {
    place.textContent = error.message
    return error
  } finally {
    dialog.ariaBusy = 'false'
    buttons.forEach((each) => (each.disabled = false))
  }
}

const KEYS = [
  ['← ↑ → ↓', 'From one appointment to the next'],
  ['Enter', 'Open an appointment'],
  ['t', 'Today'],
  ['p  n', 'The day or week before, and after'],
  ['d  w', 'Day, week'],
  ['c', 'Show or hide what was cancelled'],
  ['/', 'Search by phone'],
  ['Esc', 'Close'],
  ['?', 'This help'],
]

// Asks whether the token that the address has brought takes the place of the one in use; `use` is called where it does.
export function askForAnother(use) {
  const stay = button('Stay as I am', () => byId('another').close(), { class: 'main' })
  open('another', 'Another token', element('p', {}, 'The address has brought another token. With it you are perhaps somebody else, of another organization.'),
    element('div', { class: 'actions' }, stay, button('Use the other token', use)))
  stay.focus()
}

export function showKeys() {
  const rows = KEYS.flatMap(([keys, what]) => [
    element('dt', {}, keys.split(/ +/).map((key) => element('kbd', {}, key))), element('dd', {}, what)])
  const letters = element('input', { type: 'checkbox', checked: lettersAct(), on: { change: ({ target }) => letLettersAct(target.checked) } })
  open('keys', 'Keyboard', element('dl', { class: 'keys' }, rows),
    element('label', { class: 'check' }, letters, element('span', {}, 'Letters and signs act by themselves')))
}

// Asks for a token. The view behind it stays; `entered` is called once there is one.
export function signIn(isAgain, entered) {
  const field = element('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: false, required: true })
  const form = element('form', { on: { submit: (event) => event.preventDefault() || take() } },
    element('label', { htmlFor: 'token' }, 'Token'), field,
    element('p', { class: 'hint' }, 'Whoever runs the board makes one with “booking-worker token”, or your sign-in page gives it.'),
    element('div', { class: 'actions' }, element('button', { type: 'submit', class: 'main' }, 'Open the board')))
  const take = () => {
    if (!field.value.trim()) return
    keep(field.value)
    byId('sign-in').close()
    entered()
  }
  const why = isAgain ? 'Your token is not valid, or not any more. With a new one you go on where you were.' : 'The board shows the appointments of one organization, as they change.'
  const dialog = open('sign-in', isAgain ? 'Sign in again' : 'Sign in', element('p', {}, why), form)
  // There is nothing to go back to.
  dialog.querySelector('.close').remove()
  field.focus()
}
