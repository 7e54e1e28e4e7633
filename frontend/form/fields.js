// The form's fields: the models offered and their parameters. Knows no server and no pictures.
import { isShape, renderShape, showChosenShape } from "./shape.js"
import { labels } from "../words/labels.js"
import { breakLines, cut } from "../words/text.js"
import { money, say } from "../words/words.js"

/** The control of each kind of parameter; the kinds are those of chalicelib/parameters.py. */
const kinds = {
  text: () => createElement("textarea", { rows: 2 }),
  number: parameter => createNumberInput(parameter, "any"),
  integer: parameter => createNumberInput(parameter, 1),
  choice: ({ choices = [], default: defaultChoice }) => {
    const options = defaultChoice ? choices : ["", ...choices]
    const select = createElement("select", {})
    select.append(...options.map(option => new Option(formats[option] ?? (option || say("The model chooses")), option)))
    return select
  },
}

const formats = { jpeg: "JPEG", png: "PNG", webp: "WebP" }

/** Every value set for any model by its name, so that switching models loses none. */
const savedValues = new Map()

/** The models that make a picture from words alone, as the desk has no field for a picture; `offered` are all. */
export function withoutEditing({ models: offered, default: name, ...others }) {
  const hasPrompt = ({ parameters }) => parameters.some(({ name }) => name === "prompt")
  const needsImage = ({ parameters }) => parameters.some(({ kind, required }) => kind === "image" && required)
  const painting = offered.filter(model => hasPrompt(model) && !needsImage(model))
  return { ...others, offered, models: painting, default: painting.some(model => model.name === name) ? name : painting[0]?.name }
}

/** Fill the model menu from the response of `GET /models`. */
export function renderModels(form, { models, default: defaultName }) {
  form.elements.model.replaceChildren(...models.map(({ title, name }) => new Option(title, name)))
  form.elements.model.value = defaultName
}

/** Let the form be used, once all of it is drawn. */
export function enableForm(form) {
  for (const control of form.elements) control.disabled = false
}

/** Show the model's parameters; values set before stay if the model allows them. */
export function renderModel(form, { description, price_usd: price, parameters }) {
  const priceText = price ? say("{price} per picture.", { price: money(price) }) : ""
  const prompt = parameters.find(({ name }) => name === "prompt")
  const shape = parameters.find(isShape)
  const others = parameters.filter(parameter => isDrawable(parameter) && parameter !== shape)
  form.querySelector("#model-help").textContent = say(description)
  form.querySelector("#model-price").textContent = priceText
  form.querySelector("#prompt-help").textContent = say(prompt.help)
  saveValues(formValues(form))
  form.querySelector("#configuration").replaceChildren(...others.map(createField))
  const similar = renderShape(form.querySelector("#shape"), shape)
  if (shape) setValue(form.elements[shape.name], similar ?? savedValues.get(shape.name), defaultOf(shape))
  showChosenShape(form.querySelector("#shape"))
}

/** An empty seed is a new one each time, as 0 is. */
const defaultOf = ({ name, default: value }) => (name === "seed" ? "" : value ?? "")

/**
 * Whether the page knows the kind and may use the name. The API may be newer than the page, and a
 * control named `elements` or `querySelector` would hide what the form has under that name.
 */
function isDrawable({ name, kind, with_image: withImage }) {
  const taken = ["prompt", "model", "count"].includes(name) || name in HTMLFormElement.prototype
  return Object.hasOwn(kinds, kind) && !taken && withImage !== true
}

function saveValues(values) {
  for (const [name, value] of Object.entries(values)) savedValues.set(name, value)
}

/** The value of each named field: the query parameters and the prompt. */
export function formValues(form) {
  const named = [...form.elements].filter(({ name, type, checked }) => name && name !== "count" && (type !== "radio" || checked))
  return Object.fromEntries(named.map(control => [control.name, textOf(control)]))
}

/** Every value of the form, those for other models too, as `restoreFields` takes them. */
export function everyValue(form) {
  return { ...Object.fromEntries(savedValues), ...formValues(form), count: form.elements.count.value }
}

/** The control's value; a number typed as 1e3 becomes 1000. */
function textOf({ type, value, valueAsNumber }) {
  if (type === "textarea") return breakLines(value)
  return type === "number" && value ? String(valueAsNumber) : value
}

/** The number of pictures in a batch. */
export function pictureCount(form) {
  return Number(form.elements.count.value)
}

/**
 * The values of each picture in the batch; a chosen seed is the first one's, and the others count up from it.
 * An empty prompt is the example that the field shows.
 */
