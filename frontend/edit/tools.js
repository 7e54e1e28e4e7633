// The tools of the editing room, made of the models on offer. Knows no DOM and no server.
import { say } from "../words/words.js"

/** Each way to use a tool needs one model. The titles are functions, as the room's words load when it is opened. */
const tools = [
  {
    name: "words", title: () => say("By words"), ways: [
      { name: "replace", model: "stable-image-search-replace", verb: () => say("Replace") },
      { name: "recolor", model: "stable-image-search-recolor", verb: () => say("Recolor") },
    ],
  },
  {
    name: "retouch", title: () => say("Retouch"), paints: true, ways: [
      { name: "paint", model: "stable-image-inpaint", verb: () => say("Retouch") },
      { name: "erase", model: "stable-image-erase-object", verb: () => say("Erase") },
    ],
  },
  {
    name: "background", title: () => say("Remove background"), ways: [
      { name: "background", model: "stable-image-remove-background", verb: () => say("Remove background"), single: true },
    ],
  },
  { name: "extend", title: () => say("Extend"), ways: [{ name: "extend", model: "stable-outpaint", verb: () => say("Extend") }] },
  {
    name: "new", title: () => say("New from it"), ways: [
      { name: "vary", model: "stable-diffusion-3.5-large", title: () => say("Vary it"), verb: () => say("Paint"), slider: "strength" },
      { name: "structure", model: "stable-image-control-structure", title: () => say("Its structure"), verb: () => say("Paint"), slider: "control_strength", keeps: true },
      { name: "lines", model: "stable-image-control-sketch", title: () => say("Its lines"), verb: () => say("Paint"), slider: "control_strength", keeps: true },
      { name: "style", model: "stable-image-style-guide", title: () => say("Its style"), verb: () => say("Paint"), slider: "fidelity", keeps: true },
      { name: "transfer", model: "stable-style-transfer", title: () => say("Its style on another"), verb: () => say("Paint"), slider: "change_strength", image: "style_image", other: "init_image" },
    ],
  },
  {
    name: "enlarge", title: () => say("Enlarge"), ways: [
      { name: "fast", model: "stable-fast-upscale", title: () => say("Quick"), verb: () => say("Enlarge"), single: true },
      { name: "conservative", model: "stable-conservative-upscale", title: () => say("Careful"), verb: () => say("Enlarge") },
      { name: "creative", model: "stable-creative-upscale", title: () => say("Creative"), verb: () => say("Enlarge") },
    ],
  },
]
const sides = ["left", "right", "up", "down"]
const ownFields = ["select_prompt", ...sides] // drawn by the room itself, or not at all

/**
 * The tools whose models are on offer, each with the ways that are.
 * @param {object[]} models  of the response of `GET /models`
 */
export function offeredTools(models) {
  const find = name => models.find(model => model.name === name)
  const offered = tools.map(tool => ({
    ...tool,
    title: tool.title(),
    ways: tool.ways.filter(({ model }) => find(model)).map(way => ({ ...way, model: find(way.model), verb: way.verb(), title: way.title?.() })),
  }))
  return offered.filter(({ ways }) => ways.length)
}

/** The way that the values ask for: by what is filled in, or by a choice. */
export function chosenWay({ name, ways }, values) {
  const implied = { words: values.recolor ? "recolor" : "replace", retouch: values.prompt?.trim() ? "paint" : "erase" }
  return ways.find(way => way.name === (implied[name] ?? values.way)) ?? ways[0]
}

/** The parameter that takes the picture. */
export const pictureOf = ({ model, image = "image" }) => model.parameters.find(({ name }) => name === image)

/** The shapes that a picture can be extended to: those of the desk. */
export function shapes(models) {
  return models.flatMap(({ parameters }) => parameters).find(({ name }) => name === "aspect_ratio")?.choices ?? ["1:1", "16:9", "9:16"]
}

/**
 * The controls of the tool, besides those under "More": what plate.js draws.
 * @returns {object[]}  each with a name, a kind, a label and, for a choice, its choices
 */
