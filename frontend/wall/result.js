// One result on the wall: in progress, then a picture or an error. Knows no server and no form.
import { createElement } from "./dom.js"
import { pictureName } from "./names.js"
import { cut } from "../words/text.js"
import { explain, say } from "../words/words.js"

let results = 0 // so far, for the ids

/**
 * Add a blank canvas to a set.
 * @param {HTMLElement} hung  the set on the wall
 * @param {{prompt: string, set: ?object}} picture
 * @param {{onCancel: () => void, onRetry: () => void, onOpen: () => void}} callbacks  for the canvas's button, and the picture's
 */
export function addResult(hung, { prompt, set }, { onCancel, onRetry, onOpen }) {
  const message = createElement("p", { className: "message" })
  const note = createElement("p", { className: "help", id: `note-${++results}`, hidden: true })
  const button = createElement("button", { className: "secondary", type: "button" })
  const canvas = createElement("div", { className: "canvas" }, message, note, button)
  const name = pictureName({ prompt, set })
  const figure = createElement("figure", { className: "result", "aria-label": name }, canvas)
  let startedAt, isTimed, status, timer

  const seconds = () => (performance.now() - startedAt) / 1000
  const showStatus = () => { message.textContent = `${status} ${Math.floor(seconds())} s` }
  const finish = () => {
    clearInterval(timer)
    figure.removeAttribute("aria-busy")
  }

  hung.querySelector(".frames").append(figure)

  return {
    /** Start the clock, or restart it; `isNew` unless the picture was begun in an earlier visit. */
    start(isNew) {
      startedAt = performance.now()
      isTimed = isNew
      status = say("Painting…")
      figure.classList.remove("failed")
      figure.setAttribute("aria-busy", "true")
      note.hidden = true
      button.removeAttribute("aria-describedby")
      Object.assign(button, { textContent: say("Cancel"), onclick: onCancel })
      timer = setInterval(showStatus, 250)
      showStatus()
    },
    /** Say that the model is busy and the request will be retried. */
    showRetrying() {
      status = say("The model is busy; trying again…")
      showStatus()
    },
    /** Say that the answer got lost and is being asked for. */
    showSearching() {
      status = say("The answer got lost; asking for the picture…")
      showStatus()
    },
    /** Show the picture; resolves to the seconds it took, 0 if unknown. Rejects if it is not an image. */
    async show({ blob, price }, title) {
      await this.hang(blob, { title, price, seconds: isTimed ? seconds() : 0 })
      return figure.facts.seconds
    },
    /** Show a picture of the history. Rejects if it is not an image. */
    async hang(blob, facts) {
      const image = createElement("img", { className: "picture", alt: name, src: URL.createObjectURL(blob) })
      const frame = createElement("button", { className: "frame", type: "button", title: say("Open"), onclick: onOpen }, image)
      await image.decode().catch(() => {
        URL.revokeObjectURL(image.src)
        throw Object.assign(new Error("The picture that arrived cannot be shown. Try again."), { code: "Unshowable", mayBeCharged: true })
      })
      finish()
      figure.facts = facts
      const focused = figure.contains(document.activeElement)
      figure.replaceChildren(frame)
      if (focused) frame.focus({ preventScroll: true })
    },
    /** Show the error, with a button to retry, and what that may cost. Never in place of a picture that hangs already. */
    showError(error) {
      finish()
      if (!canvas.isConnected) return
      figure.classList.add("failed")
      message.textContent = explain(error)
      note.textContent = chargeNote(error)
      note.hidden = !note.textContent
      if (!note.hidden) button.setAttribute("aria-describedby", note.id)
      Object.assign(button, { textContent: say("Try again"), onclick: onRetry })
    },
    /** Set the record's id, so that `#picture-<id>` finds the result. */
    setId(id) {
      figure.id = `picture-${id}`
    },
    /** Stop the clock; the figure, to be removed. */
    end() {
      finish()
      return figure
    },
  }
}

/** What trying again may cost after the error; "" if nothing has been charged. */
export function chargeNote({ mayBeCharged }) {
  return mayBeCharged ? say("It may have been charged. Trying again may be charged, too.") : ""
}

/** Captions are short to read, and ten million characters would freeze the page. */
export function shorten(prompt) {
  return prompt.length > 1000 ? `${cut(prompt, 1000)}…` : prompt
}
