// The history: pictures kept in this browser's IndexedDB. Knows no server and no DOM.
import { openDB } from "../vendor/idb.js"
import { measureAndShrink } from "./canvas.js"

const stores = ["files", "thumbs", "pictures"] // keyed by id
const openMilliseconds = 3000 // to wait for the database
const lastId = "\uffff" // sorts after every id

/** Open the history. Neither this nor any method rejects; see `reason`. */
export async function openHistory() {
  const history = new History()
  await history.count()
  return history
}

/** Pictures that cannot be stored stay in memory until the page is closed, behind the same methods. */
class History {
  /** Why some pictures are only in memory: storage is "full" or "off" (forbidden, broken); "" if none are. */
  reason = ""
  /** Whether records were skipped because they are not as this page writes them. */
  unreadable = false
  /** Called with {kind: "added" | "starred" | "removed", id} after a change in another tab. */
  onchange = () => {}

  #unsaved = new Map() // by id: {record, file, thumb}
  #database // a promise
  #lastWrite = Promise.resolve()
  #channel = openChannel()
  #persistence // a promise, once requested
  #storesBlobs = true // Safari's private windows do not

  constructor() {
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.onchange(data)
  }

  /**
   * Add a picture. Pictures with the same `made` have no defined order.
   * @param {Partial<PictureRecord>} record
   * @returns {Promise<PictureRecord>}
   */
  async add({ made = Date.now(), ...record }, blob) {
    // Without persistence, the browser may evict everything when the disk is full. Firefox asks the user, so request it once.
    this.#persistence ??= navigator.storage?.persist?.().catch(() => {})
    const { thumb, ...size } = await measureAndShrink(blob)
    const fullRecord = { prompt: "", title: "", seed: "", values: {}, star: 0, ...record, ...size, type: blob.type, made, id: newId(made) }
    await this.#enqueue(() => this.#add({ record: fullRecord, file: blob, thumb }))
    return fullRecord
  }

  /**
   * The records that match, newest first.
   * @param {{before?: string, limit?: number, words?: string, starred?: boolean, parent?: string}} [filter]
   *   `before` is an id: only older records; all `words` must be in the prompt, its own words or the title; `parent` is an id, too
   * @returns {Promise<PictureRecord[]>}
   */
  async page({ before = lastId, limit = 60, words = "", starred = false, parent = "" } = {}) {
    const matches = createMatcher(words, starred, parent)
    const unsaved = [...this.#unsaved.values()].map(({ record }) => record)
      .filter(record => record.id < before && matches(record))
    const saved = await this.#read("pictures", store => this.#readNewest(store, [parent, before], limit, matches), [])
    // Keyed by id, as a picture may be saved between the two reads.
    const both = new Map([...saved, ...unsaved].map(record => [record.id, record]))
    return [...both.values()].sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, limit)
  }

  /** The records of the newest picture's set, in their places; its own record alone if it has none. */
  async newestSet() {
    const [newest, ...others] = await this.page({ limit: 12 }) // more than a set, as another tab's may lie between
    if (!newest) return []
    const same = others.filter(({ set }) => set && set.id === newest.set?.id)
    return [newest, ...same].sort((one, other) => one.set?.place - other.set?.place)
  }

  /** The record; undefined if it was removed. */
  async record(id) {
    const record = this.#unsaved.get(id)?.record ?? await this.#read("pictures", store => store.get(id))
    return isRecord(id, record) ? record : undefined
  }

  /** The picture that it was made from, {record, blob}; undefined if there is none or it was removed. */
  async before({ parents: [id] = [] } = {}) {
    const [record, blob] = id ? await Promise.all([this.record(id), this.file(id)]) : []
    return record && blob && { record, blob }
  }

  /** The original image; undefined if it was removed. */
  async file(id) {
    return this.#unsaved.get(id)?.file ?? toBlob(await this.#read("files", store => store.get(id)))
  }

