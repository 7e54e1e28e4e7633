// Files in one ZIP file, uncompressed, as pictures are compressed already. Knows no picture, no DOM and no server.
//
// The size and CRC of a file stand before it. Readers that stream, such as Java's ZipInputStream, refuse uncompressed
// files with these numbers behind them, as libraries that stream write them (PKWARE's APPNOTE.TXT, sections 4.3 to 4.5).

import { crc32, viewOf } from "./bytes.js"

const utf8Name = 0x0800 // a flag
const versions = { plain: 20, zip64: 45 } // needed to extract

/**
 * @param {AsyncIterable<{name: string, blob: Blob, date: Date}>} files  each under 4 GB
 * @returns {Promise<Blob>}
 */
export async function zip(files) {
  const parts = []
  const directory = []
  let offset = 0
  for await (const { name, blob, date } of files) {
    const bytes = new Uint8Array(await blob.arrayBuffer())
    const entry = { name: new TextEncoder().encode(name), date, size: blob.size, crc: crc32(bytes), offset }
    const header = pack([4, 0x04034b50], ...commonFields(entry, versions.plain, 0))
    parts.push(header, entry.name, new Blob([bytes])) // a Blob, which browsers can move to the disk
    directory.push(directoryEntry(entry), entry.name, offsetExtra(entry))
    offset += header.length + entry.name.length + blob.size
  }
  return new Blob([...parts, ...directory, ...end(directory, offset)], { type: "application/zip" })
}

/** The fields that a file's header and its directory entry share. */
function commonFields({ name, date, size, crc }, version, extraLength) {
  return [
    [2, version], [2, utf8Name], [2, 0], [2, dosTime(date)], [2, dosDate(date)],
    [4, crc], [4, size], [4, size], [2, name.length], [2, extraLength],
  ]
}

function directoryEntry(entry) {
  const extraLength = offsetExtra(entry).length
  const version = extraLength ? versions.zip64 : versions.plain
  return pack([4, 0x02014b50], [2, version], ...commonFields(entry, version, extraLength),
    [2, 0], [2, 0], [2, 0], [4, 0], [4, Math.min(entry.offset, 0xffffffff)])
}

/** The extra field of a file that starts beyond 4 GB; otherwise empty. */
function offsetExtra({ offset }) {
  return offset < 0xffffffff ? new Uint8Array() : pack([2, 1], [2, 8], [8, offset])
}

/** What follows the directory: its place, size and number of entries; twice if these are too large for the older format. */
function end(directory, offset) {
  const count = directory.length / 3
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const old = pack([4, 0x06054b50], [2, 0], [2, 0], [2, Math.min(count, 0xffff)], [2, Math.min(count, 0xffff)],
    [4, size], [4, Math.min(offset, 0xffffffff)], [2, 0])
  if (count < 0xffff && offset < 0xffffffff) return [old]
  return [
    pack([4, 0x06064b50], [8, 44], [2, versions.zip64], [2, versions.zip64], [4, 0], [4, 0],
      [8, count], [8, count], [8, size], [8, offset]),
    pack([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]), // where the part above starts
    old,
  ]
}

const dosTime = date => date.getHours() << 11 | date.getMinutes() << 5 | date.getSeconds() >> 1
const dosDate = date => date.getFullYear() - 1980 << 9 | date.getMonth() + 1 << 5 | date.getDate()

/** Little-endian numbers, each given as [bytes, number]. */
function pack(...fields) {
  const result = new Uint8Array(fields.reduce((sum, [bytes]) => sum + bytes, 0))
  const view = viewOf(result)
  let offset = 0
  for (const [bytes, number] of fields) {
    if (bytes === 2) view.setUint16(offset, number, true)
    if (bytes === 4) view.setUint32(offset, number, true)
    if (bytes === 8) view.setBigUint64(offset, BigInt(number), true)
    offset += bytes
  }
  return result
}
