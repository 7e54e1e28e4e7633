// What a picture is called, where it is not seen. Knows no DOM.
import { cut } from "../words/text.js"
import { say } from "../words/words.js"

/** The words as they were typed, from which the prompt may be translated. */
export const wordsOf = ({ words, prompt }) => words || prompt

/** Such as "a fox, 2 of 4, starred". */
export function pictureName({ set, star, ...record }) {
  const words = [cut(wordsOf(record), 200)]
  if (set?.size > 1) words.push(say("{place} of {size}", { place: set.place, size: set.size }))
  if (star) words.push(say("starred"))
  return words.join(", ")
}
