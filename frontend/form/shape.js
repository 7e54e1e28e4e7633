// The picture's shape, drawn: a cell for each aspect ratio or size that the model offers. Knows no server.
import { say } from "../words/words.js"

const parameters = ["aspect_ratio", "size"] // such as 16:9, or 1344x768
const common = ["1:1", "3:2", "16:9", "2:3", "9:16"] // always in sight
const rare = ["5:4", "21:9", "4:5", "9:21"]
const tolerance = 0.06 // between the logarithms of a size's ratio and the one that names it

/** Whether the parameter is drawn as a shape. */
export const isShape = ({ name, choices = [] }) => parameters.includes(name) && choices.length > 1

/**
 * Draw the choices, or hide all if the model has no shape. A shape that was chosen for another model stays.
 * @param {HTMLFieldSetElement} fieldset
 * @param {object} [parameter]  of `GET /models`
 * @returns {string | undefined}  the choice that is nearest to the shape of another model
 */
export function renderShape(fieldset, parameter) {
  const before = fieldset.querySelector(":checked")
  const cells = fieldset.querySelector(".cells")
  fieldset.hidden = !parameter
  if (!parameter) return void cells.replaceChildren()
  const choices = parameter.choices.toSorted((one, other) => order(one) - order(other))
  cells.replaceChildren(...choices.map(choice => createCell(parameter.name, choice)))
  const more = cells.querySelectorAll(".rare").length > 1 && createMore(fieldset)
  if (more) cells.append(more)
  fieldset.classList.toggle("folded", Boolean(more))
  return before && before.name !== parameter.name ? choices.find(choice => isSimilar(choice, before.value)) : undefined
}

/** Unfold the rare shapes if the chosen one is among them. */
export function showChosenShape(fieldset) {
  if (fieldset.querySelector(".rare :checked")) unfold(fieldset)
}

const ratio = text => {
  const [width, height] = text.split(/[:x]/)
  return width / height
}

const isSimilar = (one, other) => Math.abs(Math.log(ratio(one) / ratio(other))) < tolerance

/** The usual name of a shape: 16:9 for 1344x768. */
const nameOf = choice => [...common, ...rare].find(name => name === choice) ?? [...common, ...rare].find(name => isSimilar(name, choice)) ?? choice

const order = choice => [...common, ...rare, nameOf(choice)].indexOf(nameOf(choice))

function createCell(name, choice) {
  const title = nameOf(choice)
  const outline = Object.assign(document.createElement("span"), { className: "outline" })
  const input = Object.assign(document.createElement("input"), { type: "radio", name, value: choice })
  const cell = Object.assign(document.createElement("label"), { className: common.includes(title) ? "" : "rare", title: title === choice ? "" : choice.replace("x", " × ") })
  outline.style.setProperty("--ratio", ratio(choice))
  cell.append(input, outline, title === "1:1" ? say("Square") : title)
  return cell
}

function createMore(fieldset) {
  const more = Object.assign(document.createElement("button"), { type: "button", className: "more", textContent: say("More") })
  more.setAttribute("aria-label", say("More shapes"))
  more.onclick = () => {
    unfold(fieldset)
    fieldset.querySelector(".rare input").focus()
  }
  return more
}

function unfold(fieldset) {
  fieldset.classList.remove("folded")
  fieldset.querySelector(".more")?.remove()
}