export function mainFields({ name, ways }, way, values, { price, models }) {
  const find = wanted => way.model.parameters.find(parameter => parameter.name === wanted)
  const choices = ways.map(({ name, title, model }) => [name, title, price(model.price_usd)])
  const words = (label, help) => ({ name: "prompt", kind: "text", label, help })
  const fields = {
    words: () => [
      { name: "search_prompt", kind: "text", label: say("Find"), help: say("What to look for, in a few words of English.") },
      words(say("Make it"), say("What it becomes.")),
      ways.length > 1 && { name: "recolor", kind: "checkbox", label: say("Change only its color") },
    ],
    retouch: () => [
      ways.some(({ name }) => name === "paint") && words(say("What should be there instead?"), say("Empty: what you painted over is erased.")),
      { name: "cells", kind: "cells", label: say("Where"), help: say("Paint over the picture, or choose parts of it here.") },
    ],
    background: () => [{ name: "note", kind: "note", label: say("What is behind the subject becomes transparent.") }],
    extend: () => [
      { name: "shape", kind: "choice", label: say("Shape"), default: "16:9", choices: [...shapes(models), "exact"], titles: { "1:1": say("Square"), exact: say("Exact pixels") } },
      ...(values.shape === "exact"
        ? sides.map(side => ({ ...find(side), help: say("Pixels to add on this side."), label: { left: say("Left"), right: say("Right"), up: say("Above"), down: say("Below") }[side] }))
        : [{ name: "place", kind: "places", label: say("Where the picture stands") }]),
      words(say("What surrounds it"), say("Empty: the model goes on with what it sees.")),
    ],
    new: () => [
      { name: "way", kind: "radio", label: say("What stays"), choices },
      way.other && { name: way.other, kind: "file", label: say("The picture that gets the style") },
      words(say("What the new picture shows"), find("prompt").required ? "" : say("May be empty.")),
      { ...find(way.slider), kind: "slider", help: "", isInverted: way.keeps, label: say("How far it may go from the picture") },
    ],
    enlarge: () => [
      { name: "way", kind: "radio", label: say("How"), choices },
      find("prompt") && words(say("What the picture shows"), say("It guides what the model adds.")),
    ],
  }
  return fields[name]().filter(Boolean)
}

/** The model's other parameters, under "More". */
export function moreFields({ model }, main) {
  const drawn = new Set([...main.map(({ name }) => name), ...ownFields])
  const kinds = ["text", "choice", "integer", "number"]
  const others = model.parameters.filter(({ name, kind, with_image: withImage }) => kinds.includes(kind) && !drawn.has(name) && withImage !== false)
  return others.map(parameter => ({ ...parameter, label: say(parameter.label), help: say(parameter.help) }))
}

/** The values that the model takes, as text; what is empty or the default is not sent. */
export function orderValues({ model }, values) {
  const named = { ...values, select_prompt: values.search_prompt }
  const sent = model.parameters.filter(({ name, kind, default: usual }) =>
    kind !== "image" && !["", undefined, String(usual)].includes(named[name]?.trim()))
  return Object.fromEntries(sent.map(({ name }) => [name, named[name].trim()]))
}

/**
 * What is missing before the picture can be sent; undefined if nothing is.
 * @returns {{name: string, sentence: string} | undefined}  the control that needs it
 */
export function findMissing(tool, way, values, { isPainted, isLarger, hasOther }) {
  const text = name => values[name]?.trim() ?? ""
  const limits = Object.fromEntries(way.model.parameters.map(parameter => [parameter.name, parameter]))
  if (tool.name === "words" && !text("search_prompt")) return { name: "search_prompt", sentence: say("Say what to look for.") }
  if (tool.name === "words" && !text("prompt")) return { name: "prompt", sentence: say("Say what it becomes.") }
  if (tool.paints && !isPainted) return { name: "painting", sentence: say("Paint over what should change.") }
  if (tool.name === "extend" && !isLarger) return { name: "shape", sentence: say("The picture has this shape already. Choose another.") }
  if (way.other && !hasOther) return { name: way.other, sentence: say("Choose the picture that gets the style.") }
  if (limits.prompt?.required && !text("prompt")) return { name: "prompt", sentence: say("Say what the picture shows.") }
  for (const name of ["search_prompt", "prompt", "negative_prompt"]) {
    const length = [...text(name)].length
    const maximum = limits[name]?.max_length
    if (length > maximum) return { name, sentence: say("The prompt has {length} characters; {maximum} are allowed.", { length, maximum }) }
  }
}
