// The elements of the editing room, in the order in which they are read. Knows no tool.
import { createRadios } from "./plate.js"
import { createElement } from "../wall/dom.js"
import { say } from "../words/words.js"

/**
 * @param {object} picture  `title`, `prompt`, `width` and `height`
 * @param {object[]} tools  `name` and `title`
 * @param {string} [chosen]  the name of a tool
 */
export function createDialog(picture, tools, chosen) {
  const title = createElement("h2", { id: "room-title", tabIndex: -1, autofocus: true, textContent: say("Change “{title}”", { title: picture.title }), dir: "auto" })
  const close = createElement("button", { type: "button", className: "secondary", textContent: say("Close") })
  const image = createElement("img", { className: "room-picture", src: URL.createObjectURL(picture.blob), alt: picture.prompt || picture.title, draggable: false })
  const radios = createRadios({ name: "tool", label: say("Tool"), choices: tools.map(({ name, title }) => [name, title]) }, chosen, () => {})
  const fields = createElement("div", { className: "room-fields" })
  const moreFields = createElement("div")
  const more = createElement("details", { className: "room-more" }, createElement("summary", { textContent: say("More") }), moreFields)
  const size = createElement("p", { className: "help room-size" })
  const missing = createElement("p", { className: "room-missing", id: "room-missing" })
  const button = createElement("button", { className: "primary", "aria-describedby": "room-missing" })
  const form = createElement("form", { className: "room-plate", noValidate: true }, createElement("div", { className: "room-scroll" }, radios, fields, more),
    createElement("div", { className: "room-footer" }, size, missing, button))
  const status = createElement("p", { className: "visually-hidden", role: "status" })
  const dialog = createElement("dialog", { className: "room", "aria-labelledby": "room-title" },
    createElement("header", { className: "room-head" }, title, close))
  return { dialog, close, image, form, radios, fields, more, moreFields, size, missing, button, status }
}
