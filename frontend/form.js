// The form: the models on offer and their parameters. Knows no server and no pictures.

/** How each kind of parameter is drawn; the kinds are those of chalicelib/parameters.py. */
const kinds = {
  text: () => element("textarea", { rows: 2 }),
  number: parameter => range(parameter, "any"),
  integer: parameter => range(parameter, 1),
  choice: ({ choices, default: usual }) => {
    const words = usual ? choices : ["", ...choices]
    const select = element("select", {})
    select.append(...words.map(word => new Option(word || "the model chooses", word)))
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
  const cost = price ? ` $${price.toFixed(2)} a picture.` : ""
  form.querySelector("#model-help").textContent = description + cost
  Object.assign(kept, values(form))
  const drawn = parameters.filter(({ name }) => name !== "prompt")
  form.querySelector("#configuration").replaceChildren(...drawn.map(field))
  for (const { name, default: usual } of drawn) fill(form.elements[name], kept[name], usual)
}

/** Every field under its own name: the query, and the prompt. */
export function values(form) {
  const named = [...form.elements].filter(control => control.name)
  return Object.fromEntries(named.map(control => [control.name, control.value]))
}

/** Show the configuration, or hide it. */
export function fold(form) {
  const button = form.querySelector("#fold")
  const configuration = form.querySelector("#configuration")
  configuration.hidden = !configuration.hidden
  button.setAttribute("aria-expanded", !configuration.hidden)
  button.textContent = configuration.hidden ? "Show Configuration" : "Hide Configuration"
}

/** Show the configuration if the control is in it. */
export function unfold(form, control) {
  if (form.querySelector("#configuration[hidden]")?.contains(control)) fold(form)
}

function field(parameter) {
  const { name, kind, label, minimum, maximum } = parameter
  const help = minimum === undefined ? parameter.help : `${parameter.help} From ${minimum} to ${maximum}.`
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

function fill(control, before, usual) {
  control.value = before ?? usual
  if (before !== control.value || !control.checkValidity()) control.value = usual
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties)
}
