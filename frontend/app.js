// The plot: words in, pictures out; what was made is kept, and can be had again.
import { acceptCode, changeCode, findCode, keepCode, needCode, refuseCode, revealCode } from "./access.js"
import { budget, generate, models } from "./api.js"
import { cost, drawBudget } from "./budget.js"
import { count, drawModel, drawModels, fill, fold, remember, remembered, several, unfold } from "./form.js"
import { openHistory } from "./history.js"
import { look } from "./look.js"
import { embed, extract } from "./metadata.js"
import { describe, parse } from "./recipe.js"
import { removeResult } from "./result.js"
import { linkTo, takeLink } from "./share.js"
import { addShelf } from "./shelf.js"
import { addStudio } from "./studio.js"
import { explain, language, languages, prefer, say, translate } from "./words.js"

const find = selector => document.querySelector(selector)
const form = find("form")
const wall = find("#new")
const button = form.querySelector("[type=submit]")
const code = find("#access-code")

let offer // what GET /models says
let today = { daily_usd: null } // what GET /budget says
let visit = 0 // dollars that this visit has cost

const studio = addStudio(wall, { begin, make: generate, hang, end, open, leave: takeFocusBack, tell })
const kept = openHistory().then(openShelf)

translate(document.documentElement)
drawChoices()
findCode(form)
const asked = { ...remembered(), ...takeLink() }
form.elements.prompt.value = asked.prompt || form.elements.prompt.value
start()

async function start() {
  find("#reload").hidden = true
  askBudget()
  try {
    offer = await models()
    drawModels(form, offer)
    form.elements.count.value = asked.count ?? "1"
    fill(form, asked, choose)
    if (offer.access === "code") needCode(form)
  } catch (error) {
    find("#model-help").textContent = explain(error)
    tell(explain(error))
    find("#reload").hidden = false
  }
}

function drawChoices() {
  const options = Object.entries(languages).map(([name, title]) => new Option(title, name))
  find("#language").append(...options)
  find("#language").value = language
  find("#look").value = look()
  document.documentElement.dataset.look = look()
  find("#offline").hidden = navigator.onLine
}

function openShelf(history) {
  const shelf = addShelf(find("#earlier"), find("#viewer"), history, { use, more, linkTo, inscribe, takeDown, tell: show })
  shelf.draw()
  return { history, shelf }
}

/** Nothing waits for it, and without an answer nothing is said. */
async function askBudget() {
  today = await budget().catch(() => ({ daily_usd: null }))
  if (offer) sayBudget()
}

function choose() {
  drawModel(form, chosen())
  sayPrice()
}

function sayPrice() {
  const pictures = count(form)
  const price = cost(pictures, chosen())
  const what = pictures > 1 ? say("Generate {pictures} images", { pictures }) : say("Generate image")
  button.textContent = price ? say("{what}, about {price}", { what, price }) : what
  sayBudget()
}

function sayBudget() {
  drawBudget(find("#budget"), today, visit, count(form), chosen(), offer.models)
}

function chosen(name = form.elements.model.value) {
  return offer.models.find(model => model.name === name)
}

function generateAll() {
  if (studio.busy || !offer || !code.reportValidity()) return // one click at a time
  studio.paint(several(form))
}

/** The access code to send; null where it is still to be typed. */
function begin() {
  if (!code.reportValidity()) return null
  takeFocusBack()
  return keepCode(form)
}

/** From a button on a canvas, which goes away, to the one that began it. */
function takeFocusBack() {
  if (wall.contains(document.activeElement)) button.focus({ preventScroll: true })
}

/** Put the picture on its canvas, and into the history. */
async function hang({ blob, seed, price }, values, result) {
  const { title } = chosen(values.model)
  const seconds = await result.hang({ blob, seed, price }, title)
  visit += Number(price)
  sayBudget()
  const { history, shelf } = await kept
  const record = await history.add({ prompt: values.prompt, values, title, seed, price, seconds }, blob)
  shelf.draw()
  return record
}

async function open(record) {
  const { shelf } = await kept
  shelf.open(record)
}

function end(outcomes, sent) {
  const error = outcomes.find(outcome => outcome instanceof Error)
  const hung = outcomes.filter(outcome => outcome && !(outcome instanceof Error)).length
  if (error?.code === "AccessCodeRequired") refuseCode(form, sent, explain(error))
  else if (hung) acceptCode(form, sent)
  sayBudget()
  askBudget()
  tell(summary(outcomes, hung, error))
}

