// Elements, made without markup: whatever a patient is called stays a text.

const SVG = 'http://www.w3.org/2000/svg'

export const byId = (id) => document.getElementById(id)

// An element with properties and children. `data` and `aria` are objects of attributes, `on` of listeners; children are nodes,
// texts, or nothing.
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag)
  const { class: names, data = {}, aria = {}, on = {}, ...others } = properties
  if (names) made.className = names
  Object.assign(made.dataset, data)
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value)
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener)
  Object.assign(made, others)
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
  return made
}

// A symbol of the page's sheet. What it means is said beside it.
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg')
  const use = document.createElementNS(SVG, 'use')
  use.setAttribute('href', `#icon-${name}`)
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}

export const hidden = (text) => element('span', { class: 'visually-hidden' }, text)

// Makes `nodes` the children of `parent`, in this order, and leaves alone what is in its place: it keeps its focus, and what is
// moving goes on.
export function arrange(parent, nodes) {
  const kept = new Set(nodes)
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove()
  nodes.forEach((node, place) => {
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null)
  })
}

// Sets a text only where it differs, so that nobody is read the same twice.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text
}

// Nodes by key: each is made once, and gone when nobody has asked for it in a round.
export class Kept {
  #nodes = new Map()

  get(key, make) {
    if (!this.#nodes.has(key)) this.#nodes.set(key, make())
    return this.#nodes.get(key)
  }

  find(key) {
    return this.#nodes.get(key)
  }

  keepOnly(keys) {
    const kept = new Set(keys)
    for (const key of [...this.#nodes.keys()]) if (!kept.has(key)) this.#nodes.delete(key)
  }
}