  /** The thumbnail, or the image if there is none; undefined if it was removed. */
  async thumb(id) {
    return this.#unsaved.get(id)?.thumb ?? toBlob(await this.#read("thumbs", store => store.get(id))) ?? this.file(id)
  }

  /** How many pictures there are, or match the filter. */
  async count({ words = "", starred = false } = {}) {
    await this.#lastWrite
    if (words || starred) return (await this.page({ words, starred, limit: Infinity })).length
    return this.#unsaved.size + await this.#read("pictures", store => store.count(), 0)
  }

  /** Star or unstar a picture; resolves to its record, or undefined if it was removed. */
  star(id, on) {
    return this.#enqueue(async () => {
      const star = on ? 1 : 0
      const unsaved = this.#unsaved.get(id)
      if (unsaved) return Object.assign(unsaved.record, { star })
      const record = await this.#write((_files, _thumbs, pictures) => writeStar(pictures, id, star))
      if (record) this.#broadcast("starred", id)
      return record
    })
  }

  /**
   * Remove pictures.
   * @returns {Promise<() => Promise<void>>}  puts them back in their places
   */
  remove(...ids) {
    return this.#enqueue(async () => {
      const pictures = await Promise.all(ids.map(async id => this.#unsaved.get(id) ?? this.#load(id)))
      for (const id of ids) this.#unsaved.delete(id)
      await this.#write((...allStores) => Promise.all(allStores.flatMap(store => ids.map(id => store.delete(id)))))
      for (const id of ids) this.#broadcast("removed", id)
      await this.#saveUnsaved() // there may be room now
      return () => this.#enqueue(() => this.#add(...pictures.filter(Boolean)))
    })
  }

  #add(...pictures) {
    for (const picture of pictures) this.#unsaved.set(picture.record.id, picture)
    return this.#saveUnsaved()
  }

  /** Newest first, until one does not fit. */
  async #saveUnsaved() {
    for (const picture of [...this.#unsaved.values()].reverse()) {
      if (!await this.#save(picture)) return
      this.#unsaved.delete(picture.record.id)
      this.#broadcast("added", picture.record.id)
      if (!this.#unsaved.size) this.reason = ""
    }
  }

  /** As Blobs, which browsers keep on the disk until they are used, or else as bytes. */
  async #save(picture) {
    const write = stored => this.#write((...allStores) => writePicture(allStores, stored))
    if (this.#storesBlobs) {
      if (await write(picture)) return true
      if (this.reason === "full") return false
    }
    const [file, thumb] = await Promise.all([picture.file, picture.thumb].map(toBytes))
    const saved = await write({ ...picture, file, thumb })
    if (saved) this.#storesBlobs = false
    return saved
  }

  /** Uses a cursor, which reads no more than needed and does not block the page. */
  async #readNewest(store, [parent, before], limit, matches) {
    const records = []
    let cursor = await store.openCursor(IDBKeyRange.bound(parent, before, true, true), "prev") // children are newer
    while (cursor && records.length < limit) {
      const { key, value } = cursor
      if (!isRecord(key, value)) this.unreadable = true
      else if (matches(value)) records.push(value)
      cursor = await cursor.continue()
    }
    return records
  }

  /** Load all of a picture into memory, as a stored Blob may become unreadable once it is removed. */
  async #load(id) {
    const [file, thumb, record] = await Promise.all(stores.map(name => this.#read(name, store => store.get(id))))
    return record && { record, file: await copyBlob(toBlob(file)), thumb: await copyBlob(toBlob(thumb)) }
  }

  /** Run the work after all earlier writes, so that no picture is written while it is being removed. */
  #enqueue(work) {
    this.#lastWrite = this.#lastWrite.then(work)
    return this.#lastWrite
  }

  #read(name, work, fallback) {
    return this.#transact("readonly", [name], work, fallback)
  }

  #write(work) {
    return this.#transact("readwrite", stores, work)
  }

  /** The result of the work in one transaction. On failure sets `reason` and resolves to the fallback. */
  async #transact(mode, names, work, fallback, retry = true) {
    let database
    try {
      database = await (this.#database ??= this.#open())
      const result = await runTransaction(database.transaction(names, mode), names, work)
      if (!this.#unsaved.size) this.reason = ""
      return result
    } catch (error) {
      const full = error.name === "QuotaExceededError"
      if (database && retry && !full) { // closed while a phone slept, or because site data was cleared
        database.close()
        this.#database = undefined
        return this.#transact(mode, names, work, fallback, false)
      }
      this.reason = full ? "full" : "off"
      return fallback
    }
  }

  /** Throws or rejects if storage is off. */
  #open() {
    const opening = openDB("easel", 1, {
      upgrade: (database, _from, _to, { done }) => {
        done.catch(() => {}) // openDB rejects, too
        stores.forEach(name => database.createObjectStore(name))
      },
      blocking: (_from, _to, { target }) => target.close(), // another tab upgrades or deletes the database
    })
    // A database that opens too late is used from then on; until then, calls fail at once.
    opening.then(() => { this.#database = opening }, () => { this.#database = undefined })
    const timeout = new Promise((_, reject) => setTimeout(reject, openMilliseconds, new Error("It does not open.")))
    return Promise.race([opening, timeout])
  }

  #broadcast(kind, id) {
    this.#channel?.postMessage({ kind, id })
  }
}

