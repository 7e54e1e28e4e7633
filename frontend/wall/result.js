// One result on the wall: in progress, then a picture or an error. Knows no server and no form.
import { createElement } from "./dom.js"
import { cut } from "../words/text.js"
import { duration, explain, money, say } from "../words/words.js"

let results = 0 // so far, for the ids

/** Add an empty batch on top of the wall, for pictures requested together. */
export function addBatch(wall, size) {
  const batch = createElement("div", { className: "batch" })
  batch.classList.toggle("several", size > 1)
  wall.prepend(batch)
  return batch
}

/**
 * Add a blank canvas to a batch, in the aspect ratio that the values request.
 * @param {Object<string, string>} values  as in the form
 * @param {{onCancel: () => void, onRetry: () => void, onOpen: () => void}} callbacks  for the canvas's button, and the picture's
 */
export function addResult(batch, values, { onCancel, onRetry, onOpen }) {
  const message = createElement("p", { className: "message" })
  const note = createElement("p", { className: "help", id: `note-${++results}`, hidden: true })
  const button = createElement("button", { className: "secondary", type: "button" })
  const canvas = createElement("div", { className: "canvas" }, message, note, button)
  const label = shorten(values.prompt)
  const figure = createElement("figure", { className: "result" }, canvas, createCaption(label))
  let startedAt, isTimed, status, timer

  const seconds = () => (performance.now() - startedAt) / 1000
  const showStatus = () => { message.textContent = `${status} ${Math.floor(seconds())} s` }
  const finish = () => {
    clearInterval(timer)
    figure.removeAttribute("aria-busy")
  }

  figure.style.setProperty("--ratio", aspectRatio(values))
  batch.append(figure)

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
    /** Show the picture and its caption; resolves to the seconds it took, 0 if unknown. Rejects if it is not an image. */
    async show({ blob, seed, price }, title) {
      const image = createElement("img", { className: "picture", alt: label, src: URL.createObjectURL(blob) })
      const frame = createElement("button", { className: "frame", type: "button", title: say("Open"), onclick: onOpen }, image)
      await image.decode().catch(() => {
        URL.revokeObjectURL(image.src)
        throw Object.assign(new Error("The picture that arrived cannot be shown. Try again."), { code: "Unshowable", mayBeCharged: true })
      })
      finish()
      const cost = Number(price) ? [money(price)] : []
      const seedText = seed ? [say("seed {seed}", { seed })] : []
      const time = isTimed ? seconds() : 0
      const facts = [title, ...seedText, ...cost, ...time ? [duration(time)] : []].join(" · ")
      const focused = figure.contains(document.activeElement)
      figure.replaceChildren(frame, createCaption(label, facts))
      if (focused) frame.focus({ preventScroll: true })
      return time
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
    remove() {
      finish()
      removeResult(figure)
    },
  }
}

/** What trying again may cost after the error; "" if nothing has been charged. */
export function chargeNote({ mayBeCharged }) {
  return mayBeCharged ? say("It may have been charged. Trying again may be charged, too.") : ""
}

/** Remove a result from the wall; returns a function that puts it back. Without a figure, does nothing. */
export function removeResult(figure) {
  if (!figure) return undefined
  const { parentElement: batch, nextSibling } = figure
  const { parentElement: wall } = batch
  const nextBatch = batch.nextSibling
  figure.remove()
  if (!batch.children.length) batch.remove()
  return () => {
    if (!batch.isConnected) wall.insertBefore(batch, nextBatch?.isConnected ? nextBatch : null)
    batch.insertBefore(figure, nextSibling?.isConnected ? nextSibling : null)
  }
}

/** Width divided by height: from `aspect_ratio`, such as 16:9, or from `size`, such as 1344x768. */
function aspectRatio({ aspect_ratio: shape = "", size = shape }) {
  const [width, height] = (size || "1:1").split(/[:x]/)
  return width / height
}

/** Captions are short to read, and ten million characters would freeze the page. */
function shorten(prompt) {
  return prompt.length > 1000 ? `${cut(prompt, 1000)}…` : prompt
}

function createCaption(prompt, facts = "") {
  return createElement("figcaption", { className: "label" },
    createElement("p", { className: "prompt-text", dir: "auto", textContent: prompt }),
    createElement("p", { className: "facts", textContent: facts }))
}
