// The pictures that are kept: on the shelf, in the large view, and what is done with them there.
import { copyPicture, copyText, save, saveAll } from "../files/export.js"
import { addGallery } from "./gallery.js"
import { addViewer } from "./viewer.js"
import { say } from "../words/words.js"

const reasons = {
  full: say("This browser's storage is full: new pictures last until the page is closed. Download or delete some."),
  off: say("This browser keeps nothing for this page: the pictures last until it is closed. Download what you like."),
}

/**
 * @param {HTMLElement} shelf  with filters and thumbnails
 * @param {HTMLDialogElement} dialog
 * @param {object} history  of history.js
 * @param {Object} acts
 * @param {(values: object) => void} acts.use  put values into the form
 * @param {(values: object) => void} acts.more  make more with these
 * @param {(what: string, model: string) => string} acts.withPrice  what a button does, and what it costs
 * @param {(values: object) => string} acts.linkTo
 * @param {(blob: Blob, record: object) => Promise<Blob>} acts.inscribe  write into the file how it was made
 * @param {(id: string) => ?(() => void)} acts.takeDown  from the wall; what hangs it again
 * @param {(sentence: string) => void} acts.tell  what is seen anyway
 * @param {(sentence: string, undo?: () => void) => void} acts.show
 * @param {() => void} acts.leave  where the focus goes when nothing is left here
 */
export function addShelf(shelf, dialog, history, { use, more, withPrice, linkTo, inscribe, takeDown, tell, show, leave }) {
  const find = selector => shelf.querySelector(selector)
  const all = ({ values, seed }) => ({ ...values, seed })
  const inForm = values => { viewer.close(); use(values) }

  const viewer = addViewer(dialog, {
    usePrompt: ({ prompt }) => inForm({ prompt }),
    useSeed: ({ seed }) => inForm({ seed }),
    useAll: record => inForm(all(record)),
    more: ({ values }) => { viewer.close(); more(values) },
    download: async (record, blob) => save(await finished(record, blob), record),
    copyPicture: async (_record, blob) => show(await copyPicture(blob)),
    copyPrompt: async ({ prompt }) => show(await copyText(prompt, say("The prompt is copied."))),
    copyLink: async record => show(await copyText(linkTo(all(record)), say("The link is copied."))),
    star,
    remove,
    newer: ({ id }) => step(id, -1),
    older: ({ id }) => step(id, 1),
    close: () => viewer.close(),
  })
  const gallery = addGallery(find(".thumbs"), {
    page: wanted => history.page(wanted), thumb: id => history.thumb(id), open, leave,
  })

  /** As the filters want them. */
  async function draw() {
    const words = find("[type=search]").value
    const starred = find(".starred-only").getAttribute("aria-pressed") === "true"
    const found = await gallery.show({ words, starred })
    if (found === undefined) return
    shelf.hidden = !found && !words && !starred
    find(".none").hidden = found > 0
    find(".reason").textContent = reasons[history.reason] ?? ""
    return found
  }

  async function search() {
    const found = await draw()
    if (found !== undefined) tell(found ? say("Pictures found.") : say("No picture fits."))
  }

  /** If what opened the large view is gone, the focus goes to the first that is left. */
  function land() {
    const { activeElement } = document
    if ((activeElement === document.body || dialog.contains(activeElement)) && !gallery.focus()) leave()
  }

  async function open(record) {
    const blob = await history.file(record.id)
    if (!blob) return show(say("This picture is no longer in this browser."))
    const [newer, older] = await Promise.all([-1, 1].map(step => gallery.beside(record.id, step)))
    const known = gallery.find(record.id) ?? record
    viewer.show(known, blob, { newer, older, more: withPrice(say("More like this"), known.values.model) })
  }

  async function step(id, steps) {
    const record = await gallery.beside(id, steps)
    if (!record) return
    await open(record)
    tell(record.prompt.slice(0, 200))
  }

  async function star(record) {
    record.star = record.star ? 0 : 1
    viewer.star(record.star)
    await history.star(record.id, record.star)
    draw()
  }

  async function remove({ id }) {
    const undo = await history.remove(id)
    viewer.close()
    const hangAgain = takeDown(id)
    show(say("The picture is deleted."), async () => {
      await undo()
      hangAgain?.()
      await draw()
      if (!gallery.focus(id)) leave()
      tell(say("The picture is back."))
    })
    draw()
  }

  /** The file to give away: it says how it was made, unless the switch is off. */
  async function finished(record, blob) {
    return dialog.querySelector(".inscribed").checked ? inscribe(blob, record) : blob
  }

  let typed
  find("[type=search]").oninput = () => {
    clearTimeout(typed)
    typed = setTimeout(search, 150) // milliseconds, as each search reads all that is kept
  }
  find(".starred-only").onclick = ({ target }) => {
    target.setAttribute("aria-pressed", target.getAttribute("aria-pressed") !== "true")
    search()
  }
  find(".download-all").onclick = () => saveAll(history.all(), finished)
  history.onchange = ({ kind, id }) => {
    if (kind === "removed") takeDown(id) // in another tab
    if (kind === "removed" && viewer.id === id) {
      viewer.close()
      show(say("This picture is no longer in this browser."))
    }
    draw()
  }
  dialog.addEventListener("close", land)
  return { draw, open }
}
