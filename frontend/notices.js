// One-sentence notices, announced to screen readers and shown on the page. Knows no server.

const toastMilliseconds = 10_000 // unless it is hovered or focused
let showFailure = showFirstFailure

// This module loads before the others, so it can say that one of them has failed or is missing.
window.addEventListener("unhandledrejection", () => showFailure())
window.addEventListener("error", ({ target }) => {
  if (target === window || target.matches("script")) showFailure() // no image, which its own module looks after
}, { capture: true })

/** Show the sentence of index.html, as the page is not drawn yet. */
function showFirstFailure() {
  const box = document.querySelector("#toast")
  box.hidden = false
  document.querySelector("#status").textContent = box.querySelector("p").textContent
}

/**
 * @param {HTMLElement} box  with a button and the sentence for an unexpected failure
 * @returns {{announce: (sentence: string) => void, toast: (sentence: string, undo?: () => void) => () => void}}
 *   `announce` is for screen readers, where the page already shows the change;
 *   `toast` also shows the sentence, with an Undo button if there is an `undo`, and returns a
 *   function that hides this notice, and no later one
 */
export function addNotices(box) {
  const button = box.querySelector("button")
  const failure = box.querySelector("p").textContent
  let timer
  let toastNumber = 0

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

  /** A notice without Undo is out of date once something else is announced. */
  function announce(sentence) {
    if (button.hidden) hide()
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
    const number = ++toastNumber
    return () => { if (number === toastNumber) hide() }
  }

  showFailure = () => {
    toast(failure)
    stopTimer()
  }

  document.addEventListener("keydown", event => {
    if (!isUndo(event) || box.hidden || button.hidden) return
    event.preventDefault() // otherwise the browser also undoes the last typing
    button.click()
  })

  return { announce, toast }
}

/** Whether it is Ctrl+Z or ⌘Z, with Caps Lock too, outside a text, where the browser undoes the typing. */
function isUndo({ key, code, ctrlKey, metaKey, shiftKey, altKey, target }) {
  const isLatin = /^[a-z]$/i.test(key) // other layouts, such as Cyrillic, have the Z of the US layout
  const isZ = isLatin ? key.toLowerCase() === "z" : code === "KeyZ"
  return isZ && (ctrlKey || metaKey) && !shiftKey && !altKey && !target.closest?.("input:not([type=radio], [type=checkbox]), textarea")
}
