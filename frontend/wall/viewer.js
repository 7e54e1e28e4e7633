// The viewer: one large picture, its settings and its actions. Knows no server.
import { createDialog, createTermAndValue } from "./dialog.js"
import { addCompare, renderRelatives, toolTitle } from "./lineage.js"
import { pictureName, wordsOf } from "./names.js"
import { addZoom } from "./zoom.js"
import { labels } from "../words/labels.js"
import { dateTime, duration, money, say } from "../words/words.js"

const keys = { ArrowLeft: "newer", ArrowRight: "older", Home: "newest", End: "oldest", Delete: "remove" }
const singleKeys = { s: "star", d: "download" }

/**
 * @param {Object<string, (record: object, blob: Blob) => void>} actions  by the buttons' data-action, and `closed`
 * @param {{areSingleKeysOn: () => boolean}} settings
 */
export function addViewer(actions, { areSingleKeysOn }) {
  const dialog = createDialog()
  const find = selector => dialog.querySelector(selector)
  const image = find("img")
  const words = find(".prompt-text")
  const showAll = find(".show-words")
  const menu = find(".menu")
  const zoom = addZoom(find(".stage"), find(".zoom"), find(".scale"), direction => act(direction > 0 ? "older" : "newer"))
  const compare = addCompare(find(".compare"), find(".before"), find("[role=status]"))
  let shownRecord
  let shownBlob

  document.body.append(dialog)

  function act(action) {
    if (shownRecord) actions[action](shownRecord, shownBlob)
  }

  function actByKey({ key, target, altKey, ctrlKey, metaKey, repeat }) {
    if (altKey || ctrlKey || metaKey) return // the browser's own: Alt and an arrow key leave the page
    if (zoom.isZoomed() && !singleKeys[key]) return // the arrow keys scroll the picture
    if (target.closest("[popover], [type=range]")) return
    if (key === "\\") compare.toggle()
    if (keys[key] && !(repeat && key === "Delete")) act(keys[key])
    if (singleKeys[key] && !repeat && areSingleKeysOn()) act(singleKeys[key])
  }

  /** What is made from words can be made again, and what is changed, changed again. */
  function showActions({ tool, upload }) {
    for (const action of ["more", "editWords", "sameSeed"]) find(`[data-action=${action}]`).hidden = Boolean(tool || upload)
    find("[data-action=changeAgain]").hidden = !tool
    find("[data-action=copyLink]").hidden = Boolean(upload)
  }

  function clampWords() {
    words.classList.add("clamped")
    showAll.hidden = words.scrollHeight <= words.clientHeight
  }

  dialog.addEventListener("click", ({ target }) => {
    const { action } = target.closest("[data-action]")?.dataset ?? {}
    if (target.closest("[popover]")) menu.hidePopover()
    if (action) act(action)
    if (target === dialog) dialog.close() // a click outside the content
  })
  dialog.addEventListener("keydown", actByKey)
  dialog.addEventListener("cancel", event => {
    if (!zoom.isZoomed()) return
    event.preventDefault() // the first Escape only zooms out
    zoom.zoomOut()
  })
  dialog.addEventListener("close", () => {
    if (dialog.open) return // opened again before the event arrived
    const { id } = shownRecord
    shownRecord = undefined
    URL.revokeObjectURL(image.src)
    image.removeAttribute("src")
    compare.hide()
    actions.closed(id)
  })
  showAll.onclick = () => {
    words.classList.remove("clamped")
    showAll.hidden = true
    find(".details").focus()
  }
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "open") placeMenu(menu, find("[popovertarget]"))
  })

  return {
    element: dialog,
    show(record, blob, { newer, older, place, total, moreLabel, canShare }) {
      shownRecord = record
      shownBlob = blob
      URL.revokeObjectURL(image.src)
      zoom.zoomOut()
      compare.hide()
      renderRelatives(find(".relatives"), {})
      image.classList.toggle("clear", blob.type !== "image/jpeg")
      Object.assign(image, { src: URL.createObjectURL(blob), alt: pictureName({ ...record, star: 0 }) })
      if (record.width) find(".stage").style.setProperty("--ratio", record.width / record.height)
      words.textContent = wordsOf(record)
      find("dl").replaceChildren(...facts(record).flatMap(createTermAndValue))
      find("[data-action=more]").textContent = moreLabel
      showActions(record)
      find("[data-action=newer]").disabled = !newer
      find("[data-action=older]").disabled = !older
      find(".place").textContent = place ? say("{place} of {size}", { place, size: total }) : ""
      find("[popovertarget]").textContent = canShare ? say("Share") : say("Copy")
      find("[data-action=share]").hidden = !canShare
      this.setStar(record.star)
      if (!dialog.open) dialog.showModal()
      if (document.activeElement.disabled) find("[data-action=close]").focus() // a disabled button gets no keys
      dialog.scrollTop = 0
      clampWords()
    },
    /**
     * Show where the picture comes from and what became of it.
     * @param {{from: object[], into: object[], isGone: boolean, before: ?Blob}} relatives  each {record, thumb}; the file of the first of `from`
     */
    showRelatives({ before, ...relatives }) {
      renderRelatives(find(".relatives"), { ...relatives, onOpen: actions.open })
      if (before) compare.show(before, shownRecord)
    },
    setStar(on) {
      find("[data-action=star]").setAttribute("aria-pressed", Boolean(on))
    },
    close: () => dialog.close(),
    /** The id of the picture shown; undefined while the viewer is closed. */
    get id() {
      return shownRecord?.id
    },
    /** Such as "2 of 60". */
    get placeText() {
      return find(".place").textContent
    },
    /** Whether files are to hold their settings. */
    get embedsSettings() {
      return find(".embed-metadata").checked
    },
  }
}

/** Below its button, or above it where there is no room. */
function placeMenu(menu, button) {
  const box = button.getBoundingClientRect()
  const { width, height } = menu.getBoundingClientRect()
  const below = box.bottom + 4
  menu.style.setProperty("--top", `${below + height > innerHeight ? Math.max(0, box.top - height - 4) : below}px`)
  menu.style.setProperty("--left", `${Math.max(0, box.right - width)}px`)
}

function facts({ prompt, words, title, seed, price, seconds, made, values, width, height, tool, upload }) {
  const { aspect_ratio: ratio, size, output_format: format, ...others } = values
  const shape = [ratio, width ? `${width} × ${height}` : size?.replace("x", " × "), format?.toUpperCase()]
  const making = [
    dateTime(made), seconds && say("in {time}", { time: duration(seconds) }),
    Number(price) && say("for {price}", { price: money(price) }),
  ]
  const rest = Object.entries(labels).map(([name, label]) => [label, others[name]])
  const change = [["Tool", tool && toolTitle(tool)], ["Find", values.search_prompt ?? values.select_prompt], ["Origin", upload && say("Yours")]]
  const all = [["In English", words && prompt], ...change, ["Model", title], ["Shape", join(shape)], ["Seed", seed], ...rest, ["Made", join(making)]]
  return all.filter(([, value]) => value)
}

const join = parts => parts.filter(Boolean).join(", ")
