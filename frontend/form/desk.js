// The desk: the form with the models offered, the requested values and the cost. Knows no server and no pictures.
import { acceptCode, editCode, fillCode, readCode, rejectCode, requireCode, toggleCodeVisibility } from "./access.js"
import { affordable, isSpent, left, renderBudget, totalPrice } from "./budget.js"
import { batchValues, enableForm, everyValue, fillFields, pictureCount, renderModel, renderModels, restoreFields, revealControl, storeForm, storedForm, toggleConfiguration, withoutEditing } from "./fields.js"
import { takeLinkValues } from "./link.js"
import { isKnownPicture, rememberPicture, renderSeed } from "./seed.js"
import { addRecall, checkTexts, replaceText } from "./texts.js"
import { cut } from "../words/text.js"
import { explain, say } from "../words/words.js"

const dayMilliseconds = 86_400_000

/**
 * @param {HTMLFormElement} form
 * @param {Object} callbacks
 * @param {() => Promise<object>} callbacks.fetchModels  the response of `GET /models`
 * @param {() => Promise<object>} callbacks.fetchBudget  the response of `GET /budget`
 * @param {() => Promise<string[]>} callbacks.loadPrompts  earlier ones, the latest first
 * @param {() => void} callbacks.onModels  called once the models are in the form
 * @param {(price: string) => void} callbacks.onLink  called with what a click costs, when a link has filled in a prompt
 * @param {(sentence: string) => void} callbacks.announce
 * @param {(sentence: string, undo?: () => void) => () => void} callbacks.toast  returns a function that hides it
 */
