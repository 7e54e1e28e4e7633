// A set: the pictures of one click, hung together above one caption. Knows no server and no form.
import { createElement } from "./dom.js"
import { wordsOf } from "./names.js"
import { addResult, shorten } from "./result.js"
import { cut } from "../words/text.js"
import { duration, money, say } from "../words/words.js"

let sets = 0 // so far, for the ids

/** Hang an empty set above the others; beside the picture before, {record, blob}, of the words `from`. */
export function addSet(wall, { words, from, ratio, size, before, onOpen }) {
  const id = `set-${++sets}`
  const label = createElement("div", { className: "label" },
    createElement("p", { className: "prompt-text", id, dir: "auto", textContent: shorten(words) }),
    createElement("p", { className: "facts" }),
    createElement("button", { className: "text-button change", type: "button", textContent: say("Change…"), hidden: true }))
  const set = createElement("div", { className: "set", role: "group", "aria-labelledby": id },
    createElement("h2", { className: "visually-hidden", textContent: say("New") }), createElement("div", { className: "frames" }), label)
  for (const [name, value] of Object.entries({ ratio, ...layout(before ? size + 1 : size, ratio) })) set.style.setProperty(`--${name}`, value)
  if (from) set.dataset.from = say("From “{title}”", { title: cut(from, 60) })
  wall.prepend(set)
  if (before) set.ready = hangBefore(set, before, onOpen)
  return set
}

/** A broken file stays blank. */
async function hangBefore(set, { record, blob }, onOpen) {
  const result = addResult(set, { prompt: wordsOf(record) }, { onOpen: () => onOpen(record) })
  const figure = result.end()
  result.setId(record.id)
  figure.classList.add("before")
  await result.hang(blob).catch(() => {})
  figure.append(createElement("figcaption", { className: "help", textContent: say("Before") }))
}

/**
 * Hang the pictures of a set that the history holds, in place of all others.
 * @param {object[]} records  of one set
 * @param {(id: string) => Promise<?Blob>} loadFile
 * @param {(record: object) => void} onOpen
 * @param {?{record: object, blob: Blob}} before  the picture that they are made from
 */
export async function hangSet(wall, records, { loadFile, onOpen, before }) {
  const all = before ? [before.record, ...records] : records
  const isHung = all.every(({ id }) => wall.querySelector(`#picture-${id}`))
  if (isHung && wall.querySelectorAll("figure").length === all.length) return
  const blobs = await Promise.all(records.map(({ id }) => loadFile(id)))
  const shown = records.filter((_, index) => blobs[index])
  if (!shown.length) return
  const [{ values, width, height }] = shown
  const ratio = width ? width / height : aspectRatio(values)
  const set = addSet(wall, { words: wordsOf(shown[0]), from: before && wordsOf(before.record), ratio, size: shown.length, before, onOpen })
  set.hidden = true // until all of it can be seen
  await Promise.allSettled(shown.map(record => { // a broken file hangs nowhere
    const result = addResult(set, record, { onOpen: () => onOpen(record) })
    result.setId(record.id)
    return result.hang(blobs[records.indexOf(record)], record)
  }))
  const others = [...wall.children].filter(each => each !== set)
  if (others.some(each => each.querySelector("[aria-busy]"))) return set.remove() // begun meanwhile
  for (const each of others) each.remove()
  describeSet(set)
  set.hidden = false
}

/** Remove a picture; and its set, once that is empty. */
export function removeResult(figure) {
  const set = figure?.closest(".set")
  if (!set) return
  figure.remove()
  set.querySelector("figure:not(.before)") ? describeSet(set) : set.remove()
}

/** Say what the set's pictures are and cost, such as "Stable Image Core · 4 × $0.04 · 3.5 s". A single one can be changed. */
export function describeSet(set) {
  const facts = [...set.querySelectorAll("figure")].map(figure => figure.facts).filter(Boolean)
  const [{ title, price } = {}] = facts
  const seconds = Math.max(0, ...facts.map(fact => fact.seconds))
  const cost = facts.length > 1 ? `${facts.length} × ${money(price)}` : money(price)
  const all = [set.dataset.from, title, Number(price) ? cost : "", seconds ? duration(seconds) : ""]
  set.querySelector(".facts").textContent = all.filter(Boolean).join(" · ")
  const results = set.querySelectorAll(".result:not(.before)")
  set.querySelector(".change").hidden = results.length > 1 || !results[0]?.id
}

/** Width divided by height: from `aspect_ratio`, such as 16:9, or from `size`, such as 1344x768. */
export function aspectRatio({ aspect_ratio: shape = "", size = shape }) {
  const [width, height] = (size || "1:1").split(/[:x]/)
  return width / height
}

/** How many pictures stand side by side, in a wide window and in a narrow one, so that all of them are large and in sight. */
function layout(size, ratio) {
  const across = [1, 2, 4].filter(columns => size % columns === 0).concat(size === 3 ? 3 : [])
  const height = columns => Math.min(columns / size, 1.3 / columns / ratio) // where the wall is 1.3 times as wide as high
  const wide = across.reduce((best, columns) => (height(columns) > height(best) ? columns : best))
  const narrow = size > 1 && ratio < 1.4 ? 2 : 1
  return { wide, "wide-rows": size / wide, narrow, "narrow-rows": Math.ceil(size / narrow) }
}
