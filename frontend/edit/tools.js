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
    name: "background", title: () => say("Remove background"), ways: [
      { name: "background", model: "stable-image-remove-background", verb: () => say("Remove background"), single: true },
    ],
  },
  {
    name: "enlarge", title: () => say("Enlarge"), chooses: true, ways: [
      { name: "fast", model: "stable-fast-upscale", title: () => say("Quick"), verb: () => say("Enlarge"), single: true },
      { name: "conservative", model: "stable-conservative-upscale", title: () => say("Careful"), verb: () => say("Enlarge") },
      { name: "creative", model: "stable-creative-upscale", title: () => say("Creative"), verb: () => say("Enlarge") },
    ],
  },
]

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

/** The way that the values ask for: of the words, or of the choice. */
export function chosenWay({ name, ways }, values) {
  const asked = { words: values.recolor ? "recolor" : "replace" }[name] ?? values.way
  return ways.find(way => way.name === asked) ?? ways[0]
}

/**
 * The controls of the tool, besides those under "More": what plate.js draws.
 * @returns {object[]}  each with a name, a kind, a label and, for a choice, its choices
 */
export function mainFields({ name, chooses, ways }, way, price) {
  const find = name => way.model.parameters.find(parameter => parameter.name === name)
  const choices = ways.map(({ name, title, model }) => [name, title, price(model.price_usd)])
  const fields = {
    words: () => [
      { name: "search_prompt", kind: "text", label: say("Find"), help: say("What to look for, in a few words of English.") },
      { name: "prompt", kind: "text", label: say("Make it"), help: say("What it becomes.") },
      ways.length > 1 && { name: "recolor", kind: "checkbox", label: say("Change only its color") },
    ],
    background: () => [{ name: "note", kind: "note", label: say("What is behind the subject becomes transparent.") }],
    enlarge: () => [
      { name: "way", kind: "radio", label: say("How"), choices },
      find("prompt") && { name: "prompt", kind: "text", label: say("What the picture shows"), help: say("It guides what the model adds.") },
    ],
  }
  return fields[name]().filter(Boolean)
}

/** The model's other parameters, under "More". */
export function moreFields({ model }, main) {
  const drawn = new Set([...main.map(({ name }) => name), "select_prompt"])
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
export function findMissing(tool, way, values) {
  const text = name => values[name]?.trim() ?? ""
  const limits = Object.fromEntries(way.model.parameters.map(parameter => [parameter.name, parameter]))
  if (tool.name === "words" && !text("search_prompt")) return { name: "search_prompt", sentence: say("Say what to look for.") }
  if (tool.name === "words" && !text("prompt")) return { name: "prompt", sentence: say("Say what it becomes.") }
  if (limits.prompt?.required && !text("prompt")) return { name: "prompt", sentence: say("Say what the picture shows.") }
  for (const name of ["search_prompt", "prompt", "negative_prompt"]) {
    const length = [...text(name)].length
    const maximum = limits[name]?.max_length
    if (length > maximum) return { name, sentence: say("The prompt has {length} characters; {maximum} are allowed.", { length, maximum }) }
  }
}
