// The shelf: the pictures kept in this browser, searched, opened, starred, deleted and downloaded. Knows no server.
import { copyPicture, copyText, saveAll, savePicture } from "../pictures/export.js"
import { createElement } from "./dom.js"
import { addGallery } from "./gallery.js"
import { loadLater, loadStyle } from "./load.js"
import { cut } from "../words/text.js"
import { say } from "../words/words.js"

const searchMilliseconds = 150 // to wait for more typing, as each search reads the whole history

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
 * @param {(label: string, model: string) => string} callbacks.priceLabel  the label with the price
 * @param {(values: object) => string} callbacks.createLink
 * @param {() => Promise<?object>} callbacks.loadMetadata  the module metadata.js; undefined, after a notice, if it does not load
 * @param {(id: string) => ?(() => void)} callbacks.removeFromWall  returns a function that puts it back
 * @param {(sentence: string) => void} callbacks.announce
 * @param {(sentence: string, undo?: () => void) => void} callbacks.toast
 * @param {() => void} callbacks.releaseFocus  called when nothing is left here to focus
 */
export function addShelf(shelf, history, {
  use, generateMore, priceLabel, createLink, loadMetadata, removeFromWall, announce, toast, releaseFocus,
}) {
  shelf.replaceChildren(...createContent())
  const find = selector => shelf.querySelector(selector)
  const allValues = ({ values, seed }) => ({ ...values, seed })
  const useInForm = values => { viewer.close(); use(values) }

  let viewer // once it is loaded
  const loadViewer = loadLater(async () => {
    const [{ addViewer }] = await Promise.all([import("./viewer.js"), loadStyle("wall/viewer.css")])
    viewer = addViewer({
      usePrompt: ({ prompt }) => useInForm({ prompt }),
      useSeed: ({ seed }) => useInForm({ seed }),
      useAll: record => useInForm(allValues(record)),
      more: ({ values }) => { viewer.close(); generateMore(values) },
      download,
      copyPicture: async (_record, blob) => toast(await copyPicture(blob)),
      copyPrompt: async ({ prompt }) => toast(await copyText(prompt, say("Prompt copied."))),
      copyLink: async record => toast(await copyText(createLink(allValues(record)), say("Link copied."))),
      star: toggleStar,
      remove,
      newer: ({ id }) => step(id, -1),
      older: ({ id }) => step(id, 1),
      close: () => viewer.close(),
      closed: restoreFocus,
    })
  }, toast)
  const loadZip = loadLater(() => import("../pictures/zip.js"), toast)
  const gallery = addGallery(find(".thumbs"), {
    loadPage: filter => history.page(filter), loadThumbnail: id => history.thumb(id), onOpen: open, releaseFocus,
  })

  /** Show what matches the filters; resolves to their number, or undefined if a later call took over. */
  async function render() {
    const words = find("[type=search]").value
    const starred = find(".starred-only").getAttribute("aria-pressed") === "true"
    const found = await gallery.show({ words, starred })
    if (found === undefined) return
    const unreadable = history.unreadable && say("Some pictures kept here cannot be read, and are not shown.")
    shelf.hidden = !found && !words && !starred && !unreadable
    find(".no-matches").hidden = found > 0
    find(".storage-note").textContent = [storageNotes[history.reason], unreadable].filter(Boolean).join(" ")
    return found
  }

  async function search() {
    const found = await render()
    if (found !== undefined) announce(found ? say("Pictures found.") : say("No pictures found."))
  }

  /** If the thumbnail that opened the viewer is gone, focus the first one left. */
  function restoreFocus() {
    const { activeElement } = document
    if ((activeElement === document.body || viewer.contains(activeElement)) && !gallery.focus()) releaseFocus()
  }

  async function open(record) {
    const [blob] = await Promise.all([history.file(record.id), loadViewer()])
    if (!viewer) return
    if (!blob) return toast(say("This picture is no longer in this browser."))
    const [newer, older] = await Promise.all([-1, 1].map(step => gallery.neighbor(record.id, step)))
    const current = gallery.find(record.id) ?? record
    viewer.show(current, blob, { newer, older, moreLabel: priceLabel(say("More like this"), current.values.model) })
  }

  async function step(id, steps) {
    const record = await gallery.neighbor(id, steps)
    if (!record) return
    await open(record)
    announce(cut(record.prompt, 200))
  }

  async function toggleStar(record) {
    record.star = record.star ? 0 : 1
    viewer.setStar(record.star)
    await history.star(record.id, record.star)
    render()
  }

  async function remove({ id }) {
    const restoreToHistory = await history.remove(id)
    viewer.close()
    const restoreToWall = removeFromWall(id)
    toast(say("Picture deleted."), async () => {
      await restoreToHistory()
      restoreToWall?.()
      await render()
      if (!gallery.focus(id)) releaseFocus()
      announce(say("Picture restored."))
    })
    render()
  }

  async function download(record, blob) {
    const metadata = await loadMetadata()
    if (!metadata) return
    const file = await prepareFile(metadata, record, blob)
    savePicture(file ?? blob, record)
    if (!file) toast(say("The settings do not fit in this file, so it has none. A PNG holds more."))
  }

  async function downloadAll() {
    const [zipper, metadata] = await Promise.all([loadZip(), loadMetadata()])
    if (!zipper || !metadata) return
    let without = 0
    await saveAll(zipper.zip, history.all(), async (record, blob) => await prepareFile(metadata, record, blob) ?? (without++, blob))
    if (without) toast(say("Some files have no settings, as these do not fit. A PNG holds more."))
  }

  /** The file to download, with its metadata unless the checkbox is off; undefined if that does not fit. */
  async function prepareFile({ embedMetadata }, record, blob) {
    return viewer?.embedsSettings === false ? blob : embedMetadata(blob, record)
  }

  let searchTimer
  find("[type=search]").oninput = () => {
    clearTimeout(searchTimer)
    searchTimer = setTimeout(search, searchMilliseconds)
  }
  find(".starred-only").onclick = ({ currentTarget: button }) => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true")
    search()
  }
  find(".download-all").onclick = downloadAll
  history.onchange = ({ kind, id }) => { // in another tab
    if (kind === "removed") removeFromWall(id)
    if (kind === "removed" && viewer?.id === id) {
      viewer.close()
      toast(say("This picture is no longer in this browser."))
    }
    render()
  }
  return { render, open }
}

function createContent() {
  return [
    createElement("header", { className: "shelf-header" },
      createElement("h2", { id: "shelf-title", textContent: say("Kept in this browser") }),
      createElement("div", { className: "filters" },
        createElement("input", { type: "search", "aria-label": say("Search the prompts"), placeholder: say("Search the prompts") }),
        createElement("button", { className: "secondary starred-only", type: "button", textContent: say("Starred"), "aria-pressed": "false" }),
        createElement("button", { className: "secondary download-all", type: "button", textContent: say("Download all") }))),
    createElement("p", { className: "help storage-note" }),
    createElement("ul", { className: "thumbs" }),
    createElement("p", { className: "help no-matches", textContent: say("No pictures found."), hidden: true }),
  ]
}
