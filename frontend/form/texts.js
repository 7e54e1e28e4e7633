// The form's texts: what may be sent, and replacing them without losing what was typed. Knows no server.
import { breakLines } from "../words/text.js"
import { say } from "../words/words.js"

// What the API counts as visible: see is_visible of chalicelib/parameters.py.
const visible = /[^\p{Cc}\p{Cf}\p{Mn}\p{Z}]/u

// What the API rejects in a text whose lines are broken by "\n": see is_text of chalicelib/parameters.py.
const rejected = /[^\P{Cc}\t\n]|[\p{Cs}\ufffd]/u

// The browser's undo takes Chromium 0.1 s for 100 lines and 90 s for 3,300.
const maxUndoableLines = 100

/** Whether the texts can be sent; if not, the browser says why. */
export function checkTexts(form, { parameters }) {
  const { max_length: maximum } = parameters.find(({ name }) => name === "prompt")
  const { prompt } = form.elements
  prompt.setCustomValidity(promptComplaint(prompt.value || prompt.placeholder, maximum))
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
  const found = rejected.exec(breakLines(area.value))
  if (!found) return true
  const character = `U+${found[0].codePointAt().toString(16).toUpperCase().padStart(4, "0")}`
  area.setCustomValidity(say("The text contains the character {character}, which no model takes. Remove it.", { character }))
  area.reportValidity()
  area.setSelectionRange(found.index, found.index + 1)
  return false
}

/** Replace all of the text as if it were typed, so that the browser can undo it, unless it has very many lines. */
export function replaceText(area, text) {
  if (text === area.value) return
  area.focus({ preventScroll: true })
  area.select()
  // Deprecated, and still the only way into the browser's undo. Not where a dialog keeps the focus.
  const undoable = document.activeElement === area && text.split("\n").length <= maxUndoableLines
  area.style.fieldSizing = "fixed" // or the page is laid out anew for each line
  if (undoable) document.execCommand(text ? "insertText" : "delete", false, text)
  area.style.fieldSizing = ""
  if (area.value !== text) area.value = text
}

/**
 * Let the Up key bring earlier prompts into a text that is empty or one of them, the latest first; Down leads back.
 * @param {() => Promise<string[]>} loadPrompts
 * @param {(prompt: string) => void} announce
 */
export function addRecall(area, loadPrompts, announce) {
  let prompts = []
  let place = -1 // of the prompt shown

  area.addEventListener("keydown", async event => {
    const { key, shiftKey, altKey, ctrlKey, metaKey } = event
    const step = { ArrowUp: 1, ArrowDown: -1 }[key]
    if (!area.value) place = -1
    const isRecalled = area.value === (prompts[place] ?? "") && area.selectionStart === area.value.length
    if (!step || !isRecalled || place + step < -1 || shiftKey || altKey || ctrlKey || metaKey) return
    event.preventDefault()
    if (place < 0) prompts = await loadPrompts()
    place = Math.min(place + step, prompts.length - 1)
    replaceText(area, prompts[place] ?? "")
    announce(area.value || area.placeholder)
  })
}
