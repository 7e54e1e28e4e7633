// One-sentence notices, announced to screen readers and shown on the page. Knows no server.

const toastMilliseconds = 10_000 // unless it is hovered or focused

/**
 * @param {HTMLElement} box  with a sentence and a button
 * @returns {{announce: (sentence: string) => void, toast: (sentence: string, undo?: () => void) => void}}
 *   `announce` is for screen readers, where the page already shows the change;
 *   `toast` also shows the sentence, with an Undo button if there is an `undo`
 */
export function addNotices(box) {
  const button = box.querySelector("button")
  let timer

  const hide = () => { box.hidden = true }
  const stopTimer = () => clearTimeout(timer)
  const startTimer = () => {
    stopTimer()
    if (!box.matches(":hover, :focus-within")) timer = setTimeout(hide, toastMilliseconds)
  }

  box.onmouseenter = stopTimer
  box.onmouseleave = startTimer
  box.addEventListener("focusin", stopTimer)
  box.addEventListener("focusout", () => setTimeout(startTimer)) // after the focus has moved

  /** A modal dialog silences and covers everything outside it. */
  const openDialog = () => document.querySelector("dialog[open]:has([role=status])")

  function announce(sentence) {
    const parent = openDialog() ?? document.body
    parent.querySelector(":scope > [role=status]").textContent = sentence
  }

  function toast(sentence, undo) {
    announce(sentence)
    const parent = openDialog() ?? document.querySelector("main")
    parent.append(box)
    box.querySelector("p").textContent = sentence
    box.hidden = false
    button.hidden = !undo
    button.onclick = () => {
      hide()
      undo()
    }
    startTimer()
  }

  document.addEventListener("keydown", event => {
    const { key, ctrlKey, metaKey, target } = event
    const isUndo = key === "z" && (ctrlKey || metaKey) && !target.matches("input, textarea")
    if (!isUndo || box.hidden || button.hidden) return
    event.preventDefault() // otherwise the browser also undoes the last typing
    button.click()
  })

  return { announce, toast }
}
