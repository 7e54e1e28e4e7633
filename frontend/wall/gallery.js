// Thumbnails of earlier pictures, newest first, loaded while scrolling. Knows no server.
import { cut } from "../words/text.js"

const pageSize = 60 // thumbnails per page

/**
 * @param {HTMLElement} list  of thumbnails
 * @param {Object} callbacks
 * @param {(filter: object) => Promise<object[]>} callbacks.loadPage  records, newest first
 * @param {(id: string) => Promise<Blob>} callbacks.loadThumbnail
 * @param {(record: object) => void} callbacks.onOpen
 * @param {() => void} callbacks.releaseFocus  called when the focused thumbnail goes and no other is left
 */
export function addGallery(list, { loadPage, loadThumbnail, onOpen, releaseFocus }) {
  const end = document.createElement("li")
  // Only the last entry counts: a busy machine may report several at once.
  const observer = new IntersectionObserver(entries => entries.at(-1).isIntersecting && loadMore(), { rootMargin: "600px" })
  let records = []
  let filter = {}
  let hasMore = false
  let requestNumber = 0 // of the latest filter; results of earlier ones are dropped

  list.replaceChildren(end)

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
    const ids = new Set(newRecords.map(({ id }) => id))
    const entries = new Map([...list.children].map(entry => [entry.record?.id, entry]))
    for (const [id, entry] of entries) if (id && !ids.has(id)) removeEntry(entry)
    let next = end
    for (const record of newRecords.toReversed()) {
      const entry = entries.get(record.id) ?? createEntry(record)
      if (entry.nextSibling !== next) next.before(entry)
      entry.record = record
      entry.classList.toggle("starred", Boolean(record.star))
      next = entry
    }
    records = newRecords
    hasMore = more
    observer.unobserve(end)
    if (hasMore) observer.observe(end)
  }

  function createEntry(record) {
    const entry = document.createElement("li")
    const image = Object.assign(document.createElement("img"), { alt: "", loading: "lazy" })
    const button = Object.assign(document.createElement("button"), { type: "button", className: "thumb", onclick: () => onOpen(entry.record) })
    button.setAttribute("aria-label", cut(record.prompt, 200))
    button.append(image)
    entry.append(button)
    if (record.width) entry.style.setProperty("--ratio", record.width / record.height)
    loadThumbnail(record.id).then(blob => { if (blob) image.src = URL.createObjectURL(blob) }, () => {}) // stays blank
    return entry
  }

  function removeEntry(entry) {
    const neighbor = entry.nextSibling.firstChild ?? entry.previousSibling?.firstChild
    if (entry.contains(document.activeElement)) neighbor ? neighbor.focus() : releaseFocus()
    URL.revokeObjectURL(entry.querySelector("img").src)
    entry.remove()
  }

  const indexOf = id => records.findIndex(record => record.id === id)

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
    /** Focus the picture, or else the first one; returns whether there is any. */
    focus(id) {
      const entry = [...list.children].find(({ record }) => record?.id === id) ?? list.firstChild
      entry.firstChild?.focus()
      return entry !== end
    },
    /** The record as shown now; undefined if it is not shown. */
    find: id => records[indexOf(id)],
    /** The record that many steps further; undefined beyond either end, or if the picture is not shown. */
    async neighbor(id, step) {
      if (hasMore && indexOf(id) + step === records.length) await loadMore()
      return indexOf(id) < 0 ? undefined : records[indexOf(id) + step]
    },
  }
}
