// The plot: words in, pictures out; what was made is kept, and can be had again.
import { budget, generate, models } from "./api.js"
import { addDesk } from "./form/desk.js"
import { openHistory } from "./files/history.js"
import { inscribe, readInscription } from "./files/metadata.js"
import { addIntake } from "./files/import.js"
import { addLook } from "./theme.js"
import { addNotices } from "./notices.js"
import { removeResult } from "./wall/result.js"
import { linkTo } from "./form/link.js"
import { addShelf } from "./wall/shelf.js"
import { addStudio } from "./wall/studio.js"
import { addLanguages, say, translate } from "./words/words.js"

const find = selector => document.querySelector(selector)
const wall = find("#new")

translate(document.documentElement)
addLanguages(find("#language"))
addLook(find("#look"))

const { tell, show } = addNotices(find("#toast"))
const desk = addDesk(find("form"), { models, budget, tell, show })
const studio = addStudio(wall, { begin: desk.code, make: generate, hang, end: desk.settle, open, leave, tell: tellOfWork })
const kept = openHistory().then(openShelf)
addIntake(find("#restore"), find("#file"), restore)

function openShelf(history) {
  const { use, withPrice } = desk
  const shelf = addShelf(find("#earlier"), find("#viewer"), history, { use, more, withPrice, linkTo, inscribe, takeDown, tell, show, leave: desk.focus })
  shelf.draw()
  return { history, shelf }
}

function generateAll() {
  const pictures = studio.busy ? [] : desk.order() // one click at a time
  if (pictures.length) studio.paint(pictures)
}

/** The button on a canvas goes away, and the focus to the one that began it. */
function leave() {
  if (wall.contains(document.activeElement)) desk.focus()
}

/** Put the picture on its canvas, and into the history. */
async function hang({ blob, seed, price }, values, result) {
  const { title } = desk.find(values.model)
  const seconds = await result.hang({ blob, seed, price }, title)
  desk.pay(price)
  const { history, shelf } = await kept
  const record = await history.add({ prompt: values.prompt, values, title, seed, price, seconds }, blob)
  shelf.draw()
  return record
}

function tellOfWork(sentence) {
  desk.wait(studio.busy)
  window.onbeforeunload = studio.busy ? event => event.preventDefault() : null // it is paid, and would be lost
  tell(sentence)
}

async function open(record) {
  const { shelf } = await kept
  shelf.open(record)
}

/** The same settings, new seeds. No other model in place of one that is gone: it may be dearer. */
function more(values) {
  if (studio.busy) return show(say("Pictures are being painted. Wait for them, or cancel them."))
  desk.use({ ...values, seed: "0" })
  if (desk.find(values.model)) generateAll()
}

function takeDown(id) {
  const figure = wall.querySelector(`#picture-${id}`)
  if (figure?.contains(document.activeElement)) leave()
  return removeResult(figure)
}

/** Put a picture's settings into the form. */
async function restore(file) {
  if (file.size > 50_000_000) return show(say("This file is too large to be a picture of Easel's.")) // bytes
  const settings = await readInscription(file)
  if (!settings) return show(say("This file holds no settings."))
  desk.use(settings)
}

find("form").onsubmit = event => {
  event.preventDefault()
  generateAll()
}

find(".empty").onclick = ({ target }) => {
  if (target.matches(".example")) desk.use({ prompt: target.textContent })
}

find("#show-keys").onclick = () => find("#keys").showModal()

find("#offline").hidden = navigator.onLine
window.addEventListener("online", () => { find("#offline").hidden = true })
window.addEventListener("offline", () => {
  find("#offline").hidden = false
  tell(find("#offline").textContent)
})

document.addEventListener("keydown", ({ key, ctrlKey, metaKey, repeat, target }) => {
  if (find("dialog[open]")) return
  if (key === "?" && !target.matches("input, textarea, select")) find("#keys").showModal()
  if (key === "Enter" && (ctrlKey || metaKey) && !repeat) find("form").requestSubmit()
  if (key === "Escape" && !target.matches("[type=search]")) studio.cancel()
})
