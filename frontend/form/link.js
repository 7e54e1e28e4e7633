// A link that reopens the page with prompt and settings. Knows no server, and no server ever sees them.
import { clean } from "../words/text.js"

/** The page's address with the values behind #, which browsers do not send. */
export function createLink(values) {
  const filled = Object.entries(values).filter(([, value]) => value !== "")
  return `${location.origin}${location.pathname}#${new URLSearchParams(filled)}`
}

/** The values of such a link, or {}; those of a change have a `tool`. Removes them from the address at once. */
export function takeLinkValues(isChange = false) {
  const pairs = [...new URLSearchParams(location.hash.slice(1))]
  const values = Object.fromEntries(pairs.map(([name, value]) => [name, clean(value)]))
  if (!["prompt", "model", "seed", "tool"].some(name => name in values) || "tool" in values !== isChange) return {}
  history.replaceState(history.state, "", location.pathname + location.search)
  return values
}
