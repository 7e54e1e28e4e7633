// The painting tools: brush, eraser, undo, redo, clear, size and zoom. Knows no server.
import { maxMaskSide, paintedShare } from "./mask.js"
import { createPad, sizes } from "./pointer.js"
import { createElement } from "../wall/dom.js"
import { say } from "../words/words.js"

const speakMilliseconds = 400 // after the last key, as a held arrow key would never be heard out

/**
 * @param {object} stage  of stage.js
 * @param {object} strokes  of strokes.js
 * @param {(sentence: string) => void} announce
 * @param {() => void} onStrokes  called after each change
 */
export function createPainting(stage, picture, strokes, announce, onStrokes) {
  const brush = { size: 48, erase: false }
  let timer
  const speak = sentence => {
    clearTimeout(timer)
    timer = setTimeout(() => announce(sentence), speakMilliseconds)
  }
  const pad = createPad(stage, picture, strokes, brush, { change: () => change(), brush: render, speak, undo, redo })
  const paint = createButton(say("Paint"), () => setErase(false))
  const erase = createButton(say("Rub out"), () => setErase(true))
  const back = createButton("↶", undo, say("Undo"))
  const again = createButton("↷", redo, say("Redo"))
  const clear = createButton("✕", () => {
    strokes.add({ clear: true })
    change()
  }, say("Clear"))
  const size = createElement("input", { type: "range", min: sizes.least, max: sizes.most, value: brush.size, "aria-label": say("Brush size") })
  const near = createButton("+", () => stage.zoom(1.5), say("Zoom in"))
  const far = createButton("−", () => stage.zoom(1 / 1.5), say("Zoom out"))
  const keys = createElement("p", { className: "visually-hidden", id: "room-keys", textContent: say(
    "Arrow keys move, Space paints, Delete rubs out, Shift and Space draw a line. B and E choose brush and eraser, [ and ] the size, + and - zoom.") })
  size.oninput = () => { brush.size = Number(size.value) }

  function setErase(value) {
    brush.erase = value
    render()
  }

  function undo() {
    strokes.undo()
    change(say("Undone."))
  }

  function redo() {
    strokes.redo()
    change(say("Redone."))
  }

  /** Show and say what is painted now, after a mark or a step back. */
  function change(done = "") {
    stage.draw()
    render()
    onStrokes()
    speak(`${done} ${shareText(strokes, picture)}`.trim())
  }

  function render() {
    paint.setAttribute("aria-pressed", !brush.erase)
    erase.setAttribute("aria-pressed", brush.erase)
    size.value = brush.size
    // Not `disabled`, which would take the focus away from a button that is pressed again and again.
    for (const [button, works] of [[back, strokes.canUndo], [again, strokes.canRedo], [clear, strokes.canUndo]]) button.setAttribute("aria-disabled", !works)
  }

  render()
  return {
    pad, change,
    /** Whether anything is painted, in the pixels of the mask. */
    isPainted: () => paintedShare(strokes.list, picture, maxMaskSide) > 0,
    bar: createElement("div", { className: "room-bar", role: "group", "aria-label": say("Painting tools") },
      keys, paint, erase, back, again, clear, size, far, near),
    /** Leave the eraser, or nothing; whether there was something to leave. */
    leaveEraser() {
      if (!brush.erase) return false
      setErase(false)
      return true
    },
    stop: () => clearTimeout(timer),
  }
}

/** How much is painted, in words. */
export function shareText(strokes, picture) {
  const share = paintedShare(strokes.list, picture)
  if (share > 0.995) return say("All of the picture is painted.")
  return say("{share}% painted.", { share: share && share < 0.01 ? "<1" : Math.round(100 * share) })
}

function createButton(text, onclick, label) {
  return createElement("button", { type: "button", className: "secondary", textContent: text, onclick, ...(label ? { title: label, "aria-label": label } : {}) })
}
