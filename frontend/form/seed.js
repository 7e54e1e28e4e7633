// A chosen seed, which repeats a picture: said beside the button. Knows no server and no history.
import { say } from "../words/words.js"

const known = new Set() // fingerprints of pictures that exist already

/** Remember that there is a picture with these values, its seed among them. */
export function rememberPicture(values) {
  known.add(fingerprint(values))
}

/** Whether generating with these values makes a picture that there is already. */
export const isKnownPicture = values => known.has(fingerprint(values))

/** Show the seeds that the next click uses, in a chip; hide it if they are new ones. */
export function renderSeed(chip, batch) {
  const [first, last] = [batch[0], batch.at(-1)].map(({ seed }) => Number(seed) || 0)
  chip.hidden = !first
  chip.textContent = first === last ? say("Seed {first}, as before", { first }) : say("Seeds {first} to {last}, as before", { first, last })
}

function fingerprint(values) {
  return JSON.stringify(Object.entries(values).filter(([, value]) => value !== "").sort())
}
