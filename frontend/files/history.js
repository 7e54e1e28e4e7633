// The pictures that were made, kept in this browser. Knows no server and no DOM.
import { openDB } from "../vendor/idb.js"

/**
 * What the history knows of a picture, apart from the picture itself.
 * @typedef {Object} PictureRecord
 * @property {string} id  sorts by time; the history's own, as are star, width, height and type
 * @property {number} made  milliseconds since 1970; its place among the others
 * @property {string} prompt
 * @property {Object<string, string>} values  all settings, as the form had them
 * @property {string} title  the model's, for people
 * @property {string} seed
 * @property {string} price  US dollars
 * @property {number} seconds  that it took
 * @property {0 | 1} star
 * @property {number} [width]  pixels; absent where the browser cannot tell, as is height
 * @property {number} [height]
 * @property {string} type  such as image/jpeg
 */

const stores = ["files", "thumbs", "pictures"] // all by id
const longestSide = 320 // pixels of a thumbnail
const patience = 3000 // milliseconds for the database to open
const afterAll = "\uffff" // as an id

/** The one history of this browser. Never rejects, as none of its methods does: see `reason`. */
export async function openHistory() {
  const history = new History()
  await history.count()
  return history
}

/** What cannot be stored lasts as long as the page, and is asked for alike. */
class History {
  /** Why not every picture outlasts the page: "full" or "off" (forbidden, broken); "" if all do. */
  reason = ""
  /** Called with {kind: "added" | "starred" | "removed", id} for what another tab has done. */
  onchange = () => {}

  #unsaved = new Map() // by id: {record, file, thumb}
  #database // a promise of it
  #turn = Promise.resolve() // of the last that writes
  #channel = openChannel()
  #persistence // a promise, once it has been asked for

  constructor() {
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.onchange(data)
  }

  /**
   * Keep a picture. Several of one moment have no order; give them different `made`.
   * @param {Partial<PictureRecord>} record
   * @returns {Promise<PictureRecord>}
   */
  async add({ made = Date.now(), ...record }, blob) {
    // Else a full disk may cost all of it. Firefox asks the person, so this asks once.
    this.#persistence ??= navigator.storage?.persist?.().catch(() => {})
    const { thumb, ...size } = await shrink(blob)
    const whole = { star: 0, ...record, ...size, type: blob.type, made, id: newId(made) }
    await this.#inTurn(() => this.#keep({ record: whole, file: blob, thumb }))
    return whole
  }

  /**
   * Newest first.
   * @param {{before?: string, limit?: number, words?: string, starred?: boolean}} [wanted]
   *   older than the id `before`; with all the words in prompt or title
   * @returns {Promise<PictureRecord[]>}
   */
  async page({ before = afterAll, limit = 60, words = "", starred = false } = {}) {
    const wanted = matcher(words, starred)
    const unsaved = [...this.#unsaved.values()].map(({ record }) => record)
      .filter(record => record.id < before && wanted(record))
    const saved = await this.#read("pictures", store => newest(store, before, limit, wanted), [])
    // By id, as one may have been saved meanwhile.
    const both = new Map([...saved, ...unsaved].map(record => [record.id, record]))
    return [...both.values()].sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, limit)
  }

  /** Each {record, blob}, newest first, one at a time; what is removed meanwhile is left out. */
  async *all(wanted = {}) {
    let records = await this.page(wanted)
    while (records.length) {
      for (const record of records) {
        const blob = await this.file(record.id)
        if (blob) yield { record, blob }
      }
      records = await this.page({ ...wanted, before: records.at(-1).id })
    }
  }

  /** The picture as it came; undefined if it is gone. */
  async file(id) {
    return this.#unsaved.get(id)?.file ?? this.#read("files", store => store.get(id))
  }

  /** A small picture, else the whole one; undefined if it is gone. */
  async thumb(id) {
    return this.#unsaved.get(id)?.thumb ?? await this.#read("thumbs", store => store.get(id)) ?? this.file(id)
  }

  async count() {
    await this.#turn
    return this.#unsaved.size + await this.#read("pictures", store => store.count(), 0)
  }

