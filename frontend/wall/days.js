// Headings for the days on the shelf. Knows no DOM but the page's language.
import { say } from "../words/words.js"

const dayMilliseconds = 86_400_000
const format = options => new Intl.DateTimeFormat(document.documentElement.lang, options)
const weekday = format({ weekday: "long" })
const month = format({ month: "long" })
const monthAndYear = format({ month: "long", year: "numeric" })

/** Such as Today, Tuesday, October, or October 2025: the nearer, the finer. */
export function dayTitle(milliseconds, now = new Date()) {
  const date = new Date(milliseconds)
  const days = Math.round((midnight(now) - midnight(date)) / dayMilliseconds)
  if (days < 1) return say("Today")
  if (days === 1) return say("Yesterday")
  if (days < 7) return weekday.format(date)
  return (date.getFullYear() === now.getFullYear() ? month : monthAndYear).format(date)
}

function midnight(date) {
  return new Date(date).setHours(0, 0, 0, 0)
}
