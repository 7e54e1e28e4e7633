// The access code: from the link or the field, kept for this tab. Knows no server.
import { say } from "../words/words.js"

// In sessionStorage: the code to send, and the one that it replaces, until it has worked itself.
const key = "access-code"
const earlierKey = "earlier-access-code"
const memory = new Map() // of both, where storage is forbidden
const instruction = say("This site needs an access code. Ask the person who gave you the link.")

/** Fill the field with the link's code, or else with the code stored for this tab. */
export function fillCode(form) {
  const code = takeCodeFromLink()
  if (code) replaceCode(code, codeInput(form).value.trim() || stored(key))
  codeInput(form).value = code || codeInput(form).value || stored(key)
}

/** Make the code required for every picture. */
export function requireCode(form) {
  codeInput(form).required = true
  showField(form, !codeInput(form).value)
}

/** The code to send, which is also stored for this tab; "" if none is required. */
export function readCode(form) {
  const { required, value } = codeInput(form)
  const code = required ? value.trim() : ""
  if (code) replaceCode(code, stored(key))
  return code
}

/** Hide the field, as the code is valid, and forget the one before it. */
export function acceptCode(form, code) {
  if (code === stored(key)) store(earlierKey, "")
  if (!code || code !== codeInput(form).value.trim()) return // another one is being typed
  const focused = form.querySelector("#access").contains(document.activeElement)
  showField(form, false)
  if (focused) form.querySelector("[type=submit]").focus({ preventScroll: true })
}

/** Forget the code, say why, and ask for another or go back to the one before, without moving the focus from another field. */
export function rejectCode(form, code, sentence) {
  const { activeElement } = document
  const field = codeInput(form)
  const earlier = forgetCode(code)
  const rejected = code === field.value.trim()
  if (rejected) field.value = earlier
  field.required = true
  showField(form, true, rejected && earlier ? `${sentence} ${say("Your earlier code is in the field again.")}` : sentence)
  field.setAttribute("aria-invalid", "true")
  if (!form.contains(activeElement) || activeElement.type === "submit") field.focus()
}

/** Show the field again to change a valid code. */
export function editCode(form) {
  showField(form, true)
  codeInput(form).select()
}

/** Show the code as plain text or hide it; toggles by default. */
export function toggleCodeVisibility(form, visible = codeInput(form).type === "password") {
  codeInput(form).type = visible ? "text" : "password"
  form.querySelector("#show-code").setAttribute("aria-pressed", visible)
}

function codeInput(form) {
  return form.querySelector("#access-code")
}

function showField(form, shown, sentence = instruction) {
  form.querySelector("#access").hidden = !shown
  form.querySelector("#change-code").hidden = shown
  form.querySelector("#access-help").textContent = sentence
  codeInput(form).removeAttribute("aria-invalid")
  toggleCodeVisibility(form, false)
}

/** The code of a link that ends in `#code=...`, or "". Removes it from the address at once. */
function takeCodeFromLink() {
  const parts = location.hash.slice(1).split("&")
  const codePart = parts.find(part => part.startsWith("code="))
  if (codePart === undefined) return ""
  const rest = parts.filter(part => part !== codePart).join("&")
  history.replaceState(history.state, "", location.pathname + location.search + (rest && `#${rest}`))
  return decode(codePart.slice("code=".length)).trim()
}

function decode(text) {
  try {
    return decodeURIComponent(text)
  } catch { // a percent sign that encodes nothing
    return text
  }
}

/** Store the code for this tab. A link may bring a wrong one, so the old one is kept until the new one works. */
function replaceCode(code, old) {
  if (old && old !== code && !stored(earlierKey)) store(earlierKey, old)
  store(key, code)
}

/** Returns the code that the rejected one had replaced, which is the one to send again, or "". */
function forgetCode(code) {
  if (code === stored(earlierKey)) store(earlierKey, "")
  if (!code || code !== stored(key)) return ""
  const earlier = stored(earlierKey)
  store(key, earlier)
  store(earlierKey, "")
  return earlier
}

/** Store a code under that key; "" forgets it. */
function store(name, code) {
  memory.set(name, code)
  try {
    sessionStorage.setItem(name, code)
  } catch {}
}

function stored(name) {
  try {
    return sessionStorage.getItem(name) ?? ""
  } catch {
    return memory.get(name) ?? ""
  }
}
