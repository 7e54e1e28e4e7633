// Pictures and words on their way out of the page: to a folder, or the clipboard. Knows no server.
import { say } from "../words/words.js"

/** Give a picture a telling name and save it. */
export function save(blob, record) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: fileName(record) })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // milliseconds; a slow disk may still read
}

/** Save all pictures in one zip. */
export async function saveAll(pictures, finished) {
  const { downloadZip } = await import("../vendor/client-zip.js")
  const blob = await downloadZip(files(pictures, finished)).blob()
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "easel.zip" })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

async function* files(pictures, finished) {
  let number = 0
  for await (const { record, blob } of pictures) {
    const name = `${String(++number).padStart(4, "0")} ${fileName(record)}`
    yield { name, input: await finished(record, blob), lastModified: new Date(record.made) }
  }
}

/** "a fox in the snow 7.jpg": the prompt's beginning, as file systems take it, and the seed. */
function fileName({ prompt, seed, type }) {
  const words = prompt.replace(/[\p{C}\\/:*?"<>|.]+/gu, " ").replace(/\s+/g, " ").trim().slice(0, 60).trim()
  return `${words || "easel"} ${seed}.${type.replace("image/", "").replace("jpeg", "jpg")}`
}

/** Copy words; what to say of it. */
export async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text)
    return done
  } catch {
    return say("This browser does not let the page copy.")
  }
}

/** Copy a picture, as PNG because that is all that clipboards take; what to say of it. */
export async function copyPicture(blob) {
  try {
    const png = blob.type === "image/png" ? blob : await asPng(blob)
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })])
    return say("The picture is copied.")
  } catch {
    return say("This browser does not let the page copy.")
  }
}

async function asPng(blob) {
  const bitmap = await createImageBitmap(blob)
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  canvas.getContext("2d").drawImage(bitmap, 0, 0)
  return canvas.convertToBlob({ type: "image/png" })
}
