// Choosing several pictures on the shelf, to download, star or delete them. Knows no history.
import { createElement } from "./dom.js"
import { say } from "../words/words.js"

/**
 * @param {HTMLElement} bar  empty
 * @param {Object} callbacks
 * @param {() => Promise<object[]>} callbacks.loadAll  the records that match the filters
 * @param {(record: object, other: object) => object[]} callbacks.between  the records from one to the other
 * @param {() => void} callbacks.onChange  called when the mode or the selection changes
 * @param {Object<string, (records: object[], button: HTMLElement) => void>} callbacks.acts  download, star and remove
 */
export function addSelection(bar, { loadAll, between, onChange, acts }) {
  const chosen = new Map() // records by id
  const number = createElement("p", { className: "chosen", role: "status" })
  const all = createButton(say("Select all"), async () => {
    const records = await loadAll()
    const isAll = records.every(({ id }) => chosen.has(id))
    chosen.clear()
    if (!isAll) choose(records)
    refresh()
  })
  const download = createButton("", ({ currentTarget }) => acts.download([...chosen.values()], currentTarget))
  const star = createButton(say("Star"), () => acts.star([...chosen.values()]))
  const remove = createButton("", () => acts.remove([...chosen.values()]))
  const done = createButton(say("Done"), () => setOn(false))
  let isOn = false
  let last // the record chosen last, where a range starts

  bar.append(number, all, download, star, remove, done)

  function choose(records) {
    for (const record of records) chosen.set(record.id, record)
  }

  function refresh() {
    number.textContent = say("{number} selected", { number: chosen.size })
    download.textContent = say("Download {number}", { number: chosen.size })
    remove.textContent = say("Delete {number}", { number: chosen.size })
    for (const button of [download, star, remove]) button.disabled = !chosen.size
    onChange()
  }

  function setOn(on) {
    isOn = on
    bar.hidden = !on
    chosen.clear()
    last = undefined
    refresh()
  }

  return {
    setOn,
    get isOn() {
      return isOn
    },
    has: ({ id }) => chosen.has(id),
    /** Choose the picture or no longer, or with Shift all from the last one to it. */
    toggle(record, { shiftKey }) {
      if (shiftKey && last) choose(between(last, record))
      else chosen.delete(record.id) || choose([record])
      last = record
      refresh()
    },
    /** Forget pictures that are gone. */
    forget(ids) {
      for (const id of ids) chosen.delete(id)
      if (isOn) refresh()
    },
    focus: () => done.focus(),
  }
}

function createButton(textContent, onclick) {
  return createElement("button", { className: "secondary", type: "button", textContent, onclick })
}
