// Files and text brought to the page: chosen, dropped or pasted. Knows no server.
import { clean } from "../words/text.js"

// Chromium inserts 100 lines in 0.1 s and 3,300 in 90 s.
const maxUndoableLines = 100

/**
 * @param {HTMLElement} button  opens the file picker
 * @param {HTMLInputElement} input
 * @param {HTMLElement} veil  shown while a file is dragged over the page
 * @param {(files: File[]) => void} onFiles  drops and pastes without files keep their default
 */
export function addFileImport(button, input, veil, onFiles) {
  button.onclick = () => input.click()

  input.onchange = () => {
    const files = [...input.files]
    input.value = "" // so that the same file can be chosen again
    if (files.length) onFiles(files)
  }

  document.addEventListener("dragover", event => {
    if (!event.dataTransfer.types.includes("Files")) return
    event.preventDefault()
    veil.hidden = false
  })

  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) veil.hidden = true // it leaves the window
  })

  document.addEventListener("drop", event => {
    veil.hidden = true
    const files = [...event.dataTransfer.files]
    if (!files.length) return
    event.preventDefault()
    onFiles(files)
  })

  document.addEventListener("paste", event => {
    const files = [...event.clipboardData.files]
    const isText = event.target.matches?.("input, textarea") && event.clipboardData.getData("text/plain") // as of a table, which is a picture, too
    if (files.length && !isText) onFiles(files)
    else cleanPaste(event)
  })
}

function cleanPaste(event) {
  const text = event.clipboardData.getData("text/plain").replaceAll("\r\n", "\n")
  if (clean(text) === text || !event.target.matches?.("textarea") || text.split("\n").length > maxUndoableLines) return
  event.preventDefault()
  document.execCommand("insertText", false, clean(text)) // unlike `value`, it can be undone
}
