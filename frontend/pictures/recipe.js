// A picture's settings as text, and back. Knows no file, no DOM and no server.
//
// The format is AUTOMATIC1111's, which other tools read: the prompt, the negative prompt, and a last
// line of settings (its stable-diffusion-webui writes it in create_infotext of modules/processing.py,
// and reads it in parse_generation_parameters of modules/infotext_utils.py). What is always written,
// because some readers find nothing otherwise: "Steps" at the start of that line (ComfyUI, civitai,
// sd-prompt-reader), "Sampler" (sd-parsers), and a line "Negative prompt" (ComfyUI).

/** The label of each setting: AUTOMATIC1111's labels in its order, then those it does not have. */
const labels = {
  steps: "Steps",
  sampler: "Sampler",
  cfg_scale: "CFG scale",
  seed: "Seed",
  pixels: "Size", // width and height of the picture; `size` is the requested size
  title: "Model",
  model: "Model name",
  size: "Requested size",
  aspect_ratio: "Aspect ratio",
  style_preset: "Style preset",
  clip_guidance_preset: "CLIP guidance",
  output_format: "File format",
  tool: "Tool", // of the editing room, for a picture that is made from another
  search_prompt: "Search prompt",
  select_prompt: "Select prompt",
  prompt: "Prompt", // these two only if the lines above cannot hold them
  negative_prompt: "Negative prompt",
}
const negative = "Negative prompt:"

// For models that do not say. Readers take steps for a number, and no picture has none.
const unknown = { steps: "0", sampler: "unknown" }

// A line with fewer belongs to the prompt: pairs as in AUTOMATIC1111, and labels of ours among them.
const minPairs = 3
const minKnown = 2

/**
 * The recipe as text, from which `parse` returns every field that is not empty.
 *
 * Lines cannot hold every prompt: readers trim them, and start the negative prompt at the first line
 * that starts with "Negative prompt:". Such a prompt is repeated in quotes among the settings, which
 * take precedence in AUTOMATIC1111, too.
 * @param {Object<string, string | number>} recipe  prompt, seed, model (its name), title, width,
 *   height, and any of `labels`; at least one setting
 */
export function describe(recipe) {
  const fields = withoutEmpty(recipe)
  const parsed = parse(formatLines(fields, [])) ?? {}
  const changed = ["prompt", "negative_prompt"].filter(name => (parsed[name] || "") !== (fields[name] ?? ""))
  return formatLines(fields, changed)
}

/**
 * The recipe in the text, or null if no line holds settings. The last one that does counts: programs add
 * lines after it. Never throws; runs in linear time. Omits unknown settings, and empty ones except the prompt.
 * @returns {?Object<string, string>}  the fields that `describe` takes, all as text
 */
export function parse(text) {
  const lines = text.replace(/\r\n?/g, "\n").trim().split("\n")
  const settingsLine = lines.findLastIndex(holdsSettings)
  if (settingsLine < 0) return null
  const pairs = parsePairs(lines.slice(settingsLine).join("\n")) // a quoted value may go on in the next line
  const { pixels = "", ...fields } = { ...parsePrompts(lines.slice(0, settingsLine)), ...knownFields(pairs) }
  const [, width, height] = /^(\d+)x(\d+)$/.exec(pixels) ?? []
  if (width && !fields.aspect_ratio && !isOurs(pairs)) fields.size ??= pixels // elsewhere it is the requested size
  return { prompt: "", ...withoutEmpty({ ...fields, width, height }) }
}

function holdsSettings(line) {
  const pairs = parsePairs(line)
  const found = new Set(pairs.map(([label]) => label))
  return pairs.length >= minPairs && Object.values(labels).filter(label => found.has(label)).length >= minKnown
}

const isOurs = pairs => pairs.some(([label, value]) => label === "Version" && value === "Easel")

function knownFields(pairs) {
  const values = new Map(pairs.filter(([, value]) => value)) // the last one, if a label is repeated
  const entries = Object.entries(labels).filter(([, label]) => values.has(label))
    .map(([name, label]) => [name, unquote(values.get(label))])
  return Object.fromEntries(entries.filter(([name, value]) => value !== unknown[name]))
}