export function batchValues(form) {
  const { prompt, ...others } = formValues(form)
  const values = { ...others, prompt: prompt || form.elements.prompt.placeholder }
  const { max } = form.elements.seed ?? {}
  return Array.from({ length: pictureCount(form) }, (_, index) =>
    Number(values.seed) ? { ...values, seed: `${Math.min(Number(values.seed) + index, max)}` } : values)
}

/**
 * Set the fields besides the prompt to the values, where the form allows them. If there is a `model`, even one that is
 * not offered or "", the values are a recipe: what it lacks gets its default. Otherwise other fields keep theirs.
 * @param {object[]} models  of the response of `GET /models`
 * @param {() => void} renderSelected  shows the parameters of the selected model
 * @returns {string[]}  the values that the selected model does not take, each after its label
 */
export function fillFields(form, values, models, renderSelected) {
  const { model, count } = form.elements
  if (values.count) count.value = values.count
  if (values.seed === "0") values = { ...values, seed: "" }
  if ([...model.options].some(({ value }) => value === values.model)) model.value = values.model
  renderSelected()
  const { parameters } = models.find(({ name }) => name === model.value)
  for (const parameter of parameters.filter(isDrawable)) {
    const { name } = parameter
    const control = form.elements.namedItem(name)
    const fallback = values.model === undefined ? control.value : defaultOf(parameter)
    setValue(control, Object.hasOwn(values, name) ? String(values[name]) : fallback, fallback)
  }
  showChosenShape(form.querySelector("#shape"))
  const refused = name => values[name] && form.elements[name]?.value !== String(values[name])
  return Object.keys(labels).concat("seed").filter(refused).map(name => `${say(labels[name] ?? "Seed")} ${cut(String(values[name]), 40)}`)
}

/** Set the fields besides the prompt to what `everyValue` returned; a field that is missing there gets its default. */
export function restoreFields(form, values, models, renderSelected) {
  form.querySelector("#configuration").replaceChildren()
  renderShape(form.querySelector("#shape"))
  savedValues.clear()
  saveValues(values)
  fillFields(form, values, models, renderSelected)
}

/** Store the form's values, to survive a reload of this tab. */
export function storeForm(form) {
  const values = { ...formValues(form), count: form.elements.count.value }
  try {
    sessionStorage.setItem("form", JSON.stringify(values))
  } catch {} // storage is forbidden or full
}

/** The values that `storeForm` stored; {} in a new tab. */
export function storedForm() {
  try {
    return JSON.parse(sessionStorage.getItem("form")) ?? {}
  } catch {
    return {}
  }
}

/** Show or hide the configuration. */
export function toggleConfiguration(form) {
  const button = form.querySelector("#fold")
  const configuration = form.querySelector("#configuration")
  configuration.hidden = !configuration.hidden
  button.setAttribute("aria-expanded", !configuration.hidden)
  button.textContent = say(configuration.hidden ? "More settings" : "Fewer settings")
}

/** Show the configuration if it hides the control. */
export function revealControl(form, control) {
  if (form.querySelector("#configuration[hidden]")?.contains(control)) toggleConfiguration(form)
}

function createField(parameter) {
  const { name, kind, minimum, maximum } = parameter
  const label = say(parameter.label)
  const range = minimum === undefined || name === "seed" ? "" : say("From {minimum} to {maximum}.", { minimum, maximum })
  const help = `${say(parameter.help)} ${range}`.trim()
  const id = `parameter-${name}`
  const control = Object.assign(kinds[kind](parameter), { id, name })
  control.setAttribute("aria-describedby", `${id}-help`)
  if (name === "seed") control.placeholder = say("a new one each time")
  const field = createElement("div", { className: "field" })
  field.append(
    createElement("label", { htmlFor: id, textContent: label }),
    control,
    createElement("p", { id: `${id}-help`, className: "help", textContent: help }),
  )
  setValue(control, savedValues.get(name), defaultOf(parameter))
  return field
}

function createNumberInput({ minimum, maximum }, step) {
  return createElement("input", { type: "number", min: minimum, max: maximum, step })
}

/** Set the value, or the fallback if the control, or the group of radio buttons, does not allow the value. */
function setValue(control, value, fallback) {
  control.value = value ?? fallback
  if (String(value) !== control.value || control.validity?.valid === false || control.selectedIndex === -1) control.value = fallback
}

function createElement(tag, properties) {
  return Object.assign(document.createElement(tag), properties)
}
