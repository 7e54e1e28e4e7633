// How a picture was made, as text and back. Knows no file, no DOM and no server.
//
// The text is AUTOMATIC1111's, which other tools read: the prompt, the negative prompt, and one last
// line of settings (its stable-diffusion-webui writes it in create_infotext of modules/processing.py,
// and reads it in parse_generation_parameters of modules/infotext_utils.py).

/** Our name of each setting and its label: AUTOMATIC1111's in its order, then those that it lacks. */
const labels = {
  steps: "Steps",
  sampler: "Sampler",
  cfg_scale: "CFG scale",
  seed: "Seed",
  pixels: "Size", // width and height of the picture; `size` is what was asked for
  title: "Model",
  model: "Model name",
  size: "Requested size",
  aspect_ratio: "Aspect ratio",
  style_preset: "Style preset",
  clip_guidance_preset: "CLIP guidance",
  output_format: "File format",
  prompt: "Prompt", // these two only where the lines above cannot hold them
  negative_prompt: "Negative prompt",
}
const negative = "Negative prompt:"

// By AUTOMATIC1111's rule a last line with fewer pairs belongs to the prompt.
const fewestPairs = 3

/**
 * The recipe as text; `parse` gives back every field that is not empty.
 *
 * Lines cannot hold every prompt: readers trim them, and take the first that begins with "Negative
 * prompt:" for one. Such a prompt stands once more among the settings, in quotes; there
 * AUTOMATIC1111 lets it win, too.
 * @param {Object<string, string | number>} recipe  prompt, seed, model (its name), title, width,
 *   height, and any of `labels`; at least three settings in all
 */
export function describe(recipe) {
  const fields = filled(recipe)
  const read = parse(compose(fields, [])) ?? {}
  const lost = ["prompt", "negative_prompt"].filter(name => (read[name] || "") !== (fields[name] ?? ""))
  return compose(fields, lost)
}

/**
 * The recipe in the text, or null if its last line holds no settings. Never throws; takes time in
 * proportion to the text. Unknown settings are left out, and so are empty ones but the prompt.
 * @returns {?Object<string, string>}  the fields that `describe` takes, all of them text
 */
export function parse(text) {
  const lines = text.trim().split("\n")
  const settings = pairs(lines.pop())
  if (settings.length < fewestPairs) return null
  const values = new Map(settings.filter(([, value]) => value)) // of two with one label, the last
  const known = Object.entries(labels).filter(([, label]) => values.has(label))
  const read = known.map(([name, label]) => [name, unquote(values.get(label))])
  const { pixels = "", ...fields } = { ...prompts(lines), ...Object.fromEntries(read) }
  const [, width, height] = /^(\d+)x(\d+)$/.exec(pixels) ?? []
  return { prompt: "", ...filled({ ...fields, width, height }) }
}

function filled(fields) {
  const texts = Object.entries(fields).map(([name, value]) => [name, String(value ?? "")])
  return Object.fromEntries(texts.filter(([, text]) => text !== ""))
}

function compose({ prompt = "", negative_prompt = "", width, height, ...settings }, lost) {
  const twice = { prompt, negative_prompt }
  const values = { ...settings, ...width && height && { pixels: `${width}x${height}` } }
  for (const name of lost) values[name] = twice[name]
  const written = Object.keys(labels).filter(name => name in values)
  const lines = [
    prompt && readable(prompt),
    negative_prompt && `${negative} ${readable(negative_prompt)}`,
    [...written.map(name => `${labels[name]}: ${quote(values[name])}`), "Version: Easel"].join(", "),
  ]
  return lines.filter(Boolean).join("\n")
}

/** Half of an emoji is no character in a file, and many readers stop at a NUL. */
function readable(text) {
  return text.replace(/[\0\p{Cs}]/gu, "\ufffd")
}

/** As JSON where AUTOMATIC1111 does so (comma, colon, newline), and where else bare text is lost. */
function quote(value) {
  return /^$|^\s|\s$|[",:\p{Cc}\p{Cs}]/u.test(value) ? JSON.stringify(value) : value
}

function unquote(text) {
  if (!text.startsWith('"')) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Both prompts, without the space around each line. */
function prompts(lines) {
  const found = { prompt: [], negative_prompt: [] }
  let part = found.prompt
  for (const line of lines) {
    const begins = line.trim().startsWith(negative)
    if (begins) part = found.negative_prompt
    const words = begins ? line.trim().slice(negative.length).trim() : line.trim()
    if (words || part.length) part.push(words)
  }
  return { prompt: found.prompt.join("\n"), negative_prompt: found.negative_prompt.join("\n") }
}

/** Every "label: value" of the line. A regular expression would take hours over a hostile line. */
function pairs(line) {
  const found = []
  let start = 0
  for (let colon = line.indexOf(":"); colon >= 0; colon = line.indexOf(":", start)) {
    const label = labelBefore(line, start, colon)
    start = colon + 1
    if (label.length < 2) continue
    const [value, end] = valueAfter(line, start)
    found.push([label, value])
    start = end + 1
  }
  return found
}

/** What stands before the colon, of letters, digits and _ - / between words. */
function labelBefore(line, start, colon) {
  let from = colon
  while (from > start && /[\p{L}\p{N}_ /-]/u.test(line[from - 1])) from--
  while (from < colon && /[ /-]/.test(line[from])) from++
  return line.slice(from, colon).trim()
}

/** The value, as it stands: in quotes or up to the next comma; and where it ends. */
function valueAfter(line, start) {
  let from = start
  while (from < line.length && /\s/.test(line[from])) from++
  const comma = line.indexOf(",", from)
  const end = endOfQuotes(line, from) ?? (comma < 0 ? line.length : comma)
  return [line.slice(from, end).trim(), end]
}

/** Where the quoted value ends, if one begins here and a comma or the line's end follows it. */
function endOfQuotes(line, start) {
  if (line[start] !== '"') return undefined
  for (let at = start + 1; at < line.length; at++) {
    if (line[at] === "\\") at++
    else if (line[at] === '"') return [",", undefined].includes(line[at + 1]) ? at + 1 : undefined
  }
}
