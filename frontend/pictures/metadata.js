// A picture's settings, written into its file and read from it. Knows no server and no DOM.
import { clean } from "../words/text.js"
import { embed, extract } from "./formats.js"
import { describe, parse } from "./recipe.js"

/** The same picture with its settings in the file; undefined if they do not fit. */
export async function embedMetadata(blob, { values, ...record }) {
  if (record.upload) return blob // it was brought, and has none
  const bytes = new Uint8Array(await blob.arrayBuffer())
  const result = embed(bytes, describe({ ...values, ...record, prompt: values.prompt ?? record.prompt }))
  return result === bytes ? undefined : new Blob([result], { type: blob.type })
}

/** The settings in the file; null if it has none, is a folder or no longer exists. */
export async function readMetadata(file) {
  const bytes = await file.arrayBuffer().catch(() => new ArrayBuffer())
  const recipe = parse(await extract(new Uint8Array(bytes)))
  return recipe && Object.fromEntries(Object.entries(recipe).map(([name, value]) => [name, clean(value)]))
}
