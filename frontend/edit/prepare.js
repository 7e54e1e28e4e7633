// A file that somebody brings, as a picture that can be sent. Knows no server.
import { decode, encode } from "./encode.js"
import { fit, largest, sizeText } from "./sizes.js"
import { loadWords } from "../words/words.js"

const maxFileBytes = 100_000_000
const gifFrame = [0x21, 0xf9, 0x04] // a graphic control extension: one before each frame (GIF89a, section 23)

// What no browser, or not every browser, decodes; each by its first bytes.
const problems = [
  [/^$/, "EmptyFile", "This file is empty."],
  [/^....ftyp(hei|hev|mif1|msf1)/s, "HeicPhoto", "This is a HEIC photo, which this browser cannot open. Save it as JPEG."],
  [/^(\ufeff|ï»¿)?\s*(<\?xml|<!DOCTYPE svg|<!--|<svg)/i, "Drawing", "This is a drawing, such as SVG. Save it as PNG."],
  [/^%PDF-/, "Document", "This is a PDF. Save the page as JPEG or PNG."],
  [/^(\xff\xd8\xff|\x89PNG|RIFF....WEBP|GIF8|....ftypavi)/s, "BrokenPicture", "This picture is broken or incomplete."],
  [/^/, "NoPicture", "This file is not a picture that this browser can open."],
]

/**
 * The picture in the file: upright, with nothing of the file but its pixels (no place, no camera), and small enough.
 * @param {File} file
 * @returns {Promise<{blob: Blob, width: number, height: number, said: string}>}  `said` is "6000 × 4000 → 3840 × 2560", or "" if it was not shrunk
 * Throws an Error with `code` and a sentence.
 */
export async function prepare(file) {
  await loadWords("edit")
  if (file.size > maxFileBytes) throw failure("LargeFile", "This file is too large to be opened here.")
  const bytes = new Uint8Array(await file.slice(0, 1_000_000).arrayBuffer())
  const start = String.fromCharCode(...bytes.subarray(0, 512))
  if (isAnimated(start, bytes)) throw failure("MovingPicture", "This picture moves. Save one of its frames as PNG.")
  const bitmap = await decode(file).catch(() => {
    const [, code, sentence] = problems.find(([pattern]) => pattern.test(start))
    throw failure(code, sentence)
  })
  const { width, height } = bitmap
  const size = fit(width, height, largest)
  if (Math.min(size.width, size.height) < largest.minimum_side) {
    bitmap.close()
    throw failure("NarrowPicture", "This picture is too narrow: each side needs at least 64 pixels.")
  }
  const blob = await encode(bitmap, size)
  return { blob, ...size, said: size.width < width ? `${sizeText({ width, height })} → ${sizeText(size)}` : "" }
}

function isAnimated(start, bytes) {
  if (/^\x89PNG/.test(start)) return start.includes("acTL") // before the first IDAT (PNG, section 11.3.6)
  if (/^RIFF....WEBP/s.test(start)) return start.includes("ANIM") // the chunk after VP8X (RFC 9649, section 2.7)
  if (!/^GIF8/.test(start)) return false
  const frames = bytes.filter((_, index) => gifFrame.every((byte, offset) => bytes[index + offset] === byte))
  return frames.length > 1
}

const failure = (code, sentence) => Object.assign(new Error(sentence), { code })
