// The access code: from the link or the field, kept for this tab. Knows no server.
import { say } from "../words/words.js"

const key = "access-code"
const request = say("This site asks for a code. Whoever gave you the link knows it.")

/** Put the link's code into the field, else the one that this tab has kept. */
export function findCode(form) {
  const code = takeFromLink()
  if (code) store(code)
  input(form).value = code || input(form).value || stored()
}

/** From now on no picture is asked for without a code. */
export function needCode(form) {
  input(form).required = true
  show(form, !input(form).value)
}

/** The code to send, kept for this tab; "" where none is needed. */
export function keepCode(form) {
  const { required, value } = input(form)
  const code = required ? value.trim() : ""
  if (code) store(code)
  return code
}

/** The code was right, so the field can go. */
export function acceptCode(form, code) {
  if (!code || code !== input(form).value.trim()) return // another one is being typed
  const focused = form.querySelector("#access").contains(document.activeElement)
  show(form, false)
  if (focused) form.querySelector("[type=submit]").focus({ preventScroll: true })
}

/** Forget the code, say why, and ask for another one, without disturbing who types elsewhere. */
export function refuseCode(form, code, sentence) {
  const { activeElement } = document
  const field = input(form)
  if (code) store("")
  if (code === field.value.trim()) field.value = ""
  field.required = true
  show(form, true, sentence)
  field.setAttribute("aria-invalid", "true")
  if (!form.contains(activeElement) || activeElement.type === "submit") field.focus()
}

/** Ask for another code in place of a good one. */
export function changeCode(form) {
  show(form, true)
  input(form).select()
}

/** Show the code's letters, or hide them again. */
export function revealCode(form, revealed = input(form).type === "password") {
  input(form).type = revealed ? "text" : "password"
  form.querySelector("#show-code").setAttribute("aria-pressed", revealed)
}

function input(form) {
  return form.querySelector("#access-code")
}

function show(form, shown, sentence = request) {
  form.querySelector("#access").hidden = !shown
  form.querySelector("#change-code").hidden = shown
  form.querySelector("#access-help").textContent = sentence
  input(form).removeAttribute("aria-invalid")
  revealCode(form, false)
}

/** The code of a link that ends in `#code=...`, which leaves the address at once; else "". */
function takeFromLink() {
  const parts = location.hash.slice(1).split("&")
  const found = parts.find(part => part.startsWith("code="))
  if (found === undefined) return ""
  const rest = parts.filter(part => part !== found).join("&")
  history.replaceState(history.state, "", location.pathname + location.search + (rest && `#${rest}`))
  return decode(found.slice("code=".length)).trim()
}

function decode(text) {
  try {
    return decodeURIComponent(text)
  } catch { // a lonely percent sign
    return text
  }
}

/** Keep the code for this tab; "" forgets it. Where storage is forbidden, the field remembers. */
function store(code) {
  try {
    sessionStorage.setItem(key, code)
  } catch {}
}

function stored() {
  try {
    return sessionStorage.getItem(key) ?? ""
  } catch {
    return ""
  }
}
