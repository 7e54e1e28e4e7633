// The plot: words in, pictures out; each is kept and can be reused.
import { areResultsKept, fetchBudget, fetchImage, fetchModels, generateImage, writePrompt } from "./api.js"
import { openHistory } from "./pictures/history.js"
import { addFileImport } from "./pictures/import.js"
import { newKey, Pending } from "./pictures/pending.js"
import { addDesk } from "./form/desk.js"
import { createLink, takeLinkValues } from "./form/link.js"
import { findRemedy } from "./form/remedy.js"
import { addNotices } from "./notices.js"
import { addKeysSwitch, addThemeMenu, areSingleKeysOn } from "./theme.js"
import { loadLater, loadStyle } from "./wall/load.js"
import { hangSet, removeResult } from "./wall/set.js"
import { addStudio } from "./wall/studio.js"
import { cut } from "./words/text.js"
import { addLanguages, say, translate } from "./words/words.js"

const find = selector => document.querySelector(selector)
const wall = find("#new-pictures")
const deafMilliseconds = 800 // after a press, as a double click is one

translate(document.documentElement)
addLanguages(find("#language"))
addThemeMenu(find("#theme"))
addKeysSwitch(find("#single-keys"))

const { announce, toast, offer, undoAfter } = addNotices(find("#toast"))
const pending = new Pending()
const desk = addDesk(find("form"), {
  fetchModels, fetchBudget, loadPrompts, onModels: resume, onLink: welcomeGuest, announce, toast,
})
const studio = addStudio(wall, {
  readCode: desk.readCode, peekCode: desk.peekCode, generateImage, fetchImage, hold: (...work) => pending.hold(...work),
  onImage: showAndStore, onLateImage: storeLate, onFinish: finishBatch, onBusy: setBusy, onOpen: open, expectSeconds, releaseFocus, announce, notify,
  findRemedy: (error, job) => findRemedy(error, job, {
    editWords, translate: desk.hasWriter() && translateWords, chooseModel: () => find("#model").focus(), generate, changeAgain,
  }),
})
const loadWriter = loadLater(() => import("./form/writer.js"), toast)
const originals = new Map() // by prompt: the words that it was made from
const loadMetadata = loadLater(() => import("./pictures/metadata.js"), toast)
const loadRoom = loadLater(() => Promise.all([import("./edit/room.js"), import("./edit/prepare.js")]), toast)
const openChanges = loadLater(async () => {
  const { addChanges } = await import("./wall/changes.js")
  return addChanges(await historyReady, { loadRoom, loadMetadata, desk, paint: studio.generate, onKept: () => hangNewest().then(renderShelf), takeLinkValues, toast, offer })
}, toast)
const [bring, change, changeAgain, welcome] = ["bring", "change", "changeAgain", "welcome"].map(name => async what => (await openChanges())?.[name](what))
const openShelf = loadLater(async () => {
  const [{ addShelf }] = await Promise.all([import("./wall/shelf.js"), loadStyle("wall/shelf.css")])
  shelf = addShelf(find("#shelf"), await historyReady, {
    use: desk.usePicture, generateMore, moreLabel, createLink, loadMetadata, findOnWall, removeFromWall, hangNewest, areSingleKeysOn,
    change, changeAgain, announce, toast, undoAfter, releaseFocus: desk.focusButton,
  })
  return shelf
}, toast)
let shelf // once it is loaded
const historyReady = openHistory()
historyReady.then(showShelf)
addFileImport(find("#restore"), find("#file"), find("#drop"), bring)
let pressedAt = 0

/** Show the pictures kept here, now or once another tab adds one. */
async function showShelf(history) {
  history.onchange = renderShelf
  await hangNewest()
  if (await history.count()) renderShelf()
}

/** Hang the newest set of the history, unless pictures are under way, have failed or could not be kept. */
async function hangNewest() {
  const history = await historyReady
  const records = await history.newestSet()
  if (wall.querySelector("[aria-busy], .failed, figure:not([id]) .frame")) return
  const before = await history.before(records[0])
  records.length ? await hangSet(wall, records, { loadFile: id => history.file(id), onOpen: open, before }) : wall.replaceChildren()
}

async function renderShelf() {
  (await openShelf())?.render()
}

