// A failure: a note below the set, one for each cause, with the one act that helps. Knows no server and no form.
import { createElement } from "./dom.js"
import { explain, say } from "../words/words.js"

let notes = 0 // so far, for the ids

/**
 * Take the picture's canvas away, and say why it failed. A picture that hangs already stays.
 * @param {{hung: HTMLElement, values: object, result: object}} job
 * @param {?{label: string, run: (values: object[]) => void}} remedy  null if nothing helps; undefined if trying again does
 * @param {(jobs: object[]) => void} retry
 */
export function addFailure(job, error, remedy, retry) {
  const figure = job.figure = job.result.end()
  const isHung = Boolean(figure.facts) // something else has failed since: there is nothing to try again
  const sentence = explain(error)
  const same = [...job.hung.querySelectorAll(".failed")].find(each => each.sentence === sentence)
  const note = same ?? createNote(sentence, error, isHung ? null : remedy, retry)
  const focused = figure.contains(document.activeElement)
  if (!isHung) figure.remove()
  job.hung.append(note)
  note.jobs.push(job)
  const { length: failed } = note.jobs
  note.querySelector(".message").textContent = failed > 1 ? say("{failed} failed: {reason}", { failed, reason: sentence }) : sentence
  if (focused) note.querySelector("button")?.focus({ preventScroll: true })
}

/** What may have been paid, and what trying again may cost; "" if that is not known yet. */
export function chargeNote({ code, mayBeCharged, isUnresolved }, remedy) {
  if (!mayBeCharged) return isUnresolved || !code ? "" : say("Nothing was charged.")
  return remedy === undefined ? say("It may have been charged. Trying again may be charged, too.") : say("It may have been charged.")
}

function createNote(sentence, error, remedy, retry) {
  const id = `note-${++notes}`
  const charge = createElement("p", { className: "help", id, textContent: chargeNote(error, remedy) })
  const note = createElement("figure", { className: "failed" }, createElement("p", { className: "message" }), charge)
  note.setAttribute("aria-label", sentence)
  Object.assign(note, { sentence, jobs: [] })
  if (remedy === null) return note
  const button = createElement("button", { className: "secondary", type: "button", textContent: remedy?.label ?? say("Try again") })
  button.setAttribute("aria-describedby", id)
  button.onclick = () => (remedy ? remedy.run(note.jobs.map(({ values }) => values)) : tryAgain(note, retry))
  note.append(button)
  return note
}

function tryAgain(note, retry) {
  const focused = note.contains(document.activeElement)
  const { jobs } = note
  retry(jobs)
  if (!jobs.some(({ figure }) => figure.isConnected)) return // the access code is missing
  note.remove()
  if (focused) jobs[0].figure.querySelector("button")?.focus({ preventScroll: true })
}
