// The shelf: the pictures kept in this browser, searched, opened, starred, deleted and downloaded. Knows no server.
import { copyPicture, copyText } from "../pictures/export.js"
import { createElement } from "./dom.js"
import { createDownloads } from "./downloads.js"
import { addGallery } from "./gallery.js"
import { loadLater, loadStyle } from "./load.js"
import { pictureName } from "./names.js"
import { addSelection } from "./select.js"
import { say } from "../words/words.js"

const searchMilliseconds = 150 // to wait for more typing, as each search reads the whole history

const mostRelatives = 12

const storageNotes = {
  full: say("This browser's storage is full: new pictures last until the page is closed. Download or delete some."),
  off: say("This browser stores nothing for this page: pictures last until it is closed. Download the ones you like."),
}

/**
 * @param {HTMLElement} shelf  empty
 * @param {object} history  of history.js
 * @param {Object} callbacks
 * @param {(values: object) => void} callbacks.use  puts values into the form
 * @param {(values: object) => void} callbacks.generateMore  generates with the values and new seeds
 * @param {(model: string) => string} callbacks.moreLabel  what that makes and costs
 * @param {(values: object) => string} callbacks.createLink
 * @param {() => Promise<?object>} callbacks.loadMetadata  the module metadata.js; undefined, after a notice, if it does not load
 * @param {(id: string) => ?HTMLElement} callbacks.findOnWall  the picture's button where it hangs large
 * @param {(ids: string[]) => Promise} callbacks.removeFromWall
 * @param {() => Promise} callbacks.hangNewest  hangs the newest set large
 * @param {(record: object) => void} callbacks.change  opens the editing room
 * @param {(record: object) => void} callbacks.changeAgain  opens it for the picture before
 * @param {() => boolean} callbacks.areSingleKeysOn  whether letters alone may be shortcuts
 * @param {(sentence: string) => void} callbacks.announce
 * @param {(sentence: string, undo?: () => void) => void} callbacks.toast
 * @param {(work: Promise) => Promise} callbacks.undoAfter  lets Ctrl+Z wait for a deletion
 * @param {() => void} callbacks.releaseFocus  called when nothing is left here to focus
 */
