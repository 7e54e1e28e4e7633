// Files that are brought to the page: chosen, dropped or pasted. Knows no server.

/**
 * @param {HTMLElement} button  that asks for a file
 * @param {HTMLInputElement} input
 * @param {(file: File) => void} take  one of them; what else is dropped or pasted is the browser's business
 */
export function addIntake(button, input, take) {
  button.onclick = () => input.click()

  input.onchange = () => {
    const [file] = input.files
    input.value = "" // so that the same file can be chosen again
    if (file) take(file)
  }

  document.addEventListener("dragover", event => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault()
  })

  document.addEventListener("drop", event => {
    const [file] = event.dataTransfer.files
    if (!file) return
    event.preventDefault()
    take(file)
  })

  document.addEventListener("paste", ({ clipboardData }) => {
    const [file] = clipboardData.files
    if (file) take(file)
  })
}
