// The desk: the form with the models offered, the requested values and the cost. Knows no server and no pictures.
import { acceptCode, editCode, fillCode, readCode, rejectCode, requireCode, toggleCodeVisibility } from "./access.js"
import { renderBudget, totalPrice } from "./budget.js"
import { batchValues, enableForm, everyValue, fillFields, pictureCount, renderModel, renderModels, restoreFields, revealControl, storeForm, storedForm, toggleConfiguration } from "./fields.js"
import { takeLinkValues } from "./link.js"
import { checkTexts, replaceText } from "./texts.js"
import { cut } from "../words/text.js"
import { explain, say } from "../words/words.js"

/**
 * @param {HTMLFormElement} form
 * @param {Object} callbacks
 * @param {() => Promise<object>} callbacks.fetchModels  the response of `GET /models`
 * @param {() => Promise<object>} callbacks.fetchBudget  the response of `GET /budget`
 * @param {() => void} callbacks.onModels  called once the models are in the form
 * @param {(sentence: string) => void} callbacks.announce
 * @param {(sentence: string, undo?: () => void) => () => void} callbacks.toast  returns a function that hides it
 */
export function addDesk(form, { fetchModels, fetchBudget, onModels, announce, toast }) {
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
    if (catalogue) showBudget()
  }

  /** Put the values into the form, and offer to take them back. */
  function use(newValues, setText = replaceText) {
    const before = catalogue ? everyValue(form) : { ...values, prompt: prompt.value }
    setText(prompt, newValues.prompt || prompt.value)
    undo = () => restore(before)
    if (!catalogue) {
      values = merge(values, newValues)
      return
    }
    offerUndo(fill(newValues))
    storeForm(form)
    prompt.focus()
  }

  function useLink(setText) {
    const link = takeLinkValues()
    if (Object.keys(link).length) use(link, setText)
  }

  function offerUndo(sentence) {
    hideUndo = toast(sentence || say("The settings are in the form."), undo)
  }

  function forgetUndo() {
    undo = undefined
    hideUndo()
  }

  function restore(before) {
    replaceText(prompt, before.prompt)
    restoreFields(form, { count: "1", model: catalogue.default, ...before }, catalogue.models, renderSelected)
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
    const { seed } = form.elements
    if (Number(seed?.value)) revealControl(form, seed) // as it repeats the same picture
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

  function showPrice() {
    const pictures = pictureCount(form)
    const label = pictures > 1 ? say("Generate {pictures} images", { pictures }) : say("Generate image")
    button.textContent = priceLabel(label, selectedModel().name)
    showBudget()
  }

  /** The button's label, followed by the price of a batch of that model. */
  function priceLabel(label, name) {
    const price = findModel(name) && totalPrice(pictureCount(form), findModel(name))
    return price ? say("{what}, about {price}", { what: label, price }) : label
  }

  function showBudget() {
    renderBudget(find("#budget"), budget, visitUsd, pictureCount(form), selectedModel(), catalogue.models)
  }

  prompt.value = values.prompt || prompt.value
  useLink((area, text) => { area.value = text }) // without the focus, as nothing is typed yet
  loadModels()

  form.oninput = ({ target, inputType = "" }) => {
    target.setCustomValidity("") // until the next submit
    storeForm(form)
    if (!inputType.startsWith("history")) forgetUndo() // the browser's undo takes back the prompt alone
  }
  form.elements.model.onchange = renderSelected
  find(".count").onchange = showPrice
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
    use, priceLabel,
    /** The model of that name; undefined if it is not offered. */
    findModel,
    /** The values of each picture to generate; none while a field is invalid or the models are not loaded. */
    requestedValues: () => (catalogue && checkTexts(form, selectedModel()) && codeInput.reportValidity() ? batchValues(form) : []),
    /** The access code to send; null if it is required and missing. */
    readCode: () => (codeInput.reportValidity() ? readCode(form) : null),
    /** The same, without asking for it. */
    peekCode: () => (codeInput.required && !codeInput.value.trim() ? null : readCode(form)),
    focusButton: () => button.focus({ preventScroll: true }),
    /** While busy, the button does nothing. */
    setBusy: busy => button.setAttribute("aria-disabled", busy),
    /** Add a picture's price to the cost of this visit. */
    addCost(price) {
      visitUsd += Number(price)
      showBudget()
    },
    /** A batch is finished: its access code, how many pictures it made, and its first error, if any. */
    finishBatch(code, made, error) {
      if (error?.code === "AccessCodeRequired") rejectCode(form, code, explain(error))
      else if (made) acceptCode(form, code)
      loadBudget()
    },
  }
}

/** The models that make a picture from words alone; the desk has no field for a picture. */
function withoutEditing({ models, default: name, ...others }) {
  const hasPrompt = ({ parameters }) => parameters.some(({ name }) => name === "prompt")
  const needsImage = ({ parameters }) => parameters.some(({ kind, required }) => kind === "image" && required)
  const painting = models.filter(model => hasPrompt(model) && !needsImage(model))
  return { ...others, models: painting, default: painting.some(model => model.name === name) ? name : painting[0]?.name }
}

/** The old values with the new ones; without the old ones if the new ones name a model, as then they are a recipe. */
function merge(old, values) {
  return values.model === undefined ? { ...old, ...values } : { count: old.count, ...values }
}
