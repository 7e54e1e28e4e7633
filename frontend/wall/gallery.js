// Thumbnails of the pictures kept, newest first, by day; loaded while scrolling. Knows no server.
import { dayTitle } from "./days.js"
import { createElement } from "./dom.js"
import { pictureName, wordsOf } from "./names.js"
import { focusedByKey } from "./arrows.js"
import { cut } from "../words/text.js"
import { say } from "../words/words.js"

const pageSize = 60 // thumbnails per page

/**
 * @param {HTMLElement} wall  of the days
 * @param {Object} callbacks
 * @param {(filter: object) => Promise<object[]>} callbacks.loadPage  records, newest first
 * @param {(id: string) => Promise<Blob>} callbacks.loadThumbnail
 * @param {(record: object) => boolean} callbacks.isElsewhere  whether the picture hangs elsewhere and is left out here
 * @param {(record: object, event: Event) => void} callbacks.onPress
 * @param {(record: object) => void} callbacks.onStar
 * @param {(entry: object) => void} callbacks.onDraw  called with each entry {button, record} that is drawn or changed
 * @param {() => void} callbacks.releaseFocus  called when the focused thumbnail goes and no other is left
 */
export function addGallery(wall, { loadPage, loadThumbnail, isElsewhere, onPress, onStar, onDraw, releaseFocus }) {
  const end = createElement("div", { className: "end" })
  // Only the last entry counts: a busy machine may report several at once.
  const observer = new IntersectionObserver(entries => entries.at(-1).isIntersecting && loadMore(), { rootMargin: "600px" })
  const entries = new Map() // the list items by id
  let records = []
  let filter = {}
  let hasMore = false
  let lastFocused // the id of the thumbnail
  let requestNumber = 0 // of the latest filter; results of earlier ones are dropped

  wall.after(end)

  async function loadMore() {
    observer.unobserve(end)
    const request = requestNumber
    const lastId = records.at(-1)?.id
    const page = await loadPage({ ...filter, before: lastId, limit: pageSize })
    if (request !== requestNumber || lastId !== records.at(-1)?.id) return
    render([...records, ...page], page.length === pageSize)
  }

  /** Thumbnails that stay are not touched, which keeps the focus and the scroll position. */
  function render(newRecords, more) {
    records = newRecords
    hasMore = more
    const shown = records.filter(record => !isElsewhere(record))
    const ids = new Set(shown.map(({ id }) => id))
    for (const [id, entry] of entries) if (!ids.has(id)) removeEntry(id, entry)
    let day = wall.firstChild
    for (const [title, dayRecords] of byDay(shown)) {
      if (day?.title !== title) wall.insertBefore(createDay(title), day)
      day = day?.title === title ? day : day?.previousSibling ?? wall.lastChild
      renderDay(day.lastChild, dayRecords)
      day = day.nextSibling
    }
    for (const each of [...wall.children]) if (!each.lastChild.children.length) each.remove()
    keepOneTabStop()
    observer.unobserve(end)
    if (hasMore) observer.observe(end)
  }

  function renderDay(list, dayRecords) {
    let next = null
    for (const record of dayRecords.toReversed()) {
      const entry = entries.get(record.id) ?? createEntry(record)
      if (entry.parentElement !== list || entry.nextSibling !== next) list.insertBefore(entry, next)
      draw(entry, record)
      next = entry
    }
  }

  function draw(entry, record) {
    const [button, star] = entry.children
    entry.record = record
    button.setAttribute("aria-label", pictureName(record))
    star.setAttribute("aria-pressed", Boolean(record.star))
    onDraw({ button, record })
  }

  function createEntry(record) {
    const image = createElement("img", { className: record.type === "image/jpeg" ? "" : "clear", alt: "", loading: "lazy" })
    const words = createElement("span", { className: "words", textContent: cut(wordsOf(record), 200) })
    const button = createElement("button", { className: "thumb", type: "button", tabIndex: -1 }, image, words)
    const star = createElement("button", { className: "star", type: "button", tabIndex: -1, "aria-label": `${say("Star")}: ${cut(wordsOf(record), 200)}` })
    const entry = createElement("li", {}, button, star)
    button.onclick = event => onPress(entry.record, event)
    star.onclick = () => onStar(entry.record)
    if (record.width) entry.style.setProperty("--ratio", record.width / record.height)
    loadThumbnail(record.id).then(blob => { if (blob) image.src = URL.createObjectURL(blob) }, () => {}) // stays blank
    entries.set(record.id, entry)
    return entry
  }

  function removeEntry(id, entry) {
    if (entry.contains(document.activeElement)) {
      const all = buttons()
      const place = all.indexOf(entry.firstChild)
      const neighbor = all[place + 1] ?? all[place - 1]
      neighbor ? neighbor.focus() : releaseFocus()
    }
    URL.revokeObjectURL(entry.querySelector("img").src)
    entry.remove()
    entries.delete(id)
  }

  const buttons = () => [...wall.querySelectorAll(".thumb")]
  const indexOf = id => records.findIndex(record => record.id === id)

  /** Tab reaches one thumbnail, the last one that had the focus, and its star; the arrow keys reach the others. */
  function keepOneTabStop(button = entries.get(lastFocused)?.firstChild ?? wall.querySelector(".thumb")) {
    for (const each of wall.querySelectorAll("[tabindex='0']")) each.tabIndex = -1
    if (button) button.tabIndex = button.nextSibling.tabIndex = 0
  }

  wall.addEventListener("focusin", ({ target }) => {
    const entry = target.closest("li")
    if (!entry || entry.record.id === lastFocused) return
    lastFocused = entry.record.id
    keepOneTabStop(entry.firstChild)
  })
  wall.addEventListener("keydown", event => {
    if (!event.target.matches(".thumb")) return
    const button = focusedByKey(event, buttons())
    if (!button) return
    event.preventDefault() // the arrow keys also scroll
    button.focus()
  })

  return {
    /** Show what matches the filter, from the newest on; resolves to their number, or undefined if a later call took over. */
    async show(newFilter) {
      const request = ++requestNumber
      const unchanged = JSON.stringify(newFilter) === JSON.stringify(filter)
      const limit = unchanged ? Math.max(pageSize, records.length) : pageSize
      filter = newFilter
      const page = await loadPage({ ...filter, limit })
      if (request !== requestNumber) return undefined
      render(page, page.length === limit)
      return records.length
    },
    /** Draw every entry again, as what `isElsewhere` or `onDraw` depends on has changed. */
    redraw: () => render(records, hasMore),
    /** Focus the picture, or else the first one; returns whether there is any. */
    focus(id) {
      const button = entries.get(id)?.firstChild ?? wall.querySelector(".thumb")
      button?.scrollIntoView({ block: "nearest" })
      button?.focus({ preventScroll: true })
      return Boolean(button)
    },
    /** The records shown from one picture to another, in either direction. */
    between(id, otherId) {
      const [from, to] = [indexOf(id), indexOf(otherId)].sort((one, other) => one - other)
      return records.slice(from, to + 1)
    },
    /** The record as shown now; undefined if it is not shown. */
    find: id => records[indexOf(id)],
    /** The picture's place from 1; 0 if it is not shown. */
    place: id => indexOf(id) + 1,
    /** The record that many steps further, Infinity for the last; undefined beyond either end, or if the picture is not shown. */
    async neighbor(id, step) {
      while (hasMore && indexOf(id) + step >= records.length) await loadMore()
      if (indexOf(id) < 0) return undefined
      return Number.isFinite(step) ? records[indexOf(id) + step] : records.at(step < 0 ? 0 : -1)
    },
  }
}

/** [title, records] of each day, in the records' order. */
function byDay(records) {
  const days = new Map()
  const now = new Date()
  for (const record of records) {
    const title = dayTitle(record.made, now)
    days.set(title, [...days.get(title) ?? [], record])
  }
  return days
}

function createDay(title) {
  const heading = createElement("h3", { textContent: title })
  return Object.assign(createElement("section", { className: "day" }, heading, createElement("ul", { className: "thumbs" })), { title })
}
