// Pictures saved as files, with their settings inside, or shared. Knows no server.
import { createFile, saveAll, savePicture } from "../pictures/export.js"
import { loadLater } from "./load.js"
import { say } from "../words/words.js"

const megabytes = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 })

/**
 * @param {Object} callbacks
 * @param {(id: string) => Promise<?Blob>} callbacks.loadFile
 * @param {() => Promise<?object>} callbacks.loadMetadata  the module metadata.js; undefined, after a notice, if it does not load
 * @param {() => boolean} callbacks.embedsSettings  whether files are to hold their settings
 * @param {(sentence: string) => void} callbacks.announce
 * @param {(sentence: string) => void} callbacks.toast
 */
export function createDownloads({ loadFile, loadMetadata, embedsSettings, announce, toast }) {
  const loadZip = loadLater(() => import("../pictures/zip.js"), toast)

  /** The file with its settings; the picture itself where they are not wanted; undefined where they do not fit. */
  async function prepare(metadata, record, blob) {
    return embedsSettings() ? metadata.embedMetadata(blob, record) : blob
  }

  return {
    async save(record, blob) {
      const metadata = await loadMetadata()
      if (!metadata) return
      const file = await prepare(metadata, record, blob)
      savePicture(file ?? blob, record)
      if (!file) toast(say("The settings do not fit in this file, so it has none. A PNG holds more."))
    },
    /** Save the pictures as one ZIP file; meanwhile, the button tells how far it is. */
    async saveAll(records, button) {
      if (button.getAttribute("aria-disabled") === "true") return
      const [zipper, metadata] = await Promise.all([loadZip(), loadMetadata()])
      if (!zipper || !metadata) return
      const label = button.textContent
      let [number, without] = [0, 0]
      button.setAttribute("aria-disabled", "true")
      announce(say("Packing {number} pictures…", { number: records.length }))
      try {
        const bytes = await saveAll(zipper.zip, files(records, loadFile), async (record, blob) => {
          button.textContent = say("Packing {number} of {all}…", { number: ++number, all: records.length })
          return await prepare(metadata, record, blob) ?? (without++, blob)
        })
        const size = megabytes.format(bytes / 1e6)
        const saved = number === 1 ? say("One picture saved, {size}.", { size }) : say("{number} pictures saved, {size}.", { number, size })
        toast(without ? `${saved} ${say("Some files have no settings, as these do not fit. A PNG holds more.")}` : saved)
      } finally {
        button.removeAttribute("aria-disabled")
        button.textContent = label
      }
    },
    /** Whether this browser can hand the picture to another program. */
    canShare: (record, blob) => navigator.canShare?.({ files: [createFile(blob, record)] }) ?? false,
    async share(record, blob) {
      const metadata = await loadMetadata()
      if (!metadata) return
      const file = await prepare(metadata, record, blob) ?? blob
      await navigator.share({ files: [createFile(file, record)] }).catch(({ name }) => {
        if (name !== "AbortError") toast(say("This browser did not share the picture. Download it instead."))
      })
    },
  }
}

async function* files(records, loadFile) {
  for (const record of records) {
    const blob = await loadFile(record.id)
    if (blob) yield { record, blob }
  }
}
