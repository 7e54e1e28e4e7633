// One picture on the wall: waiting, then hung or failed. Knows no server and no form.
import { duration, explain, money, say } from "../words/words.js"

/** Put an empty batch on top of the wall, for pictures that are asked for together. */
export function addBatch(wall, size) {
  const batch = element("div", { className: "batch" })
  batch.classList.toggle("several", size > 1)
  wall.prepend(batch)
  return batch
}

/**
 * Put a blank canvas into a batch, in the shape that the values ask for.
 * @param {Object<string, string>} values  as the form had them
 * @param {{cancel: () => void, again: () => void, open: () => void}} acts  of its one button, and of the picture
 */
export function addResult(batch, values, { cancel, again, open }) {
  const message = element("p", { className: "message" })
  const button = element("button", { className: "quiet", type: "button" })
  const canvas = element("div", { className: "canvas" }, message, button)
  const words = shorten(values.prompt)
  const figure = element("figure", { className: "result" }, canvas, caption(words))
  let started, waiting, clock

  const seconds = () => (performance.now() - started) / 1000
  const tick = () => { message.textContent = `${waiting} ${Math.floor(seconds())} s` }
  const finish = () => {
    clearInterval(clock)
    figure.removeAttribute("aria-busy")
  }

  figure.style.setProperty("--ratio", ratio(values))
  batch.append(figure)

  return {
    /** Begin to wait, or begin anew. */
    start() {
      started = performance.now()
      waiting = say("Painting…")
      figure.classList.remove("failed")
      figure.setAttribute("aria-busy", "true")
      Object.assign(button, { textContent: say("Cancel"), onclick: cancel })
      clock = setInterval(tick, 250)
      tick()
    },
    /** The model is busy, and will be asked once more. */
    wait() {
      waiting = say("The model is busy; asking again…")
      tick()
    },
    /** Show the picture, with its label; the seconds that it took. Rejects if it is none. */
    async hang({ blob, seed, price }, title) {
      const image = element("img", { className: "picture", alt: words, src: URL.createObjectURL(blob) })
      const frame = element("button", { className: "frame", type: "button", title: say("Open"), onclick: open }, image)
      await image.decode().catch(() => { throw new Error("The picture that came cannot be shown. Try again.") })
      finish()
      const cost = Number(price) ? [money(price)] : []
      const facts = [title, say("seed {seed}", { seed }), ...cost, duration(seconds())].join(" · ")
      const focused = figure.contains(document.activeElement)
      figure.replaceChildren(frame, caption(words, facts))
      if (focused) frame.focus({ preventScroll: true })
      return seconds()
    },
    /** Say what went wrong, and offer another try. */
    fail(error) {
      finish()
      figure.classList.add("failed")
      message.textContent = explain(error)
      Object.assign(button, { textContent: say("Try again"), onclick: again })
    },
    /** By which `#picture-<id>` it is found. */
    name(id) {
      figure.id = `picture-${id}`
    },
    remove() {
      finish()
      removeResult(figure)
    },
  }
}

/** Take a picture off the wall; what puts it back. Nothing where there is none. */
export function removeResult(figure) {
  if (!figure) return undefined
  const { parentElement: batch, nextSibling } = figure
  const { parentElement: wall } = batch
  const below = batch.nextSibling
  figure.remove()
  if (!batch.children.length) batch.remove()
  return () => {
    if (!batch.isConnected) wall.insertBefore(batch, below?.isConnected ? below : null)
    batch.insertBefore(figure, nextSibling?.isConnected ? nextSibling : null)
  }
}

/** Width by height: of `aspect_ratio` "16:9", or of `size` "1344x768". */
function ratio({ aspect_ratio: shape = "", size = shape }) {
  const [width, height] = (size || "1:1").split(/[:x]/)
  return width / height
}

/** A label is read at a glance, and a page with ten million letters stands still. */
function shorten(prompt) {
  return prompt.length > 1000 ? `${prompt.slice(0, 1000)}…` : prompt
}

function caption(prompt, facts = "") {
  return element("figcaption", { className: "label" },
    element("p", { className: "words", dir: "auto", textContent: prompt }),
    element("p", { className: "facts", textContent: facts }))
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}