  /** The record with its star, or without; undefined if it is gone. */
  star(id, on) {
    return this.#inTurn(async () => {
      const star = on ? 1 : 0
      const unsaved = this.#unsaved.get(id)
      if (unsaved) return Object.assign(unsaved.record, { star })
      const record = await this.#write((_files, _thumbs, pictures) => mark(pictures, id, star))
      if (record) this.#tell("starred", id)
      return record
    })
  }

  /**
   * Remove a picture at once.
   * @returns {Promise<() => Promise<void>>}  puts it back where it was
   */
  remove(id) {
    return this.#inTurn(async () => {
      const picture = this.#unsaved.get(id) ?? await this.#whole(id)
      if (!picture) return async () => {}
      this.#unsaved.delete(id)
      await this.#write((...all) => Promise.all(all.map(store => store.delete(id))))
      this.#tell("removed", id)
      await this.#save() // there may be room now
      return () => this.#inTurn(() => this.#keep(picture))
    })
  }

  #keep(picture) {
    this.#unsaved.set(picture.record.id, picture)
    return this.#save()
  }

  /** The last one first, until one does not fit. */
  async #save() {
    for (const picture of [...this.#unsaved.values()].reverse()) {
      if (!await this.#write((...all) => put(all, picture))) return
      this.#unsaved.delete(picture.record.id)
      this.#tell("added", picture.record.id)
      if (!this.#unsaved.size) this.reason = ""
    }
  }

  /** In memory, as the file behind a stored Blob may go when it is removed. */
  async #whole(id) {
    const found = stores.map(name => this.#read(name, store => store.get(id)))
    const [file, thumb, record] = await Promise.all(found)
    return record && { record, file: await copy(file), thumb: await copy(thumb) }
  }

  /** After all that was to be written before, so that no picture is written while it is removed. */
  #inTurn(work) {
    this.#turn = this.#turn.then(work)
    return this.#turn
  }

  #read(name, work, nothing) {
    return this.#ask("readonly", [name], work, nothing)
  }

  #write(work) {
    return this.#ask("readwrite", stores, work)
  }

  /** What comes of the work in one transaction; else `nothing`, and a `reason`. */
  async #ask(mode, names, work, nothing, again = true) {
    let database
    try {
      database = await (this.#database ??= this.#open())
      const answer = await transact(database.transaction(names, mode), names, work)
      if (!this.#unsaved.size) this.reason = ""
      return answer
    } catch (error) {
      const full = error.name === "QuotaExceededError"
      if (database && again && !full) { // closed by a phone that slept, or a person who cleaned up
        database.close()
        this.#database = undefined
        return this.#ask(mode, names, work, nothing, false)
      }
      this.reason = full ? "full" : "off"
      return nothing
    }
  }

  /** Throws or rejects where storage is off. */
  #open() {
    const opening = openDB("easel", 1, {
      upgrade: (database, _from, _to, { done }) => {
        done.catch(() => {}) // the opening says so too
        stores.forEach(name => database.createObjectStore(name))
      },
      blocking: (_from, _to, { target }) => target.close(), // another tab is newer, or deletes it
    })
    // If it opens too late, it is used from then on; until then nobody waits for it again.
    opening.then(() => { this.#database = opening }, () => { this.#database = undefined })
    const late = new Promise((_, reject) => setTimeout(reject, patience, new Error("It does not open.")))
    return Promise.race([opening, late])
  }

  #tell(kind, id) {
    this.#channel?.postMessage({ kind, id })
  }
}

function openChannel() {
  try {
    return new BroadcastChannel("easel-history")
  } catch {} // Firefox forbids it where it forbids storage
}

/** Sorts by time until 2286, when milliseconds get a digit more; two tabs never make the same. */
function newId(made) {
  return `${made}-${crypto.getRandomValues(new Uint32Array(1))}`
}

async function transact(transaction, names, work) {
  const doing = work(...names.map(name => transaction.objectStore(name)))
  const [answer] = await Promise.all([doing, transaction.done])
  return answer
}

/** The Blob first, as Safari's private windows refuse it, and would store the rest. */
async function put([files, thumbs, pictures], { record, file, thumb }) {
  const { id } = record
  await Promise.all([files.put(file, id), thumb && thumbs.put(thumb, id), pictures.put(record, id)])
  return true
}

async function mark(pictures, id, star) {
  const record = await pictures.get(id)
  if (record) await pictures.put(Object.assign(record, { star }), id)
  return record
}

async function copy(blob) {
  const bytes = await blob?.arrayBuffer().catch(() => {})
  return bytes ? new Blob([bytes], { type: blob.type }) : blob
}

/** By a cursor, which reads no further than it must, and lets the page go on meanwhile. */
async function newest(store, before, limit, wanted) {
  const found = []
  let cursor = await store.openCursor(IDBKeyRange.upperBound(before, true), "prev")
  while (cursor && found.length < limit) {
    if (wanted(cursor.value)) found.push(cursor.value)
    cursor = await cursor.continue()
  }
  return found
}

function matcher(words, starred) {
  const sought = plain(words).split(/\s+/)
  return ({ prompt = "", title = "", star }) => {
    const text = plain(`${prompt} ${title}`)
    return (star || !starred) && sought.every(word => text.includes(word))
  }
}

/** Alike for an accented letter typed as one or as two, and for wide letters. */
function plain(text) {
  return text.normalize("NFKC").toLowerCase()
}

/** Width, height and thumbnail; nothing if it cannot be drawn. */
async function shrink(blob) {
  try {
    const bitmap = await createImageBitmap(blob)
    const { width, height } = bitmap
    const scale = Math.min(1, longestSide / Math.max(width, height))
    const canvas = new OffscreenCanvas(Math.ceil(width * scale), Math.ceil(height * scale))
    const context = Object.assign(canvas.getContext("2d"), { imageSmoothingQuality: "high" })
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    bitmap.close()
    return { width, height, thumb: await encode(canvas) }
  } catch {
    return {}
  }
}

async function encode(canvas) {
  const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.8 })
  if (blob.type === "image/webp") return blob
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 }) // Safari writes no webp
}
