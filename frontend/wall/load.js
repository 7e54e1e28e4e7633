// Parts of the page that load when they are first used. Knows no part.
import { say } from "../words/words.js"

/**
 * A function that loads a part and resolves to it, once and then always; to undefined, after a notice, while it cannot
 * be loaded. The next call tries again.
 * @param {() => Promise} load
 * @param {(sentence: string) => void} toast
 */
export function loadLater(load, toast) {
  let loading
  return async () => {
    try {
      // Browsers from before 2026 never fetch a module again that failed once (whatwg/html, issue 6768): none is tried offline.
      return await (loading ??= navigator.onLine ? load() : Promise.reject(new Error("offline")))
    } catch {
      loading = undefined
      toast(say("This part of the page could not be loaded. Check your connection, then try again."))
    }
  }
}

/** Apply a style sheet; rejects if it cannot be loaded. */
export function loadStyle(href) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href })
  return new Promise((resolve, reject) => {
    link.onload = resolve
    link.onerror = () => {
      link.remove()
      reject(new Error(href))
    }
    document.head.append(link)
  })
}
