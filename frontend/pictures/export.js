// Pictures and text leaving the page, as downloads or through the clipboard. Knows no server.
import { cut } from "../words/text.js"
import { say } from "../words/words.js"
import { canvasReadsBack, toPng } from "./canvas.js"

/** Download a picture under a descriptive name. */
export function savePicture(blob, record) {
  download(blob, fileName(record))
}

/** Download all pictures as one zip file, with the `zip` of zip.js; resolves to its size in bytes. */
export async function saveAll(zip, pictures, prepareFile) {
  const file = await zip(zipEntries(pictures, prepareFile))
  download(file, "easel.zip")
  return file.size
}

/** The picture as a file with a descriptive name. */
export function createFile(blob, record) {
  return new File([blob], fileName(record), { type: blob.type })
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

/**
 * Copy a picture, as PNG because clipboards take nothing else; resolves to the sentence to show. Calls the clipboard
 * before anything is awaited, as Safari allows it only within the click.
 */
export async function copyPicture(blob) {
  const isPng = blob.type === "image/png"
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": isPng ? blob : toPng(blob) })])
    return say("Picture copied.")
  } catch {
    return isPng || await canvasReadsBack()
      ? say("This browser does not allow the page to copy.")
      : say("This browser changes pictures that the page copies. Download it instead.")
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
    yield { name, blob: await prepareFile(record, blob), date: new Date(record.made) }
  }
}

/** Such as "a fox in the snow 7.jpg": the start of the prompt, without characters that file systems reject, and the seed. */
function fileName({ prompt, seed = "", type = "image/jpeg" }) {
  const words = cut(prompt.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\\/:*?"<>|.]+/gu, " ").replace(/\s+/g, " ").trim(), 60).trim()
  return `${words || "easel"} ${seed}.${type.replace("image/", "").replace("jpeg", "jpg")}`
}
