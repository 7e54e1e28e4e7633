// The plot: words in, a picture out.
import { acceptCode, changeCode, findCode, keepCode, needCode, refuseCode, revealCode } from "./access.js"
import { budget, generate, models } from "./api.js"
import { drawBudget } from "./budget.js"
import { drawModel, drawModels, fold, unfold, values } from "./form.js"
import { addResult } from "./result.js"

const form = document.querySelector("form")
const wall = document.querySelector("#wall")
const status = document.querySelector("#status")
const button = form.querySelector("[type=submit]")
const reload = form.querySelector("#reload")
const code = form.querySelector("#access-code")

let offer // what GET /models says
let today = { daily_usd: null } // what GET /budget says
let painting // the AbortController of the picture under way

findCode(form)
start()

async function start() {
  reload.hidden = true
  askBudget()
  try {
    offer = await models()
    drawModels(form, offer)
    choose()
    if (offer.access === "code") needCode(form)
  } catch (error) {
    form.querySelector("#model-help").textContent = error.message
    status.textContent = error.message
    reload.hidden = false
  }
}

/** Nothing waits for it, and without an answer nothing is said. */
async function askBudget() {
  today = await budget().catch(() => ({ daily_usd: null }))
  if (offer) sayBudget()
}

function choose() {
  drawModel(form, find(form.elements.model.value))
  sayBudget()
}

function sayBudget() {
  drawBudget(form.querySelector("#budget"), today, find(form.elements.model.value), offer.models)
}

function find(name) {
  return offer.models.find(model => model.name === name)
}

async function paint(asked) {
  if (painting || !offer || !code.reportValidity()) return // one at a time, however often it is pressed
  painting = new AbortController()
  const { signal } = painting
  const sent = keepCode(form)
  takeFocusBack()
  wall.querySelectorAll(".failed").forEach(figure => figure.remove())
  const result = addResult(wall, asked, { cancel, again: () => paint(asked) })
  say("Painting.", true)
  try {
    const picture = await generate(asked, { code: sent, signal, onRetry: result.wait })
    await result.hang(picture, find(asked.model).title)
    acceptCode(form, sent)
    say("The picture is ready.", false)
  } catch (error) {
    if (signal.aborted) result.remove()
    else result.fail(error)
    if (error.code === "AccessCodeRequired") refuseCode(form, sent, error.message)
    say(signal.aborted ? "Cancelled." : error.message, false)
  } finally {
    painting = undefined
    askBudget()
  }
}

function cancel() {
  takeFocusBack()
  painting?.abort()
}

/** From a button on a canvas, which goes away, to the one that began it. */
function takeFocusBack() {
  if (wall.contains(document.activeElement)) button.focus({ preventScroll: true })
}

function say(sentence, busy) {
  status.textContent = sentence
  button.setAttribute("aria-disabled", busy)
}

reload.onclick = start

form.onsubmit = event => {
  event.preventDefault()
  paint(values(form))
}

form.elements.model.onchange = choose

form.querySelector("#fold").onclick = () => fold(form)

form.querySelector("#change-code").onclick = () => changeCode(form)

form.querySelector("#show-code").onclick = () => revealCode(form)

// A value that the browser refuses must be in sight, or nothing says why nothing happens.
form.addEventListener("invalid", event => unfold(form, event.target), { capture: true })

wall.addEventListener("click", event => {
  if (!event.target.matches(".example")) return
  form.elements.prompt.value = event.target.textContent
  form.elements.prompt.focus()
})

// A link that is opened where the page already stands.
window.addEventListener("hashchange", () => findCode(form))

// Who was told to come back tomorrow comes back to this page.
document.addEventListener("visibilitychange", () => {
  if (Date.parse(today.resets_at) < Date.now()) askBudget()
})

document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) form.requestSubmit()
  if (event.key === "Escape") cancel()
})
