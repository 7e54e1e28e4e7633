// A link that reopens the page with prompt and settings. Knows no server, and no server ever sees it.

/** The page's address with the values behind #, which browsers keep to themselves. */
export function linkTo(values) {
  const told = Object.entries(values).filter(([, value]) => value !== "")
  return `${location.origin}${location.pathname}#${new URLSearchParams(told)}`
}

/** What the address asks for, if it is such a link; it leaves the address at once. */
export function takeLink() {
  const asked = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
  if (!["prompt", "model", "seed"].some(name => name in asked)) return {}
  history.replaceState(history.state, "", location.pathname + location.search)
  return asked
}
