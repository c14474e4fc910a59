// Dark or light: as the system has it, until somebody chooses.

import { byId, write } from './dom.js'

const KEY = 'booking-board-theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

const chosen = () => localStorage.getItem(KEY)
const isDark = () => (chosen() ?? (dark.matches ? 'dark' : 'light')) === 'dark'

function show() {
  if (chosen()) document.documentElement.dataset.theme = chosen()
  write(byId('theme-text'), isDark() ? 'Switch to light' : 'Switch to dark')
}

export function startTheme() {
  byId('theme').addEventListener('click', () => {
    localStorage.setItem(KEY, isDark() ? 'light' : 'dark')
    show()
  })
  dark.addEventListener('change', show)
  show()
}
