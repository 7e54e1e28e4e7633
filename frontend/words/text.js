// Text from outside, and text cut short. Knows no language, no DOM and no server.

// UTF-16 units: twice the longest prompt of any model. Megabytes in a field would freeze the page.
const maxUnits = 20_000

/**
 * Text from a file, a link or the clipboard, bounded, in which control characters that mean white space are white space.
 * PDF viewers copy the hyphen of a word on two lines as U+0002, which goes.
 */
export function clean(text) {
  return breakLines(cut(text, maxUnits)).replaceAll("\x02", "")
}

/** The text with "\n" for what ends a line elsewhere: PowerPoint copies line breaks as U+000B, PDF viewers page breaks as U+000C. */
export function breakLines(text) {
  return text.replace(/\r\n?|[\v\f\x1c-\x1e\x85]/g, "\n").replaceAll("\x1f", " ")
}

/** The first UTF-16 units of the text, never ending inside a letter or an emoji. */
export function cut(text, units) {
  if (text.length <= units) return text
  const nearby = text.slice(0, units + 100) // enough for the longest emoji
  const { index } = new Intl.Segmenter().segment(nearby).containing(units)
  return nearby.slice(0, index || units).replace(/[\ud800-\udbff]$/, "")
}
