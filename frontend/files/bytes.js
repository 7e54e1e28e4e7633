// Bytes: read, written, put together. Knows no file format.

export const viewOf = ({ buffer, byteOffset, byteLength }) => new DataView(buffer, byteOffset, byteLength)
export const ascii = text => Uint8Array.from(text, letter => letter.charCodeAt(0))
export const uint32 = number => Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number) // big-endian
export const decodeText = (encoding, bytes) => new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)

/** Each byte as one character. TextDecoder's "latin1" is Windows-1252 instead. */
export function latin1(bytes) {
  return bytes.length <= 12 ? String.fromCharCode(...bytes) : decodeText("utf-16le", new Uint16Array(bytes))
}

/** UTF-8, or else Latin-1: text beyond ASCII that is valid UTF-8 is hardly ever anything else. */
export function decodeUtf8OrLatin1(bytes) {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes)
  } catch {
    return latin1(bytes)
  }
}

export function concatenate(parts) {
  const result = new Uint8Array(parts.reduce((size, { length }) => size + length, 0))
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

export const insertion = (offset, replacement) => ({ start: offset, end: offset, replacement })

/** The bytes with each range replaced, or removed if it has no replacement. */
export function applyEdits(bytes, edits) {
  const parts = []
  let from = 0
  edits.sort((one, other) => one.start - other.start || one.end - other.end) // insertions before removals
  for (const { start, end, replacement = [] } of edits) {
    parts.push(bytes.subarray(from, start), replacement)
    from = end
  }
  return concatenate([...parts, bytes.subarray(from)])
}

/** The result of zlib's compression undone; no bytes if there would be more than that many. */
export async function inflate(bytes, maxBytes) {
  const reader = slices(bytes).pipeThrough(new DecompressionStream("deflate")).getReader()
  const parts = []
  for (let size = 0; size <= maxBytes;) {
    const { done, value } = await reader.read()
    if (done) return concatenate(parts)
    parts.push(value)
    size += value.length
  }
  await reader.cancel()
  return Uint8Array.of()
}

/** The bytes in small slices on demand: the browser inflates each one as a whole, to up to 1032 times its size. */
function slices(bytes) {
  let offset = 0
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(offset, offset += 4096))
    },
  }, { highWaterMark: 0 })
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte >>> 1 ^ (byte & 1 && 0xedb88320)
  return byte
})

/** The CRC of PNG and ZIP (w3.org/TR/png-3, annex D). */
export function crc32(bytes) {
  let rest = -1
  for (const byte of bytes) rest = rest >>> 8 ^ crcTable[(rest ^ byte) & 0xff]
  return ~rest >>> 0
}
