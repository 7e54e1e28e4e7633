// How a picture was made, written into its file and read from it. Knows no server and no page.
import { embed, extract } from "./formats.js"
import { describe, parse } from "./recipe.js"

/** The same picture, which says how it was made. */
export async function inscribe(blob, { values, ...record }) {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return new Blob([embed(bytes, describe({ ...values, ...record }))], { type: blob.type })
}

/** The settings that the file holds; null if there are none, or if it is a folder or has gone. */
export async function readInscription(file) {
  const bytes = await file.arrayBuffer().catch(() => new ArrayBuffer())
  return parse(await extract(new Uint8Array(bytes)))
}
