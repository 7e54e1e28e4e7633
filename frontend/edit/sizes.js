// Sizes in pixels: what a model takes, and what it makes. Knows no DOM.

/** What every model takes (AWS, "Stability AI Image Services"): 9,437,184 pixels, 64 a side. */
export const largest = { minimum_side: 64, maximum_pixels: 9_437_184 }

/**
 * The largest size in the same ratio within an image parameter of `GET /models`. Nothing is enlarged.
 * @returns {{width: number, height: number}}  whole pixels
 */
export function fit(width, height, { maximum_side: side = Infinity, maximum_pixels: pixels = Infinity, widest = Infinity }) {
  const scale = Math.min(1, side / Math.max(width, height), Math.sqrt(pixels / (width * height)))
  if (scale === 1) return { width, height }
  const size = { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) }
  // Rounding may make 2.5:1 a little wider than 2.5:1, which is refused.
  return { width: Math.min(size.width, Math.floor(size.height * widest)), height: Math.min(size.height, Math.floor(size.width * widest)) }
}

/** Whether an image parameter refuses the size, however it is shrunk: "small", "wide" or undefined. */
export function findRefusal(width, height, { minimum_side: side = 1, widest = Infinity, ...limits }) {
  if (Math.max(width, height) > Math.min(width, height) * widest) return "wide"
  const sent = fit(width, height, { ...limits, widest })
  if (Math.min(sent.width, sent.height) < side) return "small"
}

/** The pixels that an upscaler makes of a picture as it is sent. */
export function enlarged({ width, height }, way) {
  // Fast Upscale: four times each side (AWS's page). The others: about 9.4 megapixels, as measured by bedrock-image-mcp-server 0.5.
  const scale = way === "fast" ? 4 : Math.sqrt(9_437_184 / (width * height))
  return { width: Math.round(width * scale), height: Math.round(height * scale) }
}

/**
 * How a picture grows to another ratio. Where the result would be too large, the picture is shrunk first.
 * @param {number} ratio  width to height
 * @param {number} place  where the picture stands in the new one, from 0 (top left) to 8
 * @param {number} most  pixels that one side may grow by
 * @returns {{width: number, height: number, left: number, right: number, up: number, down: number}}  the picture as it is sent, and what each side grows by
 */
export function extend({ width, height }, ratio, place, most) {
  const across = Math.max(0, height * ratio - width)
  const down = Math.max(0, width / ratio - height)
  const part = [place % 3, Math.floor(place / 3)].map(third => third / 2)
  const longest = Math.max(1, ...[across, down].map((pixels, axis) => pixels * Math.max(part[axis], 1 - part[axis])))
  const scale = Math.min(1, most / longest, Math.sqrt(largest.maximum_pixels / ((width + across) * (height + down))))
  const [wider, higher] = [across, down].map(pixels => Math.floor(pixels * scale))
  const [left, up] = [wider, higher].map((pixels, axis) => Math.floor(pixels * part[axis]))
  return { width: Math.floor(width * scale), height: Math.floor(height * scale), left, right: wider - left, up, down: higher - up }
}

/** The sizes in words: "6000 × 4000". */
export const sizeText = ({ width, height }) => `${width} × ${height}`
