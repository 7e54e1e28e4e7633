// What a picture is called, where it is not seen. Knows no DOM.
import { cut } from "../words/text.js"
import { say } from "../words/words.js"

/** Such as "a fox, 2 of 4, starred". */
export function pictureName({ prompt, set, star }) {
  const words = [cut(prompt, 200)]
  if (set?.size > 1) words.push(say("{place} of {size}", { place: set.place, size: set.size }))
  if (star) words.push(say("starred"))
  return words.join(", ")
}
