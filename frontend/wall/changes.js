// Changing pictures: one that is kept or brought, through the editing room, to an order. Knows no server.
import { pictureName, wordsOf } from "./names.js"
import { aspectRatio } from "./set.js"
import { areAlike } from "../pictures/alike.js"
import { cut } from "../words/text.js"
import { explain, money, say } from "../words/words.js"

const mostPictures = 4 // in one click

/**
 * @param {object} history  of history.js
 * @param {Object} callbacks
 * @param {() => Promise<?object[]>} callbacks.loadRoom  the modules room.js and prepare.js
 * @param {() => Promise<?object>} callbacks.loadMetadata  the module metadata.js
 * @param {object} callbacks.desk
 * @param {(values: object[], change: object) => void} callbacks.paint
 * @param {() => Promise} callbacks.onKept  called once a brought picture is in the history
 * @param {(isChange: boolean) => object} callbacks.takeLinkValues  of link.js
 * @param {(sentence: string) => void} callbacks.toast
 * @param {(label: string, run: () => void) => void} callbacks.offer  adds a button to the notice
 */
export function addChanges(history, { loadRoom, loadMetadata, desk, paint, onKept, takeLinkValues, toast, offer }) {
  let isOpen = false
  let linked // the draft of a link

  /** Open the editing room. */
  async function change(record, draft = linked ?? storedDraft(record.id)) {
    if (isOpen) return
    isOpen = true
    try {
      const [modules, blob] = await Promise.all([loadRoom(), history.file(record.id)])
      if (!blob) toast(say("This picture is no longer in this browser."))
      else if (!record.width) toast(say("This browser cannot open this picture."))
      else if (!desk.offered) toast(say("The models are not loaded yet. Try again in a moment."))
      else if (modules) await edit(modules, record, blob, draft)
    } catch (error) {
      toast(explain(error))
    } finally {
      isOpen = false
    }
  }

  async function edit([{ openRoom }], record, blob, draft) {
    const { width, height } = record
    const picture = { blob, width, height, title: pictureName({ ...record, star: 0 }), prompt: record.upload ? "" : record.prompt }
    await openRoom({
      picture, models: desk.offered, draft, price: money, n: mostPictures, budget: desk.leftUsd,
      onDraft: made => storeDraft(record.id, made),
      onSubmit: order => submit(order, picture, { record, blob }),
    })
  }

  function submit({ tool, model, values, images, n, draft }, picture, before) {
    const { id } = before.record
    const origin = { tool, parents: [id], choices: draft.values, strokes: draft.strokes, name: wordsOf(before.record), ratio: ratioAfter(values, picture) }
    linked = undefined
    paint(Array.from({ length: n }, () => ({ prompt: "", ...values, model })), { images, origin, before })
  }

  /** Put the settings of a picture from Easel into the form; open the room for any other. Several are only kept. */
  async function bring(files) {
    if (isOpen) return
    if (files.length > 1) return keepAll(files)
    const [file] = files
    const settings = await readSettings(file)
    if (!settings || linked) return bringOne(file)
    const { tool, prompt, search_prompt, select_prompt } = settings
    if (tool) return bringOne(file, { tool, values: { prompt, search_prompt, select_prompt } })
    desk.usePicture({ model: settings.title ?? "", ...settings }) // other programs' files name a model by its title, or none
    offer(say("Change it instead"), () => bringOne(file))
  }

  async function readSettings(file) {
    if (file.size > 50_000_000) return null // bytes; a picture from Easel is smaller
    return (await loadMetadata())?.readMetadata(file)
  }

  async function bringOne(file, draft) {
    const record = await keep(file)
    if (record) await change(record, draft)
  }

  async function keepAll(files) {
    const records = []
    for (const file of files) records.push(await keep(file))
    const number = records.filter(Boolean).length
    if (number === files.length) toast(say("{number} pictures are on the shelf.", { number }))
  }

  /** A brought picture becomes one of its own. Its place on the disk and where it was taken stay behind. */
  async function keep(file) {
    const modules = await loadRoom()
    if (!modules) return undefined
    try {
      const { blob } = await modules[1].prepare(file).catch(error => {
        throw typeof error.code === "string" ? error : Object.assign(new Error("This file cannot be read."), { code: "UnreadableFile" }) // a folder
      })
      const record = await history.add({ prompt: nameOf(file), price: "0", seconds: 0, upload: true }, blob)
      await onKept()
      return record
    } catch (error) {
      toast(explain(error))
    }
  }

  return {
    change, bring,
    /** Open the room for the picture before, with all that was chosen and painted. */
    async changeAgain({ parents, tool, choices, strokes }) {
      const before = await history.record(parents[0])
      before ? await change(before, { tool, values: choices, strokes }) : toast(say("The picture before is gone."))
    },
    /** Say if the words were not found, so that the picture is as it was before. */
    async compare({ parents: [id], values: { search_prompt: search, select_prompt: words = search } }, blob) {
      const before = await history.file(id)
      if (before && await areAlike(before, blob)) toast(say("Nothing like “{words}” was found: the picture is as it was.", { words }))
    },
    /** Take the change out of the address, to be made with the next picture. */
    welcome() {
      const { tool, ...values } = takeLinkValues(true)
      if (!tool) return
      linked = { tool, values }
      document.querySelector("#restore").focus()
      toast(say("Somebody sent you a change. Open a picture to make it."))
    },
  }
}

/** The name of the file; clipboards name every picture alike. */
function nameOf({ name = "" }) {
  const words = cut(name.replace(/\.\w+$/, ""), 200)
  return !words || words === "image" ? say("Your picture") : words
}

/** Width divided by height. */
function ratioAfter(values, { width, height }) {
  if (values.aspect_ratio) return aspectRatio(values)
  const { left = 0, right = 0, up = 0, down = 0 } = values
  return (width + Number(left) + Number(right)) / (height + Number(up) + Number(down))
}

/** What was chosen and painted last, if it was for this picture. */
function storedDraft(id) {
  try {
    const draft = JSON.parse(sessionStorage.getItem("change"))
    return draft?.id === id ? draft : undefined
  } catch {
    return undefined
  }
}

function storeDraft(id, draft) {
  try {
    sessionStorage.setItem("change", JSON.stringify({ ...draft, id }))
  } catch {} // storage is forbidden or full
}
