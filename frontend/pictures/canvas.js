// Pictures drawn again: as thumbnails, or as PNG. Knows no server and no history.

const thumbnailPixels = 400 // of the shorter side: sharp where a row is 200 px high, on screens with twice the pixels
let readsBack // a promise of whether what a canvas returns is what was drawn, once it is known

/** Width, height and thumbnail, without the thumbnail if canvases return noise; {} if the browser cannot decode the image. */
export async function measureAndShrink(blob) {
  try {
    const bitmap = await createImageBitmap(blob)
    const { width, height } = bitmap
    return { width, height, thumb: await canvasReadsBack() ? await shrink(bitmap) : undefined }
  } catch {
    return {}
  }
}

/** The picture as PNG. Rejects if the browser cannot decode it, or if canvases return noise. */
export async function toPng(blob) {
  const bitmap = await createImageBitmap(blob)
  if (!await canvasReadsBack()) throw new Error("Canvases return noise.")
  return draw(bitmap, bitmap.width, bitmap.height).convertToBlob({ type: "image/png" })
}

/**
 * Whether a canvas returns what was drawn on it. Browsers that resist fingerprinting (Tor Browser, LibreWolf) return noise,
 * without an error; others change a few lowest bits, which nobody sees.
 */
export function canvasReadsBack() {
  return readsBack ??= compareGreys().catch(() => false)
}

/** Draw 16 greys and compare them, through every function that this file relies on. */
async function compareGreys() {
  const greys = Array.from({ length: 16 }, (_, index) => 17 * index)
  const canvas = new OffscreenCanvas(16, 1)
  const context = canvas.getContext("2d")
  greys.forEach((grey, column) => {
    context.fillStyle = `rgb(${grey} ${grey} ${grey})`
    context.fillRect(column, 0, 1, 1)
  })
  const copy = draw(await createImageBitmap(await canvas.convertToBlob({ type: "image/png" })), 16, 1)
  const { data } = copy.getContext("2d").getImageData(0, 0, 16, 1)
  return data.every((value, index) => index % 4 === 3 || Math.abs(value - greys[index >> 2]) < 8)
}

async function shrink(bitmap) {
  const { width, height } = bitmap
  const scale = Math.min(1, thumbnailPixels / Math.min(width, height))
  const canvas = draw(bitmap, Math.round(width * scale), Math.round(height * scale))
  const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.8 })
  if (blob.type === "image/webp") return blob
  const context = Object.assign(canvas.getContext("2d"), { globalCompositeOperation: "destination-over", fillStyle: "#fff" })
  context.fillRect(0, 0, canvas.width, canvas.height) // or what is transparent would be black
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 }) // Safari cannot encode WebP
}

function draw(bitmap, width, height) {
  const canvas = new OffscreenCanvas(width, height)
  const context = Object.assign(canvas.getContext("2d"), { imageSmoothingQuality: "high" })
  context.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  return canvas
}
