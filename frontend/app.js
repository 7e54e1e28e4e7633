// The plot: words in, a picture out.
import { generate, models } from "./api.js"
import { drawModel, drawModels, fold, unfold, values } from "./form.js"
import { addResult } from "./result.js"

const form = document.querySelector("form")
const wall = document.querySelector("#wall")
const status = document.querySelector("#status")
const button = form.querySelector("[type=submit]")
const reload = form.querySelector("#reload")

let offer // what GET /models says
let painting // the AbortController of the picture under way

start()

async function start() {
  reload.hidden = true
  try {
    offer = await models()
    drawModels(form, offer)
    drawModel(form, find(form.elements.model.value))
  } catch (error) {
    form.querySelector("#model-help").textContent = error.message
    status.textContent = error.message
    reload.hidden = false
  }
}

function find(name) {
  return offer.models.find(model => model.name === name)
}

async function paint(asked) {
  if (painting || !offer) return // one at a time, however often the button is pressed
  painting = new AbortController()
  const { signal } = painting
  takeFocusBack()
  wall.querySelectorAll(".failed").forEach(figure => figure.remove())
  const result = addResult(wall, asked, { cancel, again: () => paint(asked) })
  say("Painting.", true)
  try {
    const picture = await generate(asked, { signal, onRetry: result.wait })
    await result.hang(picture, find(asked.model).title)
    say("The picture is ready.", false)
  } catch (error) {
    if (signal.aborted) result.remove()
    else result.fail(error)
    say(signal.aborted ? "Cancelled." : error.message, false)
  } finally {
    painting = undefined
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

form.elements.model.onchange = event => drawModel(form, find(event.target.value))

form.querySelector("#fold").onclick = () => fold(form)

// A value that the browser refuses must be in sight, or nothing says why nothing happens.
form.addEventListener("invalid", event => unfold(form, event.target), { capture: true })

wall.addEventListener("click", event => {
  if (!event.target.matches(".example")) return
  form.elements.prompt.value = event.target.textContent
  form.elements.prompt.focus()
})

document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) form.requestSubmit()
  if (event.key === "Escape") cancel()
})