export function addDesk(form, { fetchModels, fetchBudget, loadPrompts, onModels, onLink, announce, toast }) {
  const find = selector => form.querySelector(selector)
  const { prompt } = form.elements
  const button = find("[type=submit]")
  const codeInput = find("#access-code")
  fillCode(form) // first, as it takes its part of the link
  let values = { ...storedForm() } // for the form, until the models are loaded
  let catalogue // the response of `GET /models`
  let undo // takes back the values that were put into the form, until anything else is changed
  let hideUndo = () => {}
  let budget = { daily_usd: null }
  let visitUsd = 0 // what this visit has cost
  let isLinked = false // whether a link has filled in the prompt
  let isBusy = false
  let next // the order that waits for the one under way: the values of each picture
  let resetTimer

  async function loadModels() {
    find("#reload").hidden = true
    loadBudget()
    try {
      const offered = await fetchModels()
      catalogue = withoutEditing(offered)
      renderModels(form, catalogue)
      const sentence = fill(values)
      if (sentence || undo) offerUndo(sentence)
      if (catalogue.access === "code") requireCode(form)
      enableForm(form)
      showPrompt()
      showPrice() // some counts may be too expensive
      if (isLinked) onLink(totalPrice(pictureCount(form), selectedModel()))
    } catch (error) {
      catalogue = undefined
      find("#model-help").textContent = explain(error)
      announce(explain(error))
      find("#reload").hidden = false
    }
    if (catalogue) onModels()
  }

  /** Runs in the background; a failure is silent. */
  async function loadBudget() {
    budget = await fetchBudget().catch(() => ({ daily_usd: null }))
    clearTimeout(resetTimer)
    const milliseconds = Date.parse(budget.resets_at) - Date.now()
    if (milliseconds > 0 && milliseconds < dayMilliseconds) resetTimer = setTimeout(loadBudget, milliseconds + 1000)
    if (catalogue) showPrice()
  }

  /** Put the values into the form, and offer to take them back. */
  function use(newValues, setText = replaceText, sentence = "") {
    change(newValues.prompt || prompt.value, newValues, setText, sentence)
  }

  function change(text, newValues, setText = replaceText, sentence = "") {
    const before = catalogue ? everyValue(form) : { ...values, prompt: prompt.value }
    setText(prompt, text)
    showPrompt()
    undo = () => restore(before)
    if (!catalogue) {
      values = merge(values, newValues)
      return
    }
    offerUndo(fill(newValues) || sentence)
    storeForm(form)
    prompt.focus()
  }

  function useLink(setText) {
    const link = takeLinkValues()
    if (!Object.keys(link).length) return
    isLinked = Boolean(link.prompt)
    use(link, setText)
    if (isLinked && catalogue) onLink(totalPrice(pictureCount(form), selectedModel()))
  }

  /** Use the settings of a picture that there is, so that it is not made twice by accident. */
  function usePicture(newValues) {
    use(newValues)
    if (!catalogue || !newValues.model || !newValues.seed) return
    rememberPicture(batchValues(form)[0])
    showPrice()
  }

  function offerUndo(sentence) {
    hideUndo = toast(sentence || say(prompt.value ? "The settings are in the form." : "The prompt is empty now."), undo)
  }

  /** The example in the empty field is English; nobody knows what a prompt is in. */
  function showPrompt() {
    prompt.lang = prompt.value ? "" : "en"
    find("#clear").hidden = !prompt.value
    find("#helpers").hidden = !prompt.value || !catalogue?.prompt
  }

  function forgetUndo() {
    undo = undefined
    hideUndo()
  }

  function restore(before) {
    replaceText(prompt, before.prompt)
    restoreFields(form, { count: "1", model: catalogue.default, ...before }, catalogue.models, renderSelected)
    showPrompt()
    showPrice()
    storeForm(form)
    forgetUndo()
    prompt.focus()
    announce(say("The form is as it was before."))
  }

  /**
   * Set the fields; returns sentences about what does not fit, or "". Files of other programs name a model by its
   * title only, which Easel may not offer, or not at all ("").
   */
  function fill({ title, model: name, ...others }) {
    const model = findByTitle(name)?.name ?? name
    const refused = fillFields(form, { ...others, model }, catalogue.models, renderSelected)
    showPrice()
    const sentences = []
    if (model && !findModel(model)) {
      sentences.push(say("{model} is not available here. The other settings are in the form.", { model: cut(String(title ?? model), 80) }))
    }
    if (refused.length) {
      sentences.push(say("Left out, as {model} does not take them: {settings}.", { model: selectedModel().title, settings: refused.join(", ") }))
    }
    return sentences.join(" ")
  }

  function findByTitle(title) {
    return catalogue.models.find(model => model.title === title)
  }

  function findModel(name) {
    return catalogue?.models.find(model => model.name === name)
  }

  function selectedModel() {
    return findModel(form.elements.model.value)
  }

  function renderSelected() {
    prompt.setCustomValidity("") // another model may allow the prompt
    renderModel(form, selectedModel())
    showPrice()
  }

  /** Show what the next click does, and whether it can be paid. */
  function showPrice() {
    const most = affordable(budget, selectedModel())
    if (most && pictureCount(form) > most) form.elements.count.value = String(most)
    for (const radio of form.elements.count) radio.disabled = Number(radio.value) > most
    const isClosed = !most && isSpent(budget, catalogue.models)
    button.textContent = isClosed ? say("Again at {time}", { time: new Date(budget.resets_at) }) : priceLabel(orderLabel(), selectedModel().name)
    button.setAttribute("aria-disabled", !most || Boolean(next))
    renderSeed(find("#new-seed"), batchValues(form))
    renderBudget(find("#budget"), budget, visitUsd, selectedModel(), catalogue.models)
  }

  function orderLabel() {
    const pictures = pictureCount(form)
    if (isBusy) return pictures > 1 ? say("Next: {pictures} images", { pictures }) : say("Next: one image")
    if (pictures > 1) return say("Generate {pictures} images", { pictures })
    return isKnownPicture(batchValues(form)[0]) ? say("Make the same picture again") : say("Generate image")
  }

  function showNext(batch) {
    const chip = find("#next")
    if (!batch && chip === document.activeElement) button.focus({ preventScroll: true })
    next = batch
    chip.hidden = !batch
    chip.textContent = batch ? say("Next: {prompt}", { prompt: cut(batch[0].prompt, 60) }) : ""
    if (catalogue) showPrice()
  }

  /** The button's label, followed by the price of a batch of that model. */
  function priceLabel(label, name) {
    const price = findModel(name) && totalPrice(pictureCount(form), findModel(name))
    return price ? say("{what}, about {price}", { what: label, price }) : label
  }

  prompt.value = values.prompt || prompt.value
  showPrompt()
  useLink((area, text) => { area.value = text }) // without the focus, as nothing is typed yet
  loadModels()

  form.oninput = ({ target, inputType = "" }) => {
    target.setCustomValidity("") // until the next submit
    storeForm(form)
    showPrompt()
    if (catalogue) showPrice()
    if (!inputType.startsWith("history")) forgetUndo() // the browser's undo takes back the prompt alone
  }
  form.elements.model.onchange = renderSelected
  find("#clear").onclick = () => change("", {})
  find("#new-seed").onclick = () => change(prompt.value, { seed: "" })
  find("#next").onclick = () => showNext()
  addRecall(prompt, loadPrompts, announce)
  find("#reload").onclick = loadModels
  find("#fold").onclick = () => toggleConfiguration(form)
  find("#change-code").onclick = () => editCode(form)
  find("#show-code").onclick = () => toggleCodeVisibility(form)

  // An invalid value in the hidden configuration would block the form without a message.
  form.addEventListener("invalid", event => revealControl(form, event.target), { capture: true })

  // The wheel scrolls the page. It must not change the focused number or menu under it.
  form.addEventListener("wheel", ({ target }) => {
    const control = target.closest("[type=number], select")
    if (!control || control !== document.activeElement) return
    control.blur()
    setTimeout(() => control.focus({ preventScroll: true }))
  }, { passive: true })

  // A link opened in a tab that already shows the page.
  window.addEventListener("hashchange", () => {
    fillCode(form)
    useLink()
  })

  // The page may have been open in the background since before the budget reset.
  document.addEventListener("visibilitychange", () => {
    if (Date.parse(budget.resets_at) < Date.now()) loadBudget()
  })

  window.addEventListener("online", () => { if (!catalogue) loadModels() })

  return {
    use, usePicture, priceLabel,
    /** The model of that name; undefined if it is not offered. */
    findModel,
    /** Whether the site can write prompts. */
    hasWriter: () => Boolean(catalogue?.prompt),
    get offered() { return catalogue?.offered }, // every model
    get leftUsd() { return left(budget) },
    /** The values of each picture to generate; none while a field is invalid, the budget is spent or the models are not loaded. */
    requestedValues() {
      if (!catalogue || button.ariaDisabled === "true") return []
      return checkTexts(form, selectedModel()) && codeInput.reportValidity() ? batchValues(form) : []
    },
    /** Let the order wait until the one under way is finished. */
    setNext: showNext,
    /** The order that waits, which is then no longer there; undefined if there is none. */
    takeNext() {
      const batch = next
      showNext()
      return batch
    },
    /** The access code to send; null if it is required and missing. */
    readCode: () => (codeInput.reportValidity() ? readCode(form) : null),
    /** The same, without asking for it. */
    peekCode: () => (codeInput.required && !codeInput.value.trim() ? null : readCode(form)),
    focusButton: () => button.focus({ preventScroll: true }),
    /** While busy, the button takes the next order. */
    setBusy(busy) {
      isBusy = busy
      if (catalogue) showPrice()
    },
    /** A picture is made: it counts for the cost of this visit, and is not made twice by accident. */
    addPicture(pictureValues, seed, price) {
      visitUsd += Number(price)
      if (seed) rememberPicture({ ...pictureValues, seed })
      showPrice()
    },
    /** A batch is finished: its access code, how many pictures it made, and its first error, if any. */
    finishBatch(code, made, error) {
      if (error?.code === "AccessCodeRequired") rejectCode(form, code, explain(error))
      else if (made) acceptCode(form, code)
      loadBudget()
    },
  }
}

/** The old values with the new ones; without the old ones if the new ones name a model, as then they are a recipe. */
function merge(old, values) {
  return values.model === undefined ? { ...old, ...values } : { count: old.count, ...values }
}
