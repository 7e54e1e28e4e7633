// A picture's settings, written into its file and read from it. Knows no server and no DOM.
import { embed, extract } from "./formats.js"
import { describe, parse } from "./recipe.js"

/** The same picture with its settings in the file. */
export async function embedMetadata(blob, { values, ...record }) {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return new Blob([embed(bytes, describe({ ...values, ...record }))], { type: blob.type })
}

/** The settings in the file; null if it has none, is a folder or no longer exists. */
export async function readMetadata(file) {
  const bytes = await file.arrayBuffer().catch(() => new ArrayBuffer())
  return parse(await extract(new Uint8Array(bytes)))
}