/** Paint the pictures, or take them as the next order while others are painted. */
function generate(pictures = desk.requestedValues()) {
  if (!pictures.length || (studio.busy && performance.now() - pressedAt < deafMilliseconds)) return
  pressedAt = performance.now()
  const order = pictures.map(values => (originals.has(values.prompt) ? { ...values, words: originals.get(values.prompt) } : values))
  studio.busy ? desk.setNext(order) : studio.generate(order)
}

async function generateNext() {
  const pictures = desk.takeNext()
  if (pictures && desk.readCode() !== null) return studio.generate(pictures)
  if (wall.querySelector("figure")) return
  await hangNewest() // as everything was cancelled
  shelf?.render()
}

function finishBatch(code, made, error) {
  desk.finishBatch(code, made, error)
  if (document.hidden && made) document.title = `● ${made > 1 ? say("{number} pictures", { number: made }) : say("A picture")} – Easel`
}

/** The prompts of the latest pictures, each once. */
async function loadPrompts() {
  const history = await historyReady
  const painted = (await history.page({ limit: 100 })).filter(({ tool, upload }) => !tool && !upload)
  return [...new Set(painted.map(({ prompt }) => prompt))]
}

/** How long the model's latest pictures took, in the middle; undefined if there are none. */
async function expectSeconds({ model }) {
  const history = await historyReady
  const times = (await history.page({ limit: 100 })).filter(({ values, seconds }) => values.model === model && seconds)
    .map(({ seconds }) => seconds).slice(0, 10).sort((one, other) => one - other)
  return times[times.length >> 1]
}

/** Write a better prompt from the words in the form. */
async function improve(style) {
  const writer = await loadWriter()
  await writer?.improve(style, {
    form: find("form"), readCode: desk.readCode, use: (values, sentence) => desk.use(values, undefined, sentence),
    writePrompt: (words, options) => writePrompt(words, { ...options, key: newKey() }), originals, announce, toast,
  })
}

function translateWords(words) {
  editWords(words)
  return improve("plain")
}

function editWords(words) {
  const prompt = find("#prompt")
  if (words !== (prompt.value || prompt.placeholder)) desk.use({ prompt: words })
  prompt.focus()
  prompt.setSelectionRange(prompt.value.length, prompt.value.length)
}

/** Say that the form was filled in by somebody's link, in place of the question. */
function welcomeGuest(price) {
  Object.assign(find("#sent-words"), { hidden: false, textContent: cut(find("#prompt").value, 1000) })
  find("#welcome-title").textContent = say("Somebody sent you these words.")
  find(".welcome-text").textContent = price
    ? say("Press the button to see them painted; it costs about {price}.", { price })
    : say("Press the button to see them painted.")
  find(".examples").hidden = true
}

/** Move the focus from a control on the wall, which is about to go, to the form's button. */
function releaseFocus() {
  if (wall.contains(document.activeElement)) desk.focusButton()
}

/** Fetch and hang the pictures that were under way when an earlier visit ended. */
async function resume() {
  const pictures = await pending.takeOrphans()
  if (pictures.length) studio.resume(pictures, await (await historyReady).before(pictures[0].origin))
}

const titleOf = ({ model }) => desk.offered?.find(({ name }) => name === model)?.title ?? model

/** Show the picture on its canvas and add it to the history; undefined if that fails, as the picture still hangs. */
async function showAndStore(image, values, result) {
  const seconds = await result.show(image, titleOf(values))
  return store(image, values, seconds)
}

/** Put the picture on the shelf, as it was cancelled too late to cost nothing. */
async function storeLate(image, values) {
  const record = await store(image, values, 0)
  if (record) notify(say("A picture that you cancelled was already paid for. It is on the shelf."))
  desk.finishBatch("", 0)
}

/** Show the sentence, unless that would take away an Undo button. */
function notify(sentence) {
  find("#toast:not([hidden]) button:not([hidden])") ? announce(sentence) : toast(sentence)
}

async function store({ blob, seed, price, set, origin: { name, ratio, ...lineage } = {} }, { words, ...values }, seconds) {
  const title = titleOf(values)
  try {
    desk.addPicture(values, seed, price)
    const history = await historyReady
    const known = { values, title, seed, price, seconds, set, ...words && { words }, ...lineage }
    const record = await history.add({ prompt: values.prompt || name, ...known }, blob)
    renderShelf()
    if (lineage.tool === "words") (await openChanges())?.compare(record, blob)
    return record
  } catch {
    sayUnkept()
  }
}