function withoutEmpty(fields) {
  const texts = Object.entries(fields).map(([name, value]) => [name, String(value ?? "")])
  return Object.fromEntries(texts.filter(([, text]) => text !== ""))
}

function formatLines({ prompt = "", negative_prompt = "", width, height, ...settings }, repeated) {
  const both = { prompt, negative_prompt }
  const values = { ...unknown, ...settings, ...width && height && { pixels: `${width}x${height}` } }
  for (const name of repeated) values[name] = both[name]
  const names = Object.keys(labels).filter(name => name in values)
  const lines = [
    prompt && replaceUnwritable(prompt),
    `${negative} ${replaceUnwritable(negative_prompt)}`,
    [...names.map(name => `${labels[name]}: ${quoteIfNeeded(values[name])}`), "Version: Easel"].join(", "),
  ]
  return lines.filter(Boolean).join("\n")
}

/** Replaces half an emoji, which cannot be encoded, and NUL, at which many readers stop. */
function replaceUnwritable(text) {
  return text.replace(/[\0\p{Cs}]/gu, "\ufffd")
}

/** As JSON where AUTOMATIC1111 uses it (comma, colon, newline), and where plain text would be lost. */
function quoteIfNeeded(value) {
  return /^$|^\s|\s$|[",:\p{Cc}\p{Cs}]/u.test(value) ? JSON.stringify(value) : value
}

/** Some programs leave control characters in JSON as they are. */
function unquote(text) {
  if (!text.startsWith('"')) return text
  try {
    return JSON.parse(text.replace(/[\0-\x1f]/g, character => JSON.stringify(character).slice(1, -1)))
  } catch {
    return text
  }
}

/** Both prompts, each line trimmed. */
function parsePrompts(lines) {
  const parts = { prompt: [], negative_prompt: [] }
  let part = parts.prompt
  for (const line of lines) {
    const isNegative = line.trim().startsWith(negative)
    if (isNegative) part = parts.negative_prompt
    const words = isNegative ? line.trim().slice(negative.length).trim() : line.trim()
    if (words || part.length) part.push(words)
  }
  return { prompt: parts.prompt.join("\n"), negative_prompt: parts.negative_prompt.join("\n") }
}

/**
 * Every "label: value" in the first line, which a line break within quotes does not end. No regular expression, as a
 * hostile line could keep one busy for hours.
 */
function parsePairs(line) {
  const entries = []
  let start = 0
  for (let colon = line.indexOf(":"); colon >= 0; colon = line.indexOf(":", start)) {
    if (line.slice(start, colon).includes("\n")) break
    const label = readLabel(line, start, colon)
    start = colon + 1
    if (label.length < 2) continue
    const [value, end] = readValue(line, start)
    entries.push([label, value])
    start = end + 1
    if (line[end] === "\n") break
  }
  return entries
}

/** The label that ends at the colon: letters and digits, with _ - / and spaces between them. */
function readLabel(line, start, colon) {
  let from = colon
  while (from > start && /[\p{L}\p{N}_ /-]/u.test(line[from - 1])) from--
  while (from < colon && /[ /-]/.test(line[from])) from++
  return line.slice(from, colon).trim()
}

/** The raw value, quoted or up to the next comma or line, and its end. */
function readValue(line, start) {
  let from = start
  while (/[^\S\n]/.test(line[from] ?? "")) from++
  const end = endOfQuoted(line, from) ?? endOfPlain(line, from)
  return [line.slice(from, end).trim(), end]
}

function endOfPlain(line, start) {
  const length = line.slice(start).search(/[,\n]/)
  return length < 0 ? line.length : start + length
}

/** The end of the quoted value that starts here; undefined unless a comma or the line's end follows it. */
function endOfQuoted(line, start) {
  if (line[start] !== '"') return undefined
  for (let at = start + 1; at < line.length; at++) {
    if (line[at] === "\\") at++
    else if (line[at] === '"') return [",", "\n", undefined].includes(line[at + 1]) ? at + 1 : undefined
  }
}
