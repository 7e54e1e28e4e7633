// Text metadata in PNG, JPEG and WebP files. Knows no recipe, no DOM and no server.
//
// In the same place as AUTOMATIC1111's, so that other tools find it (its stable-diffusion-webui:
// save_image_with_geninfo and read_info_from_image in modules/images.py): in a PNG's text chunk
// "parameters", else in EXIF's UserComment as the Python package piexif writes it. The image data
// stays byte for byte the same.
import { applyEdits, ascii, concatenate, crc32, decodeText, decodeUtf8OrLatin1, inflate, insertion, latin1, uint32, viewOf } from "./bytes.js"

const keyword = "parameters"

// Far more than any recipe. A few kilobytes of compressed text can inflate to gigabytes.
const maxTextBytes = 1_000_000

const formats = [
  { signature: /^\x89PNG\r\n\x1a\n/, embed: embedPng, extract: extractPng },
  { signature: /^\xff\xd8\xff/, embed: embedJpeg, extract: extractJpeg },
  { signature: /^RIFF[^]{4}WEBP/, embed: embedWebp, extract: extractWebp },
]

/**
 * The same picture with the text in its file, replacing any earlier text. Returns `bytes` unchanged
 * for other or broken formats, and for a JPEG if the text has more than 32,737 UTF-16 units.
 * @param {Uint8Array} bytes
 * @param {string} text  half an emoji becomes U+FFFD
 * @returns {Uint8Array}
 */
export function embed(bytes, text) {
  return formatOf(bytes)?.embed(bytes, text.replace(/\p{Cs}/gu, "\ufffd")) ?? bytes
}

/**
 * The text in the picture's file; "" if it has none, or one far longer than any recipe. Never rejects.
 * @param {Uint8Array} bytes
 * @returns {Promise<string>}
 */
export async function extract(bytes) {
  try {
    return await formatOf(bytes)?.extract(bytes) ?? ""
  } catch { // an offset beyond the end, or broken compressed data
    return ""
  }
}

function formatOf(bytes) {
  return formats.find(({ signature }) => signature.test(latin1(bytes.subarray(0, 12))))
}

// PNG: chunks of length, name, body and CRC (w3.org/TR/png-3, section 5.3).

function embedPng(bytes, text) {
  const edits = []
  for (const chunk of pngChunks(bytes)) {
    // Right after the header, so that the text comes before IDAT.
    if (chunk.name === "IHDR" && chunk.start === 8) edits.push(insertion(chunk.end, textChunk(text)))
    if (isTextChunk(chunk)) edits.push(chunk)
  }
  return edits[0]?.replacement && applyEdits(bytes, edits) // undefined without a header
}

/**
 * A tEXt chunk for ASCII, as some readers know no other; else iTXt: keyword, uncompressed, no language, no translated
 * keyword, UTF-8. Never tEXt in Latin-1, which readers mistake for UTF-8.
 */
function textChunk(text) {
  const [name, zeros] = /^[\x01-\x7f]*$/.test(text) ? ["tEXt", 1] : ["iTXt", 5]
  const named = concatenate([ascii(name + keyword), new Uint8Array(zeros), new TextEncoder().encode(text)])
  return concatenate([uint32(named.length - 4), named, uint32(crc32(named))])
}

async function extractPng(bytes) {
  let last // the one Pillow reads, if there are several
  for (const chunk of pngChunks(bytes)) if (isTextChunk(chunk)) last = chunk
  if (!last || last.body.length > maxTextBytes) return ""
  const body = last.body.subarray(keyword.length + 1)
  if (last.name === "tEXt") return decodeUtf8OrLatin1(body)
  if (last.name === "zTXt") return decodeUtf8OrLatin1(await inflate(body.subarray(1), maxTextBytes))
  const language = body.indexOf(0, 2) + 1 // the end of the language tag; 0 if it has none, as below
  const translation = language && body.indexOf(0, language) + 1
  const text = body.subarray(translation || body.length)
  return decodeUtf8OrLatin1(body[0] ? await inflate(text, maxTextBytes) : text)
}