function summary(outcomes, hung, error) {
  if (!hung && !error) return say("Cancelled.")
  if (outcomes.length === 1) return error ? explain(error) : say("The picture is ready.")
  const failed = outcomes.filter(outcome => outcome instanceof Error).length
  const ready = say("{hung} of {all} pictures are ready.", { hung, all: outcomes.length })
  return failed ? `${ready} ${say("{failed} failed: {reason}", { failed, reason: explain(error) })}` : ready
}

function use(wanted) {
  fill(form, wanted, choose)
  remember(form)
  form.elements.prompt.focus()
  tell(say("The settings are in the form."))
}

function more(values) {
  use(values)
  generateAll()
}

function takeDown(id) {
  const figure = wall.querySelector(`#picture-${id}`)
  if (figure?.contains(document.activeElement)) takeFocusBack()
  return removeResult(figure)
}

/** The same picture, which says how it was made. */
async function inscribe(blob, { values, ...record }) {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return new Blob([embed(bytes, describe({ ...values, ...record }))], { type: blob.type })
}

/** Put a picture's settings into the form. */
async function restore(picture) {
  if (!offer) return
  if (picture.size > 50_000_000) return show(say("This file is too large to be a picture of Easel's."))
  const recipe = parse(await extract(new Uint8Array(await read(picture))))
  if (!recipe) return show(say("This file holds no settings."))
  const { title, model = offer.models.find(each => each.title === title)?.name } = recipe
  use({ ...recipe, model })
}

/** The file's bytes; none where it is a folder, or has gone. */
function read(file) {
  return file.arrayBuffer().catch(() => new ArrayBuffer())
}

/** Say it to who listens. */
function tell(sentence) {
  find("#status").textContent = sentence
  button.setAttribute("aria-disabled", studio.busy)
}

/** Say it to everybody, as nothing else shows it; with a way back, if there is one. */
function show(sentence, undo) {
  tell(sentence)
  const toast = find("#toast")
  const viewer = find("#viewer")
  ;(viewer.open ? viewer : find("main")).append(toast) // what is open covers all else
  toast.querySelector("p").textContent = sentence
  toast.querySelector("button").hidden = !undo
  toast.hidden = false
  clearTimeout(toast.timer)
  toast.timer = setTimeout(() => { toast.hidden = true }, 10_000) // milliseconds
  toast.querySelector("button").onclick = () => {
    toast.hidden = true
    undo()
  }
}

find("#reload").onclick = start

form.onsubmit = event => {
  event.preventDefault()
  generateAll()
}

form.oninput = () => remember(form)

form.elements.model.onchange = choose

find(".count").onchange = sayPrice

find("#fold").onclick = () => fold(form)

find("#change-code").onclick = () => changeCode(form)

find("#show-code").onclick = () => revealCode(form)

find("#language").onchange = ({ target }) => prefer(target.value)

find("#look").onchange = ({ target }) => {
  document.documentElement.dataset.look = look(target.value)
}

find("#show-keys").onclick = () => find("#keys").showModal()

find("#restore").onclick = () => find("#file").click()

find("#file").onchange = ({ target }) => {
  const [picture] = target.files
  target.value = "" // so that the same file can be chosen again
  if (picture) restore(picture)
}

// A value that the browser refuses must be in sight, or nothing says why nothing happens.
form.addEventListener("invalid", event => unfold(form, event.target), { capture: true })

find(".empty").addEventListener("click", ({ target }) => {
  if (target.matches(".example")) use({ prompt: target.textContent })
})

// Words that are dropped are the browser's business.
document.addEventListener("dragover", event => {
  if (event.dataTransfer.types.includes("Files")) event.preventDefault()
})
document.addEventListener("drop", event => {
  const [picture] = event.dataTransfer.files
  if (!picture) return
  event.preventDefault()
  restore(picture)
})
document.addEventListener("paste", ({ clipboardData }) => {
  const [picture] = clipboardData.files
  if (picture) restore(picture)
})

// A link that is opened where the page already stands.
window.addEventListener("hashchange", () => {
  findCode(form)
  const link = takeLink()
  if (offer && Object.keys(link).length) use(link)
})

// Who was told to come back tomorrow comes back to this page.
document.addEventListener("visibilitychange", () => {
  if (Date.parse(today.resets_at) < Date.now()) askBudget()
})

for (const name of ["online", "offline"]) {
  window.addEventListener(name, () => {
    find("#offline").hidden = navigator.onLine
    if (!navigator.onLine) tell(find("#offline").textContent)
    else if (!offer) start()
  })
}

document.addEventListener("keydown", event => {
  if (event.key === "?" && !event.target.matches("input, textarea, select")) find("#keys").showModal()
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat && !find("dialog[open]")) form.requestSubmit()
  if (event.key === "Escape" && !find("dialog[open]")) studio.cancel()
})
