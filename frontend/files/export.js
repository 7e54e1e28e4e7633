// Pictures and text leaving the page, as downloads or through the clipboard. Knows no server.
import { say } from "../words/words.js"

/** Download a picture under a descriptive name. */
export function savePicture(blob, record) {
  download(blob, fileName(record))
}

/** Download all pictures as one zip file. */
export async function saveAll(pictures, prepareFile) {
  const { downloadZip } = await import("../vendor/client-zip.js")
  download(await downloadZip(zipEntries(pictures, prepareFile)).blob(), "easel.zip")
}

/** Copy text; resolves to the sentence to show. */
export async function copyText(text, confirmation) {
  try {
    await navigator.clipboard.writeText(text)
    return confirmation
  } catch {
    return say("This browser does not allow the page to copy.")
  }
}

/** Copy a picture, as PNG because clipboards take nothing else; resolves to the sentence to show. */
export async function copyPicture(blob) {
  try {
    const png = blob.type === "image/png" ? blob : await toPng(blob)
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })])
    return say("Picture copied.")
  } catch {
    return say("This browser does not allow the page to copy.")
  }
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // milliseconds; a slow disk may still be reading
}

async function* zipEntries(pictures, prepareFile) {
  let number = 0
  for await (const { record, blob } of pictures) {
    const name = `${String(++number).padStart(4, "0")} ${fileName(record)}`
    yield { name, input: await prepareFile(record, blob), lastModified: new Date(record.made) }
  }
}

/** Such as "a fox in the snow 7.jpg": the start of the prompt, without characters that file systems reject, and the seed. */
function fileName({ prompt, seed, type }) {
  const words = prompt.replace(/[\p{C}\\/:*?"<>|.]+/gu, " ").replace(/\s+/g, " ").trim().slice(0, 60).trim()
  return `${words || "easel"} ${seed}.${type.replace("image/", "").replace("jpeg", "jpg")}`
}

async function toPng(blob) {
  const bitmap = await createImageBitmap(blob)
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  canvas.getContext("2d").drawImage(bitmap, 0, 0)
  return canvas.convertToBlob({ type: "image/png" })
}
