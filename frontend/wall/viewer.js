// The viewer: one large picture, its settings and its actions. Knows no server.
import { createElement } from "./dom.js"
import { labels } from "../words/labels.js"
import { dateTime, duration, money, say } from "../words/words.js"

/** @param {Object<string, (record: object, blob: Blob) => void>} actions  by the buttons' data-action */
export function addViewer(actions) {
  const dialog = createDialog()
  const image = dialog.querySelector("img")
  const zoom = dialog.querySelector(".zoom")
  let shownRecord
  let shownBlob

  document.body.append(dialog)
  dialog.addEventListener("click", ({ target }) => {
    const { action } = target.closest("[data-action]")?.dataset ?? {}
    if (action) actions[action](shownRecord, shownBlob)
    if (target === dialog) dialog.close() // a click outside the content
  })
  dialog.addEventListener("keydown", ({ key, altKey, ctrlKey, metaKey }) => {
    if (altKey || ctrlKey || metaKey) return // the browser's own: Alt and an arrow key leave the page
    if (isZoomed()) return // the arrow keys scroll the picture
    if (key === "ArrowLeft") actions.newer(shownRecord)
    if (key === "ArrowRight") actions.older(shownRecord)
  })
  dialog.addEventListener("cancel", event => {
    if (!isZoomed()) return
    event.preventDefault() // the first Escape only zooms out
    setZoom(false)
  })
  dialog.addEventListener("close", () => {
    if (dialog.open) return // opened again before the event arrived
    shownRecord = undefined
    URL.revokeObjectURL(image.src)
    image.removeAttribute("src")
    actions.closed()
  })
  zoom.onclick = () => setZoom(!isZoomed())

  const isZoomed = () => zoom.getAttribute("aria-pressed") === "true"
  const setZoom = on => zoom.setAttribute("aria-pressed", on)

  return {
    show(record, blob, { newer, older, moreLabel }) {
      shownRecord = record
      shownBlob = blob
      URL.revokeObjectURL(image.src)
      setZoom(false)
      Object.assign(image, { src: URL.createObjectURL(blob), alt: record.prompt })
      dialog.querySelector(".prompt-text").textContent = record.prompt
      dialog.querySelector("dl").replaceChildren(...settings(record).flatMap(createTermAndValue))
      dialog.querySelector("[data-action=more]").textContent = moreLabel
      dialog.querySelector("[data-action=newer]").disabled = !newer
      dialog.querySelector("[data-action=older]").disabled = !older
      if (document.activeElement.disabled) dialog.querySelector("[data-action=close]").focus() // a disabled button gets no keys
      this.setStar(record.star)
      if (!dialog.open) dialog.showModal()
    },
    setStar(on) {
      dialog.querySelector("[data-action=star]").setAttribute("aria-pressed", Boolean(on))
    },
    close: () => dialog.close(),
    /** The id of the picture shown; undefined while the viewer is closed. */
    get id() {
      return shownRecord?.id
    },
    /** Whether files are to hold their settings. */
    get embedsSettings() {
      return dialog.querySelector(".embed-metadata").checked
    },
    contains: element => dialog.contains(element),
  }
}

function createDialog() {
  const image = createElement("img", { alt: "" })
  const zoom = createElement("button", { className: "zoom", type: "button", title: say("Zoom"), "aria-pressed": "false" }, image)
  const checkbox = createElement("input", { className: "embed-metadata", type: "checkbox", checked: true })
  const star = createButton("star", say("Star"))
  star.setAttribute("aria-pressed", "false")
  return createElement("dialog", { className: "viewer", id: "viewer", "aria-label": say("Picture") },
    createElement("div", { className: "stage" }, zoom),
    createElement("p", { className: "visually-hidden", role: "status" }),
    createElement("div", { className: "details" },
      createElement("div", { className: "actions navigation" },
        createButton("newer", say("Newer")), createButton("older", say("Older")), createButton("close", say("Close"))),
      createElement("p", { className: "prompt-text", dir: "auto" }),
      createElement("dl", { className: "settings" }),
      createElement("div", { className: "actions" },
        createButton("more", say("More like this"), "primary"), createButton("download", say("Download")), star),
      createElement("label", { className: "checkbox" }, checkbox, ` ${say("Save prompt and settings in the file")}`),
      createElement("div", { className: "action-links" },
        createLink("useAll", say("Use everything")), createLink("usePrompt", say("Use prompt")), createLink("useSeed", say("Use seed"))),
      createElement("div", { className: "action-links" },
        createLink("copyPicture", say("Copy picture")), createLink("copyPrompt", say("Copy prompt")), createLink("copyLink", say("Copy link"))),
      createElement("div", { className: "action-links" }, createLink("remove", say("Delete")))))
}

function createButton(action, textContent, className = "secondary") {
  return createElement("button", { className, type: "button", textContent, "data-action": action })
}

function createLink(action, text) {
  return createButton(action, text, "text-button")
}

function settings({ title, seed, price, seconds, made, values, width, height }) {
  const parameters = Object.entries(labels).map(([name, label]) => [label, values[name]])
  const facts = [
    ["Model", title], ["Seed", seed], ...parameters, ["Pixels", width && `${width} × ${height}`],
    ["Price", Number(price) ? money(price) : ""], ["Time", seconds && duration(seconds)],
    ["Made", dateTime(made)],
  ]
  return facts.filter(([, value]) => value)
}

function createTermAndValue([label, value]) {
  return [["dt", say(label)], ["dd", value]].map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text }))
}