function* pngChunks(bytes) {
  const view = viewOf(bytes)
  for (let start = 8, end; start + 12 <= bytes.length; start = end) {
    end = start + 12 + view.getUint32(start)
    if (end > bytes.length) return
    yield { name: latin1(bytes.subarray(start + 4, start + 8)), body: bytes.subarray(start + 8, end - 4), start, end }
  }
}

function isTextChunk({ name, body }) {
  return ["tEXt", "zTXt", "iTXt"].includes(name) && latin1(body.subarray(0, keyword.length + 1)) === `${keyword}\0`
}

// JPEG: segments of marker, length and body up to the image data (ITU-T T.81, annex B.1.1).

function embedJpeg(bytes, text) {
  const body = concatenate([ascii("Exif\0\0"), exifComment(text)])
  if (body.length + 2 > 0xffff) return undefined // a segment's length is two bytes
  let position = 2 // before all other segments except JFIF's APP0, which must be first
  const old = []
  for (const segment of jpegSegments(bytes)) {
    if (segment.marker === 0xe0 && segment.start === position) position = segment.end
    if (isExif(segment)) old.push(segment)
  }
  const replacement = concatenate([Uint8Array.of(0xff, 0xe1), uint32(body.length + 2).subarray(2), body])
  return applyEdits(bytes, [insertion(position, replacement), ...old])
}

function extractJpeg(bytes) {
  for (const segment of jpegSegments(bytes)) {
    const text = isExif(segment) && readUserComment(segment.body.subarray(6))
    if (text) return text
  }
  return ""
}

function* jpegSegments(bytes) {
  const view = viewOf(bytes)
  for (let start = 2, end; start + 4 <= bytes.length; start = end) {
    let offset = start
    while (bytes[offset] === 0xff && bytes[offset + 1] === 0xff) offset++ // fill bytes
    const marker = bytes[offset + 1]
    // Image data starts, or this is not a segment.
    if (bytes[offset] !== 0xff || marker < 0xc0 || marker >= 0xd0 && marker <= 0xda || offset + 4 > bytes.length) return
    end = offset + 2 + view.getUint16(offset + 2)
    if (end < offset + 4 || end > bytes.length) return
    yield { marker, body: bytes.subarray(offset + 4, end), start, end }
  }
}

const isExif = ({ marker, body }) => marker === 0xe1 && latin1(body.subarray(0, 6)) === "Exif\0\0"

// WebP: RIFF chunks of name, length, body and padding (RFC 9649, section 2).

function embedWebp(bytes, text) {
  const edits = []
  let first, image
  for (const chunk of webpChunks(bytes)) {
    first ??= chunk
    if (chunk.name === "EXIF") edits.push(chunk)
    if (["VP8 ", "VP8L", "ALPH", "ANMF"].includes(chunk.name)) image = chunk
  }
  const header = image && extendedHeader(first)
  if (!header) return undefined
  edits.push(insertion(image.end, riffChunk("EXIF", exifComment(text))))
  edits.push({ start: 12, end: first.name === "VP8X" ? first.end : 12, replacement: riffChunk("VP8X", header) })
  const result = applyEdits(bytes, edits)
  viewOf(result).setUint32(4, endOfRiff(bytes) + result.length - bytes.length - 8, true)
  return result
}

/** The body of VP8X with the EXIF flag set: the file's own, or one made from the image's header. */
function extendedHeader({ name, body }) {
  if (name === "VP8X" && body.length === 10) return new Uint8Array(body).fill(body[0] | 0x08, 0, 1)
  const view = viewOf(body)
  if (name === "VP8L" && body.length >= 5 && body[0] === 0x2f) {
    const bits = view.getUint32(1, true)
    return vp8x(bits & 0x3fff, bits >> 14 & 0x3fff, bits >> 28 & 1)
  }
  if (name === "VP8 " && body.length >= 10 && latin1(body.subarray(3, 6)) === "\x9d\x01\x2a") {
    return vp8x((view.getUint16(6, true) & 0x3fff) - 1, (view.getUint16(8, true) & 0x3fff) - 1, 0)
  }
}

