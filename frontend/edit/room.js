// The editing room: one picture, the tools that change it, and one button. Knows no server, no history and no wall.
import { fitPicture } from "./encode.js"
import { createFields, createRadios } from "./plate.js"
import { enlarged, findRefusal, fit, sizeText } from "./sizes.js"
import { chosenWay, findMissing, mainFields, moreFields, offeredTools, orderValues } from "./tools.js"
import { createElement } from "../wall/dom.js"
import { loadStyle } from "../wall/load.js"
import { clean } from "../words/text.js"
import { explain, loadWords, money, say } from "../words/words.js"

const draftMilliseconds = 300 // after the last change

let loading
const load = () => loading ??= Promise.all([loadStyle("edit/edit.css"), loadWords("edit")]).catch(error => {
  loading = undefined // the next opening tries again
  throw error
})

/**
 * Open the editing room, a modal dialog, for one picture.
 * @param {object} options
 * @param {{blob: Blob, title: string, prompt: string, width: number, height: number}} options.picture  upright, of at most 9,437,184 pixels
 * @param {object[]} options.models  of the response of `GET /models`
 * @param {{tool: string, values: object, strokes: object[]}} [options.draft]  what was chosen before
 * @param {(usd: number) => string} [options.price]
 * @param {number} [options.n]  the most pictures of one order, 1 to 4
 * @param {number | null} [options.budget]  what is left of today's, in US dollars
 * @param {(draft: object) => void} [options.onDraft]  called a moment after each change, and on closing
 * @param {(order: object) => void} options.onSubmit  called when the button was pressed; the room closes
 * @returns {Promise<void>}  resolves when it is closed; rejects if a part of it cannot be loaded
 */
export async function openRoom(options) {
  await load()
  const room = createRoom({ price: money, n: 4, budget: null, onDraft: () => {}, ...options })
  document.body.append(room.dialog)
  room.dialog.showModal()
  room.render()
  await new Promise(resolve => room.dialog.addEventListener("close", resolve, { once: true }))
  room.remove()
}

