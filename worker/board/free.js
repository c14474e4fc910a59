// What is free, as it is shown: times that follow each other are one stretch.

// The stretches of these free times, in order: [{from, to, count}].
export function stretches(slots) {
  const found = []
  for (const { from, to } of [...slots].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last && from <= last.to) {
      last.to = Math.max(last.to, to)
      last.count += 1
    } else {
      found.push({ from, to, count: 1 })
    }
  }
  return found
}

// Where it is closed between two minutes: [[from, to]].
export function closedBetween(windows, from, to) {
  const closed = []
  let open = from
  for (const [opens, closes] of [...windows].sort((a, b) => a[0] - b[0])) {
    if (opens > open) closed.push([open, Math.min(opens, to)])
    open = Math.max(open, closes)
  }
  if (open < to) closed.push([open, to])
  return closed.filter(([start, end]) => start < end)
}

// Places beside each other for what overlaps: adds `lane` and `lanes` to each of `entries`, which have from and to. What is over
// stands at the edge.
export function sideBySide(entries) {
  const sorted = [...entries].sort((a, b) => a.from - b.from || b.to - a.to)
  let group = []
  let end = -Infinity
  const close = () => {
    const lanes = Math.max(0, ...group.map(({ lane }) => lane + 1))
    group.forEach((entry) => Object.assign(entry, { lanes }))
    group = []
  }
  for (const entry of sorted) {
    if (entry.from >= end) {
      close()
      end = -Infinity
    }
    const taken = new Set(group.filter((other) => other.to > entry.from).map(({ lane }) => lane))
    entry.lane = 0
    while (taken.has(entry.lane)) entry.lane += 1
    end = Math.max(end, entry.to)
    group.push(entry)
  }
  close()
  return entries
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`
