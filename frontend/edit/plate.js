// The controls of a tool, drawn from descriptions. Knows no tool and no picture.
import { createElement } from "../wall/dom.js"
import { say } from "../words/words.js"

const formats = { jpeg: "JPEG", png: "PNG", webp: "WebP" }

/** The control of each kind; `values` holds text, or true and false of a checkbox. */
const kinds = {
  text: (field, value) => createElement("textarea", { rows: 2, lang: "en", dir: "auto", value: value ?? "" }),
  integer: (field, value) => createNumber(field, 1, value),
  number: (field, value) => createNumber(field, "any", value),
  choice: ({ choices, default: usual, titles = formats }, value) => {
    const options = usual ? choices : ["", ...choices]
    const select = createElement("select")
    select.append(...options.map(option => new Option(titles[option] ?? (option || say("The model chooses")), option)))
    select.value = options.includes(value) ? value : usual ?? ""
    return select
  },
  slider: ({ minimum, maximum, default: usual, isInverted }, value) => {
    const input = createElement("input", { type: "range", min: minimum, max: maximum, step: 0.05 })
    input.value = turn(value ?? usual, { minimum, maximum, isInverted })
    return input
  },
  file: () => createElement("input", { type: "file", accept: "image/jpeg,image/png,image/webp" }),
}

/** Of a parameter that says how much is kept, the slider shows how much is not. */
const turn = (value, { minimum, maximum, isInverted }) => (isInverted ? String(Math.round(100 * (minimum + maximum - value)) / 100) : value)

function createNumber({ minimum, maximum, default: usual, name }, step, value) {
  const input = createElement("input", { type: "number", min: minimum, max: maximum, step, inputMode: step === 1 ? "numeric" : "decimal" })
  input.value = value ?? (name === "seed" ? "" : usual)
  return input
}

/**
 * The controls of the fields.
 * @param {object[]} fields  of tools.js
 * @param {object} values  by name
 * @param {(name: string, value: string | boolean) => void} onValue
 */
export function createFields(fields, values, onValue) {
  return fields.map(field => (groups[field.kind] ?? createField)(field, values[field.name], value => onValue(field.name, value)))
}

const groups = {
  radio: createRadios, checkbox: createCheckbox, cells: createCells, places: createPlaces,
  note: ({ label }) => createElement("p", { className: "help", textContent: label }),
}

function createField(field, value, onValue) {
  const { name, kind, label, help } = field
  const id = `room-${name}`
  const control = Object.assign(kinds[kind](field, value), { id, name })
  if (kind === "file") control.onchange = () => onValue(control.files[0])
  else control.oninput = () => onValue(kind === "slider" ? turn(control.value, field) : control.value)
  if (help) control.setAttribute("aria-describedby", `${id}-help`)
  return createElement("div", { className: "field" },
    createElement("label", { htmlFor: id, textContent: label }), control,
    ...(help ? [createElement("p", { className: "help", id: `${id}-help`, textContent: help })] : []))
}

function createCheckbox({ name, label }, value, onValue) {
  const input = createElement("input", { type: "checkbox", name, checked: Boolean(value) })
  input.onchange = () => onValue(input.checked)
  return createElement("label", { className: "room-checkbox" }, input, ` ${label}`)
}

/** Each choice is a value, a title and a note. */
function createRadios({ name, label, choices, columns = 3 }, value, onValue) {
  const chosen = choices.some(([choice]) => choice === value) ? value : choices[0][0]
  const cells = choices.map(([choice, title, note]) => {
    const input = createElement("input", { type: "radio", name, value: choice, checked: choice === chosen })
    input.onchange = () => onValue(choice)
    return createElement("label", {}, input, createElement("span", { textContent: title }), ...(note ? [createElement("span", { className: "help", textContent: note })] : []))
  })
  const grid = createElement("div", { className: "cells" }, ...cells)
  grid.style.setProperty("--columns", Math.min(columns, choices.length))
  return createElement("fieldset", { className: "segmented" }, createElement("legend", { textContent: label }), grid)
}

/** The ninths of a picture, from the top left. */
const ninths = () => [
  say("Top left"), say("Top"), say("Top right"), say("Left"), say("Middle"), say("Right"), say("Bottom left"), say("Bottom"), say("Bottom right"),
]

/** Nine checkboxes; `value` is a set of the numbers of those that are checked. */
function createCells(field, value, onValue) {
  return createGrid("checkbox", field, cell => value.has(cell), ({ checked }, cell) => onValue({ cell, checked }))
}

/** Nine radio buttons; `value` is the number of the chosen one. */
function createPlaces(field, value, onValue) {
  return createGrid("radio", field, cell => cell === Number(value ?? 4), (_, cell) => onValue(String(cell)))
}

function createGrid(type, { name, label, help }, isChecked, onChange) {
  const cells = ninths().map((title, cell) => {
    const input = createElement("input", { type, name, value: cell, checked: isChecked(cell), "aria-label": title })
    input.onchange = () => onChange(input, cell)
    return createElement("label", { title }, input)
  })
  return createElement("fieldset", { className: "segmented room-grid" }, createElement("legend", { textContent: label }),
    createElement("div", { className: "cells" }, ...cells),
    ...(help ? [createElement("p", { className: "help", textContent: help })] : []))
}

export { createRadios }