export function addShelf(shelf, history, {
  use, generateMore, moreLabel, createLink, loadMetadata, findOnWall, removeFromWall, hangNewest, areSingleKeysOn,
  change, changeAgain, announce, toast, undoAfter, releaseFocus,
}) {
  shelf.replaceChildren(...createContent())
  const find = selector => shelf.querySelector(selector)
  const searchField = find("[type=search]")
  const starredOnly = find(".starred-only")
  const allValues = ({ values, seed }) => ({ ...values, seed })
  const linkValues = record => (record.tool ? { ...record.choices, tool: record.tool } : allValues(record))
  const useInForm = values => { viewer.close(); use(values) }
  const filter = () => ({ words: searchField.value.trim(), starred: starredOnly.getAttribute("aria-pressed") === "true" })
  const isFiltered = () => Boolean(filter().words || filter().starred)
  const loadMatching = () => history.page({ ...filter(), limit: Infinity })

  let viewer // once it is loaded
  let removingId // of the picture that is being deleted in the viewer
  const loadViewer = loadLater(async () => {
    const [{ addViewer }] = await Promise.all([import("./viewer.js"), loadStyle("wall/viewer.css")])
    viewer = addViewer({
      editWords: ({ values: { seed, ...others } }) => useInForm(others),
      sameSeed: record => useInForm(allValues(record)),
      more: ({ values }) => { viewer.close(); generateMore(values) },
      download: downloads.save,
      share: downloads.share,
      copyPicture: async (_record, blob) => toast(await copyPicture(blob)),
      copyPrompt: async ({ prompt }) => toast(await copyText(prompt, say("Prompt copied."))),
      copyLink: async record => toast(await copyText(createLink(linkValues(record)), say("Link copied."))),
      change: record => { viewer.close(); change(record) },
      changeAgain: record => { viewer.close(); changeAgain(record) },
      open,
      star: toggleStar,
      remove: removeAndGoOn,
      newer: ({ id }) => step(id, -1),
      older: ({ id }) => step(id, 1),
      newest: ({ id }) => step(id, -Infinity),
      oldest: ({ id }) => step(id, Infinity),
      close: () => viewer.close(),
      closed,
    }, { areSingleKeysOn })
  }, toast)
  const downloads = createDownloads({
    loadFile: id => history.file(id), loadMetadata, embedsSettings: () => viewer?.embedsSettings ?? true, announce, toast,
  })
  const selection = addSelection(find(".selection"), {
    loadAll: loadMatching, between: (record, other) => gallery.between(record.id, other.id), onChange: showSelection,
    acts: { download: downloads.saveAll, star: starAll, remove: records => undoAfter(remove(records)) },
  })
  const gallery = addGallery(find(".days"), {
    loadPage: page => history.page(page),
    loadThumbnail: id => history.thumb(id),
    isElsewhere: ({ id }) => !isFiltered() && !selection.isOn && Boolean(findOnWall(id)),
    onPress: (record, event) => (selection.isOn ? selection.toggle(record, event) : open(record)),
    onStar: toggleStar,
    onDraw: drawChoice,
    releaseFocus,
  })

  /** Show what matches the filters; resolves to their number, or undefined if a later call took over. */
  async function render() {
    const wanted = filter()
    const [shown, found, all] = await Promise.all([gallery.show(wanted), history.count(wanted), history.count()])
    if (shown === undefined) return
    const unreadable = history.unreadable && say("Some pictures kept here cannot be read, and are not shown.")
    shelf.hidden = !found && !isFiltered() && !unreadable
    find(".number").textContent = all ? ` · ${isFiltered() ? `${found} / ${all}` : all}` : ""
    find(".download-all").textContent = say("Download {number}", { number: found })
    find(".download-all").hidden = !found || selection.isOn
    find(".select").hidden = !found
    find(".no-matches").hidden = found > 0 || !isFiltered()
    find(".no-matches p").textContent = wanted.words ? say("No picture for “{words}”.", wanted) : say("No picture is starred.")
    find(".show-all").textContent = wanted.words ? say("Clear the search") : say("Show all pictures")
    find(".storage-note").textContent = [storageNotes[history.reason], unreadable].filter(Boolean).join(" ")
    return found
  }

  async function search() {
    const found = await render()
    if (found === undefined) return
    if (found === 1) announce(say("One picture found."))
    else announce(found ? say("{number} pictures found.", { number: found }) : find(".no-matches p").textContent)
  }

  function showAll() {
    searchField.value = ""
    starredOnly.setAttribute("aria-pressed", "false")
    searchField.focus()
    search()
  }

  /** While pictures are chosen, pressing one chooses it. */
  function showSelection() {
    find(".filters").hidden = find(".download-all").hidden = selection.isOn
    gallery.redraw()
  }

  function drawChoice({ button, record }) {
    if (selection.isOn) {
      button.setAttribute("role", "checkbox")
      button.setAttribute("aria-checked", selection.has(record))
    } else {
      button.removeAttribute("role")
      button.removeAttribute("aria-checked")
    }
  }

  /** Focus the picture where it hangs, or else the first one. */
  function focusPicture(id) {
    const hung = findOnWall(id)
    if (hung) hung.focus()
    else if (!gallery.focus(id)) releaseFocus()
  }

  /** Go back to the picture seen last. */
  function closed(id) {
    const { activeElement } = document
    const notice = viewer.element.querySelector(".toast")
    if (notice) document.querySelector("main").append(notice) // its Undo stays in reach
    if (activeElement === document.body || viewer.element.contains(activeElement) || shelf.contains(activeElement)
      || activeElement.closest(".new-pictures")) focusPicture(id)
  }

  async function open(record) {
    const [blob] = await Promise.all([history.file(record.id), loadViewer()])
    if (!viewer) return
    if (!blob) return toast(say("This picture is no longer in this browser."))
    if (!gallery.place(record.id)) await gallery.show(filter()) // just added
    const [newer, older, total] = await Promise.all([gallery.neighbor(record.id, -1), gallery.neighbor(record.id, 1), history.count(filter())])
    const current = gallery.find(record.id) ?? record
    viewer.show(current, blob, {
      newer, older, total, place: gallery.place(record.id), moreLabel: moreLabel(current.values.model),
      canShare: downloads.canShare(current, blob),
    })
    showRelatives(current)
  }

  async function showRelatives({ id, parents = [] }) {
    const found = await Promise.all(parents.map(parent => history.record(parent)))
    const children = await history.page({ parent: id, limit: mostRelatives })
    const [from, into] = await Promise.all([found.filter(Boolean), children].map(records => Promise.all(records.map(loadRelative))))
    const before = from.length ? await history.file(from[0].record.id) : undefined
    if (viewer.id === id) viewer.showRelatives({ from, into, isGone: parents.length > from.length, before })
  }

  const loadRelative = async record => ({ record, thumb: await history.thumb(record.id) })

  async function step(id, steps) {
    const record = await gallery.neighbor(id, steps)
    if (!record || record.id === id) return
    await open(record)
    announce(`${pictureName(record)}. ${viewer.placeText}`)
  }

  async function toggleStar(record) {
    record.star = record.star ? 0 : 1
    if (viewer?.id === record.id) viewer.setStar(record.star)
    await history.star(record.id, record.star)
    render()
  }

  async function starAll(records) {
    for (const { id } of records) await history.star(id, 1)
    await render()
    announce(say("{number} pictures starred.", { number: records.length }))
  }

  /** Delete the picture in the viewer and show the next one, or else the one before. */
  async function removeAndGoOn(record) {
    if (record.id === removingId) return // pressed again before the next one is shown
    removingId = record.id
    const next = await gallery.neighbor(record.id, 1) ?? await gallery.neighbor(record.id, -1)
    const goOn = () => (next ? open(next) : viewer.close())
    const goBack = () => (viewer.id ? open(record) : focusPicture(record.id))
    await undoAfter(remove([record], () => viewer.id === record.id && goOn(), goBack))
    removingId = undefined
  }

  /** Delete the pictures, and offer to take it back. */
  async function remove(records, goOn = () => {}, goBack = () => focusPicture(records[0].id)) {
    const ids = records.map(({ id }) => id)
    const restore = await history.remove(...ids)
    selection.forget(ids)
    await removeFromWall(ids)
    await render()
    await goOn()
    if (shelf.hidden) releaseFocus()
    toast(ids.length > 1 ? say("{number} pictures deleted.", { number: ids.length }) : say("Picture deleted."), async () => {
      await restore()
      await hangNewest()
      await render()
      await goBack()
      announce(ids.length > 1 ? say("{number} pictures restored.", { number: ids.length }) : say("Picture restored."))
    })
  }

  let searchTimer
  searchField.oninput = () => {
    clearTimeout(searchTimer)
    searchTimer = setTimeout(search, searchMilliseconds)
  }
  starredOnly.onclick = () => {
    starredOnly.setAttribute("aria-pressed", !filter().starred)
    search()
  }
  find(".show-all").onclick = showAll
  find(".select").onclick = () => {
    selection.setOn(true)
    selection.focus()
  }
  find(".download-all").onclick = async ({ currentTarget }) => downloads.saveAll(await loadMatching(), currentTarget)
  history.onchange = async ({ kind, id }) => { // in another tab
    if (kind === "removed") await removeFromWall([id])
    if (kind === "removed" && viewer?.id === id) {
      viewer.close()
      toast(say("This picture is no longer in this browser."))
    }
    render()
  }
  return { render, open }
}

function createContent() {
  const button = (className, textContent) => createElement("button", { className, type: "button", textContent })
  const starredOnly = button("secondary starred-only", say("Starred"))
  starredOnly.setAttribute("aria-pressed", "false")
  return [
    createElement("header", { className: "shelf-header" },
      createElement("h2", { id: "shelf-title", textContent: say("Kept in this browser") }, createElement("span", { className: "number" })),
      button("text-button download-all", ""),
      createElement("div", { className: "filters" },
        createElement("input", { type: "search", "aria-label": say("Search the prompts"), placeholder: say("Search") }),
        starredOnly,
        button("secondary select", say("Select"))),
      createElement("div", { className: "selection", role: "toolbar", "aria-label": say("Select"), hidden: true })),
    createElement("p", { className: "help storage-note" }),
    createElement("div", { className: "no-matches", hidden: true }, createElement("p"), button("text-button show-all", "")),
    createElement("div", { className: "days" }),
  ]
}
