// The viewer: one large picture, its settings and its actions. Knows no server.
import { labels } from "../words/labels.js"
import { dateTime, duration, money, say } from "../words/words.js"

/**
 * @param {HTMLDialogElement} dialog
 * @param {Object<string, (record: object, blob: Blob) => void>} actions  by the buttons' data-action
 */
export function addViewer(dialog, actions) {
  const image = dialog.querySelector("img")
  const zoom = dialog.querySelector(".zoom")
  let shownRecord
  let shownBlob

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
  }
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
