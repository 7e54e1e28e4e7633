// The editing room: one picture, the tools that change it, and one button. Knows no server, no history and no wall.
import { createDialog } from "./elements.js"
import { createOrder } from "./order.js"
import { createFields } from "./plate.js"
import { prepare } from "./prepare.js"
import { enlarged, extend, findRefusal, fit, sizeText } from "./sizes.js"
import { createStage } from "./stage.js"
import { Strokes } from "./strokes.js"
import { createPainting, shareText } from "./toolbar.js"
import { chosenWay, findMissing, mainFields, moreFields, offeredTools, pictureOf } from "./tools.js"
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
  const { dialog, close, image, form, radios, fields, more, moreFields: moreGroup, size, missing, button, status } = createDialog(picture, tools, draft?.tool)
  const allValues = startValues(picture, draft)
  const strokes = new Strokes(draft?.strokes)
  const stage = createStage(image, picture, strokes)
  const painting = createPainting(stage, picture, strokes, announce, onStrokes)
  let tool = tools.find(({ name }) => name === draft?.tool) ?? tools[0]
  let way
  let other // the second picture, which a draft does not keep
  let timer
  let isSending = false

  dialog.append(stage.element, form, painting.pad, painting.bar, status)

  const values = () => allValues[tool.name] ??= {}
  const count = () => (way.single ? 1 : Math.min(n, Number(values().n ?? 1)))
  const total = () => way.model.price_usd * count()
  const currentDraft = () => ({ tool: tool.name, values: { ...values() }, strokes: structuredClone(strokes.list), others: structuredClone(allValues) })

  function announce(sentence) {
    status.textContent = sentence
  }

  function render() {
    way = chosenWay(tool, values())
    other = undefined // its control is drawn anew, and empty
    const main = mainFields(tool, way, values(), { price, models })
    const shown = tool.paints ? { ...values(), cells: strokes.cells } : values()
    fields.replaceChildren(...createFields(main, shown, setValue))
    renderMore(main)
    for (const element of [painting.pad, painting.bar]) element.hidden = !tool.paints
    showMode()
    renderButton()
  }

  function renderMore(main) {
    const counts = Array.from({ length: n }, (_, index) => [`${index + 1}`, `${index + 1}`])
    const number = { name: "n", kind: "radio", label: say("Pictures"), columns: 4, choices: counts }
    moreGroup.replaceChildren(...createFields([...(n > 1 && !way.single ? [number] : []), ...moreFields(way, main)], values(), setValue))
    more.hidden = !moreGroup.children.length
  }

  const showMode = () => stage.mode({ painting: tool.paints, margins: tool.name === "extend" ? inPicturePixels(growth()) : undefined })

  function renderButton() {
    button.textContent = total() ? `${way.verb} · ${price(total())}` : way.verb
    size.textContent = sizeSentence()
    missing.textContent = ""
  }

  /** How the picture grows while it is extended: its size as it is sent, and the pixels of each side. */
  function growth() {
    const { shape = "16:9", place = 4, left = 0, right = 0, up = 0, down = 0 } = values()
    const sent = fit(picture.width, picture.height, pictureOf(way))
    if (shape === "exact") return { ...sent, left: Number(left), right: Number(right), up: Number(up), down: Number(down) }
    const [width, height] = shape.split(":")
    return extend(sent, width / height, Number(place), 2000) // pixels a side (AWS's page of Outpaint)
  }

  function inPicturePixels({ width, left, right, up, down }) {
    const scale = picture.width / width
    return { left: left * scale, right: right * scale, up: up * scale, down: down * scale }
  }

  /** What becomes of the picture's size: the pixels that are sent and, where it grows, those that come back. */
  function sizeSentence() {
    const sent = fit(picture.width, picture.height, pictureOf(way))
    if (tool.paints) return shareText(strokes, picture)
    if (tool.name === "extend") {
      const { width, height, left, right, up, down } = growth()
      return `${sizeText(picture)} → ${sizeText({ width: width + left + right, height: height + up + down })}`
    }
    if (tool.name === "enlarge") {
      const to = sizeText(enlarged(sent, way.name))
      return `${sizeText(picture)} → ${way.name === "fast" ? to : say("about {size}", { size: to })}`
    }
    return sent.width < picture.width ? say("Sent as {size}.", { size: sizeText(sent) }) : ""
  }

  function setValue(name, value) {
    if (name === "cells") return setCell(value)
    if (value instanceof File) return bring(value)
    values()[name] = typeof value === "string" ? clean(value) : value
    const before = way
    way = chosenWay(tool, values())
    const isOtherShape = name === "shape" && (value === "exact") === Boolean(fields.querySelector("[name=place]"))
    if (["way", "recolor"].includes(name) || isOtherShape) rerender(name)
    else if (way !== before) renderMore(mainFields(tool, way, values(), { price, models }))
    if (tool.name === "extend") showMode()
    renderButton()
    saveSoon()
  }

  /** Draw the fields again, and leave the focus where it is. */
  function rerender(name) {
    render()
    form.querySelector(`[name=${name}]:checked, [name=${name}]`).focus()
  }

  function setCell({ cell, checked }) {
    strokes.add({ cell, ...(checked ? {} : { erase: true }) })
    painting.change()
  }

  function onStrokes() {
    const { cells } = strokes
    for (const input of fields.querySelectorAll("[name=cells]")) input.checked = cells.has(Number(input.value))
    renderButton()
    saveSoon()
  }

  async function bring(file) {
    other = undefined
    try {
      const prepared = await prepare(file)
      other = prepared
      renderButton()
      if (prepared.said) announce(prepared.said)
    } catch (error) {
      refuse({ sentence: explain(error) })
    }
  }

  function saveSoon() {
    clearTimeout(timer)
    timer = setTimeout(() => onDraft(currentDraft()), draftMilliseconds)
  }

  function findLack() {
    const limits = pictureOf(way)
    const refusal = findRefusal(picture.width, picture.height, limits)
    if (refusal === "wide") return { sentence: say("This tool takes sides of at most {ratio}:1. The picture is longer.", { ratio: limits.widest }) }
    if (refusal === "small") return { sentence: say("This tool takes pictures of at least {side} pixels a side.", { side: limits.minimum_side }) }
    if (budget !== null && total() > budget) return { sentence: say("{left} left today: not enough for this model.", { left: price(budget) }) }
    const { left, right, up, down } = tool.name === "extend" ? growth() : {}
    return findMissing(tool, way, values(), { isPainted: painting.isPainted(), isLarger: left + right + up + down > 0, hasOther: Boolean(other) })
  }

  /** Send the order, or say what it lacks. A second press while the picture is prepared does nothing. */
  async function submit() {
    if (isSending) return
    const lack = findLack() ?? findInvalid()
    if (lack) return refuse(lack)
    isSending = true
    button.setAttribute("aria-busy", "true")
    try {
      const order = await createOrder({ tool, way, values: values(), picture, other, strokes: strokes.list, growth: tool.name === "extend" ? growth() : undefined })
      onSubmit({ ...order, n: count(), draft: currentDraft() })
      dialog.close()
    } catch (error) {
      refuse({ sentence: explain(error) })
    }
    isSending = false
    button.removeAttribute("aria-busy")
  }

  /** A number out of its range, in the browser's own words. */
  function findInvalid() {
    const control = [...form.elements].find(({ validity }) => validity && !validity.valid)
    if (!control) return
    more.open ||= more.contains(control)
    return { name: control.name, sentence: control.validationMessage }
  }

  function refuse({ name, sentence }) {
    missing.textContent = sentence
    announce(sentence)
    const control = name === "painting" ? painting.pad : form.elements[name]
    control?.focus?.()
  }

  radios.onchange = ({ target }) => {
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
  dialog.onkeydown = event => {
    if (event.key !== "Escape" || event.target.matches("select")) return
    if (leaveOneThing()) event.preventDefault()
  }
  close.onclick = () => dialog.close()

  /** Leave the zoom, or the eraser; whether there was something to leave. */
  function leaveOneThing() {
    if (!tool.paints || !stage.isZoomed) return tool.paints && painting.leaveEraser()
    stage.fit()
    return true
  }

  return {
    dialog, render,
    remove() {
      clearTimeout(timer)
      onDraft(currentDraft())
      painting.stop()
      stage.remove()
      URL.revokeObjectURL(image.src)
      dialog.remove()
    },
  }
}

/** The values by tool: what was chosen before, and the picture's own words where a model repaints all of it. */
function startValues({ prompt }, draft) {
  const own = { enlarge: { prompt }, new: { prompt }, ...structuredClone(draft?.others) }
  if (!draft) return own
  const { select_prompt: search, ...others } = draft.values
  const chosen = search ? { search_prompt: search, recolor: true, ...others } : others
  const given = Object.entries(chosen).filter(([, value]) => value !== undefined)
  return { ...own, [draft.tool]: { ...own[draft.tool], ...Object.fromEntries(given) } }
}
