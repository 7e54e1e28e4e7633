// Pictures drawn again, small enough to be sent. Knows no server.
import { canvasReadsBack } from "../pictures/canvas.js"

// All parts of a form together: Lambda takes 4.71 MB (6,291,456 bytes as base64). The rest is for a mask and the words.
export const maxBytes = 4_000_000

const sendable = ["image/jpeg", "image/png", "image/webp"]

/** The picture as it is if it can be sent so, because each JPEG of a JPEG loses a little; else drawn again in that size. */
export async function fitPicture({ blob, width, height }, size, bytes = maxBytes) {
  const fits = size.width === width && size.height === height && blob.size <= bytes && sendable.includes(blob.type)
  return fits ? blob : encode(await decode(blob), size, bytes)
}

/** The picture's pixels, turned upright. Rejects if the browser cannot decode it. */
export const decode = blob => createImageBitmap(blob, { imageOrientation: "from-image" })

/** A JPEG of the size with at most `bytes`, on white if it was transparent. Nothing of the file but its pixels is in it. */
export async function encode(bitmap, { width, height }, bytes = maxBytes) {
  if (!await canvasReadsBack()) throw Object.assign(new Error("This browser hides what a page draws, so the picture cannot be prepared."), { code: "CanvasNoise" })
  const canvas = new OffscreenCanvas(width, height)
  const context = Object.assign(canvas.getContext("2d"), { imageSmoothingQuality: "high", fillStyle: "white" })
  context.fillRect(0, 0, width, height)
  context.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  let blob
  for (const quality of [0.92, 0.85, 0.75, 0.5]) {
    blob = await canvas.convertToBlob({ type: "image/jpeg", quality })
    if (blob.size <= bytes) break
  }
  canvas.width = 0 // frees its memory at once
  return blob
}
