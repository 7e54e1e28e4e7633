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
 * @returns {{announce: (sentence: string) => void, toast: (sentence: string, undo?: () => void) => () => void, offer: Function, undoAfter: (work: Promise) => Promise}}
 *   `announce` is for screen readers, where the page already shows the change;
 *   `toast` also shows the sentence, with an Undo button if there is an `undo`, and returns a
 *   function that withdraws this notice and its undo; until then, Ctrl+Z and ⌘Z take back the latest one
 */
export function addNotices(box) {
  const [button, otherButton] = box.querySelectorAll("button")
  const failure = box.querySelector("p").textContent
  const undos = [] // of this visit, the latest last
  let work // a promise, while what can be undone is under way
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

  /** A notice without Undo is out of date once something else is announced, unless the page is broken. */
  function announce(sentence) {
    if (button.hidden && box.querySelector("p").textContent !== failure) hide()
    const parent = openDialog() ?? document.body
    parent.querySelector(":scope > [role=status]").textContent = sentence
  }

  function toast(sentence, undo) {
    announce(sentence)
    place()
    box.querySelector("p").textContent = sentence
    box.hidden = false
    button.hidden = !undo
    otherButton.hidden = true
    if (undo) undos.push(undo)
    startTimer()
    const number = ++toastNumber
    return () => {
      if (number === toastNumber) hide()
      if (undos.includes(undo)) undos.splice(undos.indexOf(undo), 1)
    }
  }

  /** Add a button to the notice that is shown, to do something else instead. */
  function offer(label, run) {
    Object.assign(otherButton, { hidden: false, textContent: label })
    otherButton.onclick = () => {
      undoLatest()
      run()
    }
  }

  /** Behind the pictures or the field that have the focus, so that Undo is one Tab away; it lies over the page all the same. */
  function place() {
    const dialog = openDialog()
    const before = dialog ? null : document.activeElement.closest("main :is(.days, header, footer, fieldset, .field, .submit, .tools, .new-pictures)")
    before?.checkVisibility() ? before.after(box) : (dialog ?? document.querySelector("main")).append(box)
  }

  function undoLatest() {
    hide()
    undos.pop()()
  }

  button.onclick = undoLatest

  showFailure = () => {
    toast(failure)
    stopTimer()
  }

  /** Let Ctrl+Z wait for this work, then undo it. */
  function undoAfter(promise) {
    work = promise
    return promise.finally(() => work === promise && (work = undefined))
  }

  document.addEventListener("keydown", async event => {
    if (!isUndo(event) || !(undos.length || work)) return
    event.preventDefault() // otherwise the browser also undoes the last typing
    await work
    if (undos.length) undoLatest()
  })

  return { announce, toast, offer, undoAfter }
}

/** Whether it is Ctrl+Z or ⌘Z, with Caps Lock too, outside a text, where the browser undoes the typing. */
function isUndo({ key, code, ctrlKey, metaKey, shiftKey, altKey, target }) {
  const isLatin = /^[a-z]$/i.test(key) // other layouts, such as Cyrillic, have the Z of the US layout
  const isZ = isLatin ? key.toLowerCase() === "z" : code === "KeyZ"
  return isZ && (ctrlKey || metaKey) && !shiftKey && !altKey && !target.closest?.("input:not([type=radio], [type=checkbox]), textarea")
}