function openChannel() {
  try {
    return new BroadcastChannel("easel-history")
  } catch {} // Firefox forbids it together with storage
}

/** Sorts by time until 2286, when milliseconds get another digit; random, so that two tabs do not collide. */
function newId(made) {
  return `${made}-${crypto.getRandomValues(new Uint32Array(1))}`
}

async function runTransaction(transaction, names, work) {
  const working = work(...names.map(name => transaction.objectStore(name)))
  const [result] = await Promise.all([working, transaction.done])
  return result
}

async function writePicture([files, thumbs, pictures], { record, file, thumb }) {
  const { id } = record
  await Promise.all([files.put(file, id), thumb && thumbs.put(thumb, id), pictures.put(record, id)])
  return true
}

async function writeStar(pictures, id, star) {
  const record = await pictures.get(id)
  if (record) await pictures.put(Object.assign(record, { star }), id)
  return record
}

async function copyBlob(blob) {
  const bytes = await blob?.arrayBuffer().catch(() => {})
  return bytes ? new Blob([bytes], { type: blob.type }) : blob
}

/** The Blob that was stored, as itself or as bytes; undefined if there is none. */
function toBlob(stored) {
  if (stored instanceof Blob) return stored
  return stored?.bytes instanceof ArrayBuffer ? new Blob([stored.bytes], { type: String(stored.type) }) : undefined
}

const toBytes = async blob => blob && { bytes: await blob.arrayBuffer(), type: blob.type }

const noSet = { id: "", place: 1, size: 1 }

/** Whether the page can show it; another version or a fault may have written anything. */
function isRecord(key, record) {
  const { id, made, values, prompt, words = "", title = "", seed = "", price = "", type = "", star = 0, width = 0, height = 0, seconds = 0, set = noSet, tool = "", parents = [] } = Object(record)
  return id === key && Object(values) === values && [made, star, width, height, seconds, set?.place, set?.size].every(Number.isFinite)
    && Array.isArray(parents) && [id, prompt, words, title, seed, price, type, tool, set.id, ...parents, ...Object.values(values)].every(text => typeof text === "string")
}

function createMatcher(words, starred, parent) {
  const terms = normalize(words).split(/\s+/)
  return ({ prompt = "", words: original = "", title = "", star, parents = [] }) => {
    const text = normalize(`${prompt} ${original} ${title}`)
    return (star || !starred) && (!parent || parents.includes(parent)) && terms.every(term => text.includes(term))
  }
}

/** The same for composed and decomposed accents, for full-width letters and for either case. */
function normalize(text) {
  return text.normalize("NFKC").toLowerCase()
}
