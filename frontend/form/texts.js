// The form's texts: what may be sent, and replacing them without losing what was typed. Knows no server.
import { say } from "../words/words.js"

// Control characters that end a line, as the clipboard of PowerPoint and of PDF readers has them.
const lineEnds = /[\v\f\x85]/g

// What the API rejects: see is_text of chalicelib/parameters.py. Without the line ends above.
const rejected = /[^\P{Cc}\t\n\r\v\f\x85]|[\p{Cs}\ufffd]/u

// What the API counts as visible: see is_visible of chalicelib/parameters.py.
const visible = /[^\p{Cc}\p{Cf}\p{Mn}\p{Z}]/u

/** The text with "\n" at the end of each line. */
export function breakLines(text) {
  return text.replace(lineEnds, "\n")
}

/** Whether the texts can be sent; if not, the browser says why. */
export function checkTexts(form, { parameters }) {
  const { max_length: maximum } = parameters.find(({ name }) => name === "prompt")
  const { prompt } = form.elements
  prompt.setCustomValidity(promptComplaint(prompt.value, maximum))
  const texts = [...form.querySelectorAll("textarea")]
  return texts.every(checkCharacters) && texts.every(text => text.reportValidity())
}

function promptComplaint(text, maximum) {
  const length = [...text].length // in code points, as the API counts
  if (length > maximum) return say("The prompt has {length} characters; {maximum} are allowed.", { length, maximum })
  return visible.test(text) ? "" : say("The prompt is empty.")
}

/** Whether the API accepts each character; if not, the browser names the first one, and selects it, as it may be invisible. */
function checkCharacters(area) {
  const found = rejected.exec(area.value)
  if (!found) return true
  const character = `U+${found[0].codePointAt().toString(16).toUpperCase().padStart(4, "0")}`
  area.setCustomValidity(say("This text has a character that cannot be used: {character}. Delete it.", { character }))
  area.reportValidity()
  area.setSelectionRange(found.index, found.index + 1)
  return false
}

/** Replace all of the text as if it were typed, so that the browser can undo it. */
export function replaceText(area, text) {
  if (text === area.value) return
  area.focus({ preventScroll: true })
  area.select()
  // Deprecated, and still the only way into the browser's undo. Not where a dialog keeps the focus.
  if (document.activeElement === area) document.execCommand(text ? "insertText" : "delete", false, text)
  if (area.value !== text) area.value = text
}