/** Width and height are one less than the picture's, 14 bits each. */
function vp8x(width, height, alpha) {
  return Uint8Array.of(alpha << 4 | 0x08, 0, 0, 0, width, width >> 8, 0, height, height >> 8, 0)
}

/** The body's length must be even, as both of ours are; an odd one would need padding. */
function riffChunk(name, body) {
  return concatenate([ascii(name), uint32(body.length).reverse(), body])
}

function extractWebp(bytes) {
  for (const { name, body } of webpChunks(bytes)) {
    if (name === "EXIF") return readUserComment(latin1(body.subarray(0, 6)) === "Exif\0\0" ? body.subarray(6) : body)
  }
  return ""
}

function* webpChunks(bytes) {
  const view = viewOf(bytes)
  const limit = endOfRiff(bytes)
  for (let start = 12, end; start + 8 <= limit; start = end) {
    const length = view.getUint32(start + 4, true)
    end = start + 8 + length + length % 2
    if (end > limit) return
    const body = bytes.subarray(start + 8, start + 8 + length)
    yield { name: latin1(bytes.subarray(start, start + 4)), body, start, end }
  }
}

const endOfRiff = bytes => Math.min(viewOf(bytes).getUint32(4, true) + 8, bytes.length)

// EXIF: a TIFF file whose first directory points to a second, which holds the comment (CIPA DC-008).

/** Big-endian EXIF with only the comment. */
function exifComment(text) {
  const result = new Uint8Array(52 + 2 * text.length)
  const view = viewOf(result)
  result.set(ascii("MM\0*\0\0\0\x08"))
  // A directory with one entry: number of entries, tag, type, count, value or offset, no next directory.
  result.set(ascii("\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1a"), 8)
  result.set(ascii("\0\x01\x92\x86\0\x07????\0\0\0\x2c"), 26)
  view.setUint32(32, result.length - 44)
  result.set(ascii("UNICODE\0"), 44)
  for (let offset = 0; offset < text.length; offset++) view.setUint16(52 + 2 * offset, text.charCodeAt(offset))
  return result
}

/** Throws RangeError if an offset is beyond the end of the file. */
function readUserComment(tiff) {
  const view = viewOf(tiff)
  const little = tiff[0] === 0x49 // "II" is little-endian, "MM" big-endian
  const find = (directory, tag) => {
    const count = view.getUint16(directory, little)
    for (let offset = directory + 2; offset < directory + 2 + 12 * count; offset += 12) {
      if (view.getUint16(offset, little) === tag) return offset
    }
  }
  const first = view.getUint32(4, little)
  const pointer = find(first, 0x8769) // some writers omit it
  const entry = pointer && find(view.getUint32(pointer + 8, little), 0x9286) || find(first, 0x9286)
  if (!entry) return ""
  const length = view.getUint32(entry + 4, little)
  const start = length > 4 ? view.getUint32(entry + 8, little) : entry + 8
  return start + length > tiff.length || length > maxTextBytes ? "" : decodeComment(tiff.subarray(start, start + length), little)
}

/** The first eight bytes name the encoding; without a known name it is UTF-8, as in AUTOMATIC1111's reader, or Latin-1. */
function decodeComment(bytes, little) {
  const code = latin1(bytes.subarray(0, 8))
  const body = bytes.subarray(8)
  if (code === "UNICODE\0") return decodeUtf16(body, little)
  return decodeUtf8OrLatin1(["ASCII\0\0\0", "\0\0\0\0\0\0\0\0"].includes(code) ? body : bytes)
}

/** Programs differ on the byte order, and some write UTF-8, so this picks the one in which the text looks like settings. */
function decodeUtf16(bytes, little) {
  const encodings = little ? ["utf-16le", "utf-16be", "utf-8"] : ["utf-16be", "utf-16le", "utf-8"]
  const texts = encodings.map(encoding => decodeText(encoding, bytes))
  return texts.find(text => text.includes(": ")) ?? texts[0]
}
