// Files and text brought to the page: chosen, dropped or pasted. Knows no server.
import { clean } from "../words/text.js"

// Chromium inserts 100 lines in 0.1 s and 3,300 in 90 s.
const maxUndoableLines = 100

/**
 * @param {HTMLElement} button  opens the file picker
 * @param {HTMLInputElement} input
 * @param {HTMLElement} veil  shown while a file is dragged over the page
 * @param {(file: File) => void} onFile  called with the first file; drops and pastes without files keep their default
 */
export function addFileImport(button, input, veil, onFile) {
  button.onclick = () => input.click()

  input.onchange = () => {
    const [file] = input.files
    input.value = "" // so that the same file can be chosen again
    if (file) onFile(file)
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
    const [file] = event.dataTransfer.files
    if (!file) return
    event.preventDefault()
    onFile(file)
  })

  document.addEventListener("paste", event => {
    const [file] = event.clipboardData.files
    if (file) onFile(file)
    else cleanPaste(event)
  })
}

function cleanPaste(event) {
  const text = event.clipboardData.getData("text/plain").replaceAll("\r\n", "\n")
  if (clean(text) === text || !event.target.matches?.("textarea") || text.split("\n").length > maxUndoableLines) return
  event.preventDefault()
  document.execCommand("insertText", false, clean(text)) // unlike `value`, it can be undone
}