function sayUnkept() {
  toast(say("This picture could not be kept. Save it with the browser's own menu."))
}

function setBusy(busy) {
  desk.setBusy(busy)
  if (busy) shelf?.render() // what hung large until now is only there
  document.title = busy ? `… ${say("Painting")} – Easel` : "Easel"
  if (!busy) setTimeout(generateNext) // once the one before is all finished
  window.onbeforeunload = busy ? warnOfLoss : null
}

/** Leaving loses pictures that are paid for, unless the next visit can fetch them. */
function warnOfLoss(event) {
  if (!areResultsKept() || !pending.isWritten) event.preventDefault()
}

async function open(record) {
  if (!record) return sayUnkept()
  const part = await openShelf()
  part?.open(record)
}

/** Such as "4 more like this, about $0.16". */
function moreLabel(model) {
  const number = Number(find("form").elements.count.value)
  return desk.priceLabel(number > 1 ? say("{number} more like this", { number }) : say("One more like this"), model)
}

/** Generate with the same settings and new seeds. Never switches models, as another may cost more. */
function generateMore(values) {
  desk.use({ ...values, seed: "" })
  if (desk.findModel(values.model)) generate()
}

/** The picture's button where it hangs large. */
function findOnWall(id) {
  return wall.querySelector(`#picture-${id} .frame`)
}

/** Take the pictures from the wall; the newest set hangs there once it is empty. */
async function removeFromWall(ids) {
  const figures = ids.map(id => wall.querySelector(`#picture-${id}`)).filter(Boolean)
  if (figures.some(figure => figure.contains(document.activeElement))) releaseFocus()
  figures.forEach(removeResult)
  if (!wall.querySelector("figure")) await hangNewest()
}

wall.addEventListener("click", async ({ target }) => {
  const id = target.closest(".change")?.closest(".set").querySelector(".result:not(.before)").id.replace("picture-", "")
  if (id) change(await (await historyReady).record(id))
})

// A link to a change asks for a picture.
for (const moment of ["load", "hashchange"]) window.addEventListener(moment, () => /[#&]tool=/.test(location.hash) && welcome())

find("form").onsubmit = event => {
  event.preventDefault()
  generate()
}

// API Gateway, which serves the page of `cloudfront=no`, breaks binary files: the words are enough.
for (const image of document.querySelectorAll(".example img")) image.onerror = () => image.remove()

find(".empty").onclick = ({ target }) => { // inside an example where the browser translates the page
  const example = target.closest(".example")
  if (example) desk.use({ prompt: example.textContent.trim() })
}

/** Leave the pictures under way: what is paid for arrives on the shelf. */
function cancel() {
  desk.takeNext()
  studio.cancel()
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !studio.busy) document.title = "Easel"
})

find("#helpers").onclick = ({ target }) => { // inside a button where the browser translates the page
  const { value } = target.closest("button") ?? {}
  if (value) improve(value)
}

find("#show-keys").onclick = () => find("#keys").showModal()

find("#offline").hidden = navigator.onLine
window.addEventListener("online", () => { find("#offline").hidden = true })
window.addEventListener("offline", () => {
  find("#offline").hidden = false
  announce(find("#offline").textContent)
})

// Keys that compose text, as in Japanese, are the input method's: Escape drops a conversion. No shortcut
// of any module may act on them. Safari marks the last one by its code alone.
window.addEventListener("keydown", event => {
  if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation()
}, { capture: true })

document.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey, repeat, target }) => {
  if (repeat || find("dialog[open]") || target.closest?.("dialog")) return // the key that closes a dialog does no more
  const inControl = target.closest?.("input, select")
  if (key === "?" && areSingleKeysOn() && !ctrlKey && !metaKey && !altKey && !inControl && !target.closest?.("textarea")) find("#keys").showModal()
  if (key === "Enter" && (ctrlKey || metaKey)) find("form").requestSubmit()
  if (key === "Escape" && !inControl) cancel() // in a control it closes a menu or clears a field
})
