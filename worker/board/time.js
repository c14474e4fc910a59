// Dates and times as the organization's clock shows them. Dates are texts, 2026-11-24; times are minutes after local midnight. The
// browser's own zone is never asked: formats are given a time in UTC and told that it is UTC.

const DAY = 24 * 60
const locale = navigator.languages.find((language) => language.startsWith('en')) ?? 'en-US'
const inUtc = (options) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options })
const formats = {
  time: inUtc({ hour: 'numeric', minute: '2-digit' }),
  hour: inUtc({ hour: 'numeric' }),
  long: inUtc({ weekday: 'long', month: 'long', day: 'numeric' }),
  longWithYear: inUtc({ weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }),
  short: inUtc({ weekday: 'short', month: 'short', day: 'numeric' }),
  month: inUtc({ month: 'long', day: 'numeric' }),
}
// Some browsers put a narrow no-break space before AM, which is read and searched for as another sign.
const plain = (text) => text.replaceAll('\u202f', ' ')
const atMidnight = (date) => new Date(`${date}T00:00:00Z`)
const atMinute = (minute) => new Date(60_000 * (((minute % DAY) + DAY) % DAY))

// 2:30 PM
export const clock = (minute) => plain(formats.time.format(atMinute(minute)))
// 2 PM
export const hour = (minute) => plain(formats.hour.format(atMinute(minute)))
// 2:00 – 2:30 PM, with the part of the day once where both have the same.
export function stretch(from, to) {
  const [start, end] = [clock(from), clock(to)]
  const half = end.slice(-3)
  const isOneHalf = Math.floor(from / 720) === Math.floor((to - 1) / 720)
  return isOneHalf && start.endsWith(half) && /[AP]M$/i.test(end) ? `${start.slice(0, -3)} – ${end}` : `${start} – ${end}`
}
// Tuesday, November 24; with the year where it is another than today's.
export function dayName(date, today = date) {
  return plain((date.slice(0, 4) === today.slice(0, 4) ? formats.long : formats.longWithYear).format(atMidnight(date)))
}
// Tue, Nov 24
export const shortDay = (date) => plain(formats.short.format(atMidnight(date)))
// November 23 – 29
export function weekName(first, last) {
  const [start, end] = [first, last].map((date) => plain(formats.month.format(atMidnight(date))))
  return first.slice(0, 7) === last.slice(0, 7) ? `${start} – ${Number(last.slice(8))}` : `${start} – ${end}`
}

export function addDays(date, days) {
  const moved = atMidnight(date)
  moved.setUTCDate(moved.getUTCDate() + days)
  return moved.toISOString().slice(0, 10)
}

// The Monday of the week of `date`.
export const monday = (date) => addDays(date, -((atMidnight(date).getUTCDay() + 6) % 7))

// Where a text of the organization's clock stands, 2026-11-24T14:30:00-05:00.
export const onClock = (text) => ({ date: text.slice(0, 10), minute: 60 * Number(text.slice(11, 13)) + Number(text.slice(14, 16)) })

// How many minutes lie between two such texts.
export const minutesBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 60_000)

// Where an instant stands on the clock of `zone`.
export function inZone(instant, zone) {
  const parts = Object.fromEntries(zoned(zone).formatToParts(new Date(instant)).map(({ type, value }) => [type, value]))
  return { date: `${parts.year}-${parts.month}-${parts.day}`, minute: 60 * Number(parts.hour) + Number(parts.minute) }
}

const zones = new Map()
function zoned(zone) {
  if (!zones.has(zone)) {
    const fields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }
    zones.set(zone, new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', ...fields }))
  }
  return zones.get(zone)
}

// The midnight that begins `date` in `zone`, in words that the database reads.
export const midnight = (date, zone) => `${date} 00:00 ${zone}`

// Today, 2:30 PM, or with its day.
export function moment(date, minute, today) {
  return date === today ? `today, ${clock(minute)}` : `${shortDay(date)}, ${clock(minute)}`
}
