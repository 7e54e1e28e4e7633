// What happened, in one sentence, for the ear and the eye. Knows no server.

const patience = 10_000 // milliseconds that a notice stays, unless somebody is at it

/**
 * @param {HTMLElement} toast  with a sentence and a button
 * @returns {{tell: (sentence: string) => void, show: (sentence: string, undo?: () => void) => void}}
 *   `tell` for what is seen anyway; `show` for what else nobody would see, with a way back if there is one
 */
export function addNotices(toast) {
  const button = toast.querySelector("button")
  let timer

  const stay = () => clearTimeout(timer)
  const leave = () => { toast.hidden = true }
  const leaveSoon = () => {
    stay()
    if (!toast.matches(":hover, :focus-within")) timer = setTimeout(leave, patience)
  }

  toast.onmouseenter = stay
  toast.onmouseleave = leaveSoon
  toast.addEventListener("focusin", stay)
  toast.addEventListener("focusout", () => setTimeout(leaveSoon)) // once the focus is where it goes

  /** A modal dialog silences and covers all that is outside. */
  const open = () => document.querySelector("dialog[open]:has([role=status])")

  function tell(sentence) {
    const place = open() ?? document.body
    place.querySelector(":scope > [role=status]").textContent = sentence
  }

  function show(sentence, undo) {
    tell(sentence)
    const place = open() ?? document.querySelector("main")
    place.append(toast)
    toast.querySelector("p").textContent = sentence
    toast.hidden = false
    button.hidden = !undo
    button.onclick = () => {
      leave()
      undo()
    }
    leaveSoon()
  }

  document.addEventListener("keydown", event => {
    const { key, ctrlKey, metaKey, target } = event
    const undoes = key === "z" && (ctrlKey || metaKey) && !target.matches("input, textarea")
    if (!undoes || toast.hidden || button.hidden) return
    event.preventDefault() // else the browser undoes what was typed last, too
    button.click()
  })

  return { tell, show }
}
