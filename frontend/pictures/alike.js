// Whether two pictures look the same. Knows no server and no history.

const side = 64 // pixels: small enough to even out what compression changes, large enough for a small thing
const tolerance = 16 // of 255

/** Whether they do; compressed again, a picture still does. Rejects if the browser cannot decode them. */
export async function areAlike(...blobs) {
  const [one, other] = await Promise.all(blobs.map(sample))
  return one.every((value, index) => Math.abs(value - other[index]) < tolerance)
}

async function sample(blob) {
  const bitmap = await createImageBitmap(blob, { resizeWidth: side, resizeHeight: side, resizeQuality: "high" })
  const context = new OffscreenCanvas(side, side).getContext("2d")
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return context.getImageData(0, 0, side, side).data
}
