// Strokes drawn: over the picture, and as the mask that is sent. Knows no page.

export const maxMaskSide = 1024 // pixels; a mask of any size is resized (AWS's page), and a larger one only weighs more

/** Draw the marks, in pixels of the picture; the context's transform brings them to their place. */
export function drawMarks(context, marks, { width, height }) {
  for (const mark of marks) drawMark(context, mark, { width, height })
}

function drawMark(context, { size, points, cell, erase, clear }, { width, height }) {
  context.globalCompositeOperation = erase || clear ? "destination-out" : "source-over"
  if (clear) context.fillRect(0, 0, width, height)
  if (cell !== undefined) context.fillRect((cell % 3) * width / 3, Math.floor(cell / 3) * height / 3, width / 3, height / 3)
  if (points) drawLine(context, size, points)
  context.globalCompositeOperation = "source-over"
}

/** Draw lines with round ends; a single point is a dot, as a canvas draws no line without a length. */
function drawLine(context, size, [x, y, ...rest]) {
  Object.assign(context, { lineWidth: size, lineCap: "round", lineJoin: "round" })
  context.beginPath()
  if (!rest.length) {
    context.arc(x, y, size / 2, 0, 2 * Math.PI)
    return context.fill()
  }
  context.moveTo(x, y)
  for (let index = 0; index < rest.length; index += 2) context.lineTo(rest[index], rest[index + 1])
  context.stroke()
}

/** Draw only the last line of a stroke that grows. */
export function drawEnd(context, { size, points, erase }, picture) {
  drawMark(context, { size, points: points.slice(-4), erase }, picture)
}

/** The size of the mask: the picture's ratio, never wider, as a picture of 2.5:1 is the widest that is taken. */
export function maskSize({ width, height }, longest = maxMaskSide) {
  const scale = Math.min(1, longest / Math.max(width, height))
  return { width: Math.ceil(width * scale), height: Math.ceil(height * scale) }
}

/** The painted share of the picture, from 0 to 1. */
export function paintedShare(marks, picture, longest = 256) {
  const { data } = rasterise(marks, picture, longest)
  let white = 0
  for (let index = 0; index < data.length; index += 4) white += data[index] === 255
  return 4 * white / data.length
}

/** The mask as PNG: white is edited, black stays, and nothing is between them. */
export async function createMask(marks, picture) {
  const image = rasterise(marks, picture, maxMaskSide)
  const canvas = new OffscreenCanvas(image.width, image.height)
  canvas.getContext("2d").putImageData(image, 0, 0)
  const blob = await canvas.convertToBlob({ type: "image/png" })
  canvas.width = 0 // frees its memory at once
  return blob
}

function rasterise(marks, picture, longest) {
  const { width, height } = maskSize(picture, longest)
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.scale(width / picture.width, height / picture.height)
  drawMarks(context, marks, picture)
  const image = context.getImageData(0, 0, width, height)
  canvas.width = 0
  for (let index = 0; index < image.data.length; index += 4) {
    image.data.fill(image.data[index + 3] < 128 ? 0 : 255, index, index + 3)
    image.data[index + 3] = 255
  }
  return image
}
