// The form: the models on offer and their parameters. Knows no server and no pictures.
import { money, say } from "../words/words.js"

/** How each kind of parameter is drawn; the kinds are those of chalicelib/parameters.py. */
const kinds = {
  text: () => element("textarea", { rows: 2 }),
  number: parameter => range(parameter, "any"),
  integer: parameter => range(parameter, 1),
  choice: ({ choices, default: usual }) => {
    const words = usual ? choices : ["", ...choices]
    const select = element("select", {})
    select.append(...words.map(word => new Option(word || say("the model chooses"), word)))
    return select
  },
}

/** What was set for any model, so that a look at another one loses nothing. */
const kept = {}

/** Fill the model menu with the offer of `GET /models`, and open the form. */
export function drawModels(form, { models, default: usual }) {
  form.elements.model.replaceChildren(...models.map(({ title, name }) => new Option(title, name)))
  form.elements.model.value = usual
  for (const control of form.elements) control.disabled = false
}

/** Draw the model's parameters; what was set before stays where it is allowed. */
export function drawModel(form, { description, price_usd: price, parameters }) {
  const cost = price ? say("{price} a picture.", { price: money(price) }) : ""
  const prompt = parameters.find(({ name }) => name === "prompt")
  const drawn = parameters.filter(each => each !== prompt)
  form.querySelector("#model-help").textContent = `${say(description)} ${cost}`.trim()
  form.querySelector("#prompt-help").textContent = say(prompt.help)
  Object.assign(kept, values(form))
  form.querySelector("#configuration").replaceChildren(...drawn.map(field))
  for (const { name, default: usual } of drawn) put(form.elements[name], kept[name], usual)
}

/** Every field under its own name: the query, and the prompt. */
export function values(form) {
  const named = [...form.elements].filter(({ name }) => name && name !== "count")
  return Object.fromEntries(named.map(control => [control.name, text(control)]))
}

/** A number may be typed as 1e3, which is 1000. */
function text({ type, value, valueAsNumber }) {
  return type === "number" && value ? String(valueAsNumber) : value
}

/** Whether the prompt can be sent; the browser says why not. */
export function checkPrompt({ elements: { prompt } }, { parameters }) {
  const { max_length: maximum } = parameters.find(({ name }) => name === "prompt")
  const length = [...prompt.value].length // letters, as the API counts them
  const empty = prompt.value.trim() ? "" : say("The prompt is empty.")
  prompt.setCustomValidity(length > maximum ? say("The prompt has {length} letters; {maximum} are allowed.", { length, maximum }) : empty)
  return prompt.reportValidity()
}

/** How many pictures a click makes. */
export function count(form) {
  return Number(form.elements.count.value)
}

/** The values of each of them: a seed that was chosen is the first one's, and the next follow. */
export function several(form) {
  const asked = values(form)
  const { max } = form.elements.seed
  return Array.from({ length: count(form) }, (_, step) =>
    Number(asked.seed) ? { ...asked, seed: `${Math.min(Number(asked.seed) + step, max)}` } : asked)
}

/**
 * Set what the values name, as far as it is allowed here; the rest stays as it is.
 * @param {() => void} drawChosen  draws the parameters of the model that is chosen
 */
export function fill(form, values, drawChosen) {
  const { model, prompt, count } = form.elements
  if (values.count) count.value = values.count
  if ([...model.options].some(({ value }) => value === values.model)) model.value = values.model
  drawChosen()
  if (values.prompt) prompt.value = values.prompt
  for (const control of form.querySelectorAll("#configuration [name]")) {
    if (control.name in values) put(control, String(values[control.name]), control.value)
  }
}

/** Keep the form as it is for a reload of this tab. */
export function remember(form) {
  const all = { ...values(form), count: form.elements.count.value }
  try {
    sessionStorage.setItem("form", JSON.stringify(all))
  } catch {} // forbidden, or full
}

/** What `remember` kept; nothing in a new tab. */
export function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem("form")) ?? {}
  } catch {
    return {}
  }
}

/** Show the configuration, or hide it. */
export function fold(form) {
  const button = form.querySelector("#fold")
  const configuration = form.querySelector("#configuration")
  configuration.hidden = !configuration.hidden
  button.setAttribute("aria-expanded", !configuration.hidden)
  button.textContent = say(configuration.hidden ? "Show Configuration" : "Hide Configuration")
}

/** Show the configuration if the control is in it. */
export function unfold(form, control) {
  if (form.querySelector("#configuration[hidden]")?.contains(control)) fold(form)
}

function field(parameter) {
  const { name, kind, minimum, maximum } = parameter
  const label = say(parameter.label)
  const range = minimum === undefined ? "" : say("From {minimum} to {maximum}.", { minimum, maximum })
  const help = `${say(parameter.help)} ${range}`.trim()
  const id = `parameter-${name}`
  const control = Object.assign(kinds[kind](parameter), { id, name })
  control.setAttribute("aria-describedby", `${id}-help`)
  const box = element("div", { className: "field" })
  box.append(
    element("label", { htmlFor: id, textContent: label }),
    control,
    element("p", { id: `${id}-help`, className: "help", textContent: help }),
  )
  return box
}

function range({ minimum, maximum }, step) {
  return element("input", { type: "number", min: minimum, max: maximum, step })
}

/** The wanted value, or the other where it is not allowed. */
function put(control, wanted, other) {
  control.value = wanted ?? other
  if (wanted !== control.value || !control.validity.valid) control.value = other
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties)
}
