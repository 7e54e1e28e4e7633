// One result on the wall: in progress, then a picture or an error. Knows no server and no form.
import { createElement } from "./dom.js"
import { pictureName } from "./names.js"
import { cut } from "../words/text.js"
import { say } from "../words/words.js"

/**
 * Add a blank canvas to a set.
 * @param {HTMLElement} hung  the set on the wall
 * @param {{prompt: string, words: ?string, set: ?object}} picture
 * @param {{onCancel: () => void, onOpen: () => void}} callbacks  for the canvas's button, and the picture's
 */
export function addResult(hung, { prompt, words, set }, { onCancel, onOpen }) {
  const message = createElement("p", { className: "message" })
  const button = createElement("button", { className: "secondary", type: "button" })
  const canvas = createElement("div", { className: "canvas" }, message, button)
  const name = pictureName({ prompt, words, set })
  const figure = createElement("figure", { className: "result", "aria-label": name }, canvas)
  const frames = hung.querySelector(".frames")
  let startedAt, isTimed, status, timer

  const seconds = () => (performance.now() - startedAt) / 1000
  const showStatus = () => { message.textContent = status === say("Painting…") ? clock() : `${status} ${Math.floor(seconds())} s` }
  /** One clock is enough for a set. */
  const clock = () => {
    if (frames.querySelector("[aria-busy]") !== figure) return ""
    const { expected } = hung.dataset
    const time = { status, seconds: Math.floor(seconds()), expected }
    return expected ? say("{status} {seconds} s, usually {expected}", time) : `${status} ${time.seconds} s`
  }
  const finish = () => {
    clearInterval(timer)
    figure.removeAttribute("aria-busy")
  }

  figure.place = set?.place
  frames.append(figure)

  return {
    /** Start the clock, or restart it; `isNew` unless the picture was begun in an earlier visit. */
    start(isNew) {
      startedAt = performance.now()
      isTimed = isNew
      status = say("Painting…")
      const next = [...frames.children].find(({ place }) => place > figure.place)
      if (!figure.isConnected) frames.insertBefore(figure, next ?? null) // it has failed before
      figure.setAttribute("aria-busy", "true")
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
      const image = createElement("img", { className: blob.type === "image/jpeg" ? "picture" : "picture clear", alt: name, src: URL.createObjectURL(blob) })
      const frame = createElement("button", { className: "frame", type: "button", title: say("Open"), onclick: onOpen }, image)
      await image.decode().catch(() => {
        URL.revokeObjectURL(image.src)
        throw Object.assign(new Error("The picture that arrived cannot be shown. Try again."), { code: "Unshowable", mayBeCharged: true })
      })
      finish()
      figure.facts = facts
      if (hung.dataset.from) figure.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight) // extended, it has another shape
      const focused = figure.contains(document.activeElement)
      figure.replaceChildren(frame)
      if (focused) frame.focus({ preventScroll: true })
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

/** Captions are short to read, and ten million characters would freeze the page. */
export function shorten(prompt) {
  return prompt.length > 1000 ? `${cut(prompt, 1000)}…` : prompt
}
