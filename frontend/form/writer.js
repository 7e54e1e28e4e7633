// A better prompt for the words in the form, by the site's text model. Loaded on first use. Knows no pictures.
import { clean } from "../words/text.js"
import { explain, say } from "../words/words.js"

let isBusy = false

/**
 * Put the words into the form as a prompt in English, unless they were changed meanwhile.
 * @param {"plain" | "rich"} style
 * @param {Object} desk
 * @param {HTMLFormElement} desk.form
 * @param {() => ?string} desk.readCode  null if it is missing
 * @param {(values: object, sentence: string) => void} desk.use  offers Undo
 * @param {(words: string, options: object) => Promise<string>} desk.writePrompt
 * @param {Map<string, string>} desk.originals  gets the words that the prompt was made from
 */
export async function improve(style, { form, readCode, use, writePrompt, originals, announce, toast }) {
  const { prompt, model } = form.elements
  const words = prompt.value
  const code = readCode()
  if (isBusy || !words.trim() || code === null) return
  const group = form.querySelector(".helpers")
  setBusy(group, true)
  announce(say("Writing the prompt…"))
  try {
    const text = clean(await writePrompt(words, { style, model: model.value, code }))
    if (prompt.value !== words) return
    if (text === words) return toast(say("No better prompt was found: yours stays. It cost well under a cent."))
    originals.set(text, originals.get(words) ?? words)
    use({ prompt: text }, say("The prompt is in English now. It cost well under a cent."))
  } catch (error) {
    toast(explain(error))
  } finally {
    setBusy(group, false)
  }
}

function setBusy(group, busy) {
  isBusy = busy
  group.ariaBusy = busy
  for (const button of group.children) button.setAttribute("aria-disabled", busy)
}
