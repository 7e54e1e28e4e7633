// What helps after a failure, by its code. Knows no server and no wall.
import { say } from "../words/words.js"

// Letters of other languages, or small words that German and Spanish have and English has not.
const foreign = /[^\P{L}a-z]|\b(das|der|ein|eine|im|mit|und|auf|el|los|una?|en|con)\b/iu

const causes = {
  words: ["ContentFiltered", "InvalidParameter", "TooLong"],
  model: ["ModelRetired", "UnknownModel", "ModelAccessDenied"],
}

/**
 * The one act that helps, with the values of the pictures that failed. What was sent is gone where an earlier visit sent it.
 * @returns {?{label: string, run: (values: object[]) => void} | undefined}  null if nothing does; undefined if trying again does
 */
export function findRemedy({ code, isUnresolved }, { values, origin, images }, { editWords, translate, chooseModel, generate, changeAgain }) {
  if (isUnresolved) return undefined
  const isRefused = Object.values(causes).flat().includes(code)
  if (origin && (isRefused || !images || code.endsWith("TooLarge"))) return { label: say("Change again…"), run: () => changeAgain(origin) }
  if (code === "ContentFiltered" && translate && foreign.test(values.prompt)) return { label: say("In English"), run: () => translate(values.prompt) }
  if (causes.words.includes(code)) return { label: say("Change the words"), run: ([{ prompt }]) => editWords(prompt) }
  if (causes.model.includes(code)) return { label: say("Choose another model"), run: chooseModel }
  if (code === "ImageTooLarge") {
    return { label: say("Make it as JPEG"), run: batch => generate(batch.map(values => ({ ...values, output_format: "jpeg" }))) }
  }
  return code === "BudgetSpent" ? null : undefined
}