function createRoom({ picture, models, draft, price, n, budget, onDraft, onSubmit }) {
  const tools = offeredTools(models)
  const { dialog, form, image, head } = createDialog(picture, tools, draft?.tool)
  const [toolsField, fields, more, footer] = ["tools", "fields", "more", "footer"].map(name => form.querySelector(`.room-${name}`))
  const button = footer.querySelector("button")
  const status = dialog.querySelector("[role=status]")
  const allValues = startValues(picture, draft)
  let tool = tools.find(({ name }) => name === draft?.tool) ?? tools[0]
  let way
  let timer
  let sending = false

  const values = () => allValues[tool.name] ??= {}
  const count = () => (way.single ? 1 : Math.min(n, Number(values().n ?? 1)))
  const source = () => way.model.parameters.find(({ kind }) => kind === "image")
  const currentDraft = () => ({ tool: tool.name, values: { ...values() }, strokes: [], others: structuredClone(allValues) })

  function render() {
    way = chosenWay(tool, values())
    const main = mainFields(tool, way, price)
    const numbers = n > 1 && !way.single ? [{ name: "n", kind: "radio", label: say("Pictures"), columns: 4, choices: Array.from({ length: n }, (_, index) => [`${index + 1}`, `${index + 1}`]) }] : []
    fields.replaceChildren(...createFields(main, values(), setValue))
    more.querySelector("div").replaceChildren(...createFields([...numbers, ...moreFields(way, main)], values(), setValue))
    renderButton()
  }

  function renderButton() {
    const total = way.model.price_usd * count()
    button.textContent = total ? `${way.verb} · ${price(total)}` : way.verb
    footer.querySelector(".room-size").textContent = sizeSentence()
    showMissing("")
  }

  /** What becomes of the picture's size: the pixels that are sent and, of an upscaler, those that come back. */
  function sizeSentence() {
    const sent = fit(picture.width, picture.height, source())
    if (tool.name === "enlarge") {
      const to = sizeText(enlarged(sent, way.name))
      return `${sizeText(picture)} → ${way.name === "fast" ? to : say("about {size}", { size: to })}`
    }
    return sent.width < picture.width ? say("Sent as {size}.", { size: sizeText(sent) }) : ""
  }

  function setValue(name, value) {
    values()[name] = typeof value === "string" ? clean(value) : value
    if (["way", "recolor"].includes(name)) rerender(name)
    else renderButton()
    saveSoon()
  }

  /** Draw the fields again, and leave the focus where it is. */
  function rerender(name) {
    render()
    form.querySelector(`[name=${name}]:checked, [name=${name}]`).focus()
  }

  function saveSoon() {
    clearTimeout(timer)
    timer = setTimeout(() => onDraft(currentDraft()), draftMilliseconds)
  }

  const showMissing = sentence => { footer.querySelector(".room-missing").textContent = sentence }

  function missing() {
    const refusal = findRefusal(picture.width, picture.height, source())
    if (refusal === "wide") return { sentence: say("This tool takes sides of at most {ratio}:1. The picture is longer.", { ratio: source().widest }) }
    if (refusal === "small") return { sentence: say("This tool takes pictures of at least {side} pixels a side.", { side: source().minimum_side }) }
    const total = way.model.price_usd * count()
    if (budget !== null && total > budget) return { sentence: say("{left} left today: not enough for this model.", { left: price(budget) }) }
    return findMissing(tool, way, values())
  }

  /** Send the order, or say what it lacks. A second press while the picture is prepared does nothing. */
  async function submit() {
    if (sending) return
    const lack = missing() ?? invalid()
    if (lack) return refuse(lack)
    sending = true
    button.setAttribute("aria-busy", "true")
    try {
      onSubmit(await createOrder())
      dialog.close()
    } catch (error) {
      refuse({ sentence: explain(error) })
    }
    sending = false
    button.removeAttribute("aria-busy")
  }

  /** A number out of its range, in the browser's own words. */
  function invalid() {
    const control = [...form.elements].find(({ validity }) => validity && !validity.valid)
    if (!control) return
    more.open ||= more.contains(control)
    return { name: control.name, sentence: control.validationMessage }
  }

  function refuse({ name, sentence }) {
    showMissing(sentence)
    status.textContent = sentence
    if (name) form.elements[name]?.focus?.()
  }

  async function createOrder() {
    const { name } = source()
    const size = fit(picture.width, picture.height, source())
    return {
      tool: tool.name, model: way.model.name, values: orderValues(way, values()), images: { [name]: await fitPicture(picture, size) },
      n: count(), price_usd: way.model.price_usd, draft: currentDraft(),
    }
  }

  toolsField.onchange = ({ target }) => {
    if (target.name !== "tool") return
    tool = tools.find(({ name }) => name === target.value)
    render()
    saveSoon()
  }
  form.onsubmit = event => {
    event.preventDefault()
    submit()
  }
  form.onkeydown = event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  }
  head.querySelector("button").onclick = () => dialog.close()

  return {
    dialog, render,
    remove() {
      clearTimeout(timer)
      onDraft(currentDraft())
      URL.revokeObjectURL(image.src)
      dialog.remove()
    },
  }
}

/** The values by tool: what was chosen before, and the picture's own words where a model repaints all of it. */
function startValues({ prompt }, draft) {
  const before = structuredClone(draft?.others ?? {})
  const { select_prompt: search, ...values } = draft?.values ?? {}
  const chosen = draft && { [draft.tool]: search ? { search_prompt: search, recolor: true, ...values } : values }
  return { enlarge: { prompt }, ...before, ...chosen }
}

function createDialog(picture, tools, chosen) {
  const title = createElement("h2", { id: "room-title", tabIndex: -1, autofocus: true, textContent: say("Change “{title}”", { title: picture.title }), dir: "auto" })
  const head = createElement("header", { className: "room-head" }, title, createElement("button", { type: "button", className: "secondary", textContent: say("Close") }))
  const image = createElement("img", { className: "room-picture", src: URL.createObjectURL(picture.blob), alt: picture.prompt || picture.title, width: picture.width, height: picture.height })
  const radios = createRadios({ name: "tool", label: say("Tool"), choices: tools.map(({ name, title }) => [name, title]) }, chosen, () => {})
  radios.classList.add("room-tools")
  const form = createElement("form", { className: "room-plate", noValidate: true }, radios,
    createElement("div", { className: "room-fields" }),
    createElement("details", { className: "room-more" }, createElement("summary", { textContent: say("More") }), createElement("div")),
    createElement("div", { className: "room-footer" },
      createElement("p", { className: "help room-size" }),
      createElement("p", { className: "room-missing", id: "room-missing" }),
      createElement("button", { className: "primary", "aria-describedby": "room-missing" })))
  const dialog = createElement("dialog", { className: "room", "aria-labelledby": "room-title" },
    head, createElement("div", { className: "room-stage" }, image), form,
    createElement("p", { className: "visually-hidden", role: "status" }))
  return { dialog, form, image, head }
}
