// Pictures under way, written down so that a later visit can fetch them. Knows no server and no DOM.
import { openDB } from "../vendor/idb.js"

const store = "pictures" // by key
const keptMilliseconds = 86_400_000 // the server keeps an answer for one day
const openMilliseconds = 3000 // to wait for the database

/** @typedef {{key: string, values: object, set?: object, origin?: object, sentAt: number, isCancelled?: boolean}} PendingPicture  milliseconds since 1970 */

/** An idempotency key that cannot be guessed. Pages on plain HTTP have no crypto.randomUUID. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(16).padStart(8, "0")).join("")
}

/** One page's view of all pictures under way; each belongs to one page, which holds a lock with its key. */
export class Pending {
  /** Whether what is under way here is written down: not where the browser forbids storage or has no locks. */
  isWritten = false

  #releases = new Map() // by key: functions that release the lock
  #database // a promise, once used

  /**
   * Do the work with the picture written down, and erase it once the work has succeeded or failed for good.
   * @param {PendingPicture} picture
   * @param {AbortSignal} signal  aborts if the picture is cancelled
   */
  async hold({ key, values, set, origin, sentAt, isCancelled = false }, signal, work) {
    const write = cancelled => this.#transact(database => database.put(store, { key, values, set, origin, sentAt, isCancelled: cancelled }, key))
    this.isWritten = await this.#claim(key) && await write(isCancelled || signal.aborted)
    const writeCancelled = () => write(true)
    signal.addEventListener("abort", writeCancelled)
    let isUnresolved = false
    try {
      return await work()
    } catch (error) {
      ({ isUnresolved } = error)
      throw error
    } finally {
      signal.removeEventListener("abort", writeCancelled) // or it would write an erased picture again
      if (!isUnresolved) await this.#erase(key)
      this.#release(key)
    }
  }

  /**
   * The pictures that no open page waits for, and that the server may still keep. From now on, this page waits for them.
   * @returns {Promise<PendingPicture[]>}
   */
  async takeOrphans() {
    const orphans = new Map() // by key, as a broken transaction is repeated
    await this.#transact(async database => {
      for (const key of await database.getAllKeys(store)) {
        if (!await this.#claim(key)) continue
        const picture = await database.get(store, key) // undefined if another page has just erased it
        if (isFetchable(picture, key)) orphans.set(key, picture)
        else await this.#erase(key)
      }
    })
    return [...orphans.values()]
  }

  /** Whether the picture belongs to this page. */
  async #claim(key) {
    if (this.#releases.has(key)) return true
    const release = await lock(`easel-${key}`).catch(() => {})
    if (release) this.#releases.set(key, release)
    return Boolean(release)
  }

  #release(key) {
    this.#releases.get(key)?.()
    this.#releases.delete(key)
  }

  async #erase(key) {
    await this.#transact(database => database.delete(store, key))
    this.#release(key)
  }

  /** Whether the work succeeded; tries again if the browser has closed the database, as phones do. */
  async #transact(work, retry = true) {
    try {
      const database = await (this.#database ??= open())
      try {
        await work(database)
        return true
      } catch {
        this.#database = undefined
        return retry && this.#transact(work, false)
      }
    } catch { // storage is off
      return false
    }
  }
}

/** Resolves to the function that releases the lock; to undefined if another page holds it. Rejects without locks. */
function lock(name) {
  return new Promise((resolve, reject) => {
    const hold = granted => (granted ? new Promise(resolve) : resolve())
    navigator.locks.request(name, { ifAvailable: true }, hold).catch(reject)
  })
}

/** Rejects if storage is off. */
function open() {
  const opening = openDB("easel-pending", 1, {
    upgrade: (database, _from, _to, { done }) => {
      done.catch(() => {}) // openDB rejects, too
      database.createObjectStore(store)
    },
    blocking: (_from, _to, { target }) => target.close(), // another tab deletes the database
  })
  const timeout = new Promise((_, reject) => setTimeout(reject, openMilliseconds))
  return Promise.race([opening, timeout])
}

function isFetchable(picture, key) {
  const { values, sentAt } = Object(picture)
  return picture?.key === key && typeof values?.prompt === "string" && Date.now() - sentAt < keptMilliseconds
}
