// Painting by mouse, pen, fingers and keys. Knows no tool and no server.
import { stroke } from "./strokes.js"
import { toPicture } from "./view.js"
import { createElement } from "../wall/dom.js"
import { say } from "../words/words.js"

const secondFingerMilliseconds = 150 // within which the first was not meant to paint
const sizes = { least: 8, most: 160 } // of the brush, in pixels of the screen
const columns = 10 // in which a position is spoken

/**
 * The area that takes pointers and keys, above the stage.
 * @param {object} stage  of stage.js
 * @param {{width: number, height: number}} picture
 * @param {object} strokes  of strokes.js
 * @param {object} brush  `size` in pixels of the screen, `erase`
 * @param {object} on  `change()` after each mark, `brush()` after a key changed the brush, `speak(sentence)`, `undo()`, `redo()`
 */
export function createPad(stage, picture, strokes, brush, on) {
  const ring = createElement("div", { className: "room-ring", "aria-hidden": "true", hidden: true })
  const pad = createElement("div", {
    className: "room-pad", role: "application", tabIndex: 0, "aria-label": say("Painting area"), "aria-describedby": "room-keys",
  }, ring)
  const pointers = new Map() // where each finger is
  let mode // "paint", "move", "pinch" or, until all fingers are lifted, "rest"
  let began
  let hasPen = false // a hand that holds a pen rests on the screen
  let isSpaceHeld = false
  let cross // the point of the picture for the keys, once they are used

  pad.onpointerdown = event => {
    if (event.button > 1) return
    hasPen ||= event.pointerType === "pen"
    cross = undefined
    pad.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, pointOf(event))
    if (pointers.size > 1) return pinch(event)
    const onlyMoves = event.button === 1 || isSpaceHeld || (hasPen && event.pointerType === "touch")
    mode = onlyMoves ? "move" : "paint"
    if (mode === "paint") begin(pointOf(event), event)
  }

  function begin(point, { shiftKey, timeStamp }) {
    const [x, y] = toPicture(stage.view, point)
    const from = shiftKey && strokes.end
    began = timeStamp
    strokes.add(stroke(...(from || [x, y]), brush.size / stage.view.zoom, brush.erase))
    if (from) strokes.extend(x, y)
    stage.draw()
  }

  /** A second finger: both move the picture, and what the first began by chance is forgotten. */
  function pinch({ timeStamp }) {
    if (mode === "paint" && timeStamp - began <= secondFingerMilliseconds) strokes.drop()
    else if (mode === "paint") on.change()
    mode = pointers.size === 2 ? "pinch" : "rest"
    stage.draw()
  }

  pad.onpointermove = event => {
    showRing(pointOf(event), event.pointerType !== "touch")
    const before = pointers.get(event.pointerId)
    if (!before) return
    const point = pointOf(event)
    if (mode === "paint") grow(event)
    if (mode === "move") stage.move(point.x - before.x, point.y - before.y)
    if (mode === "pinch") moveFinger(event.pointerId, before, point)
    pointers.set(event.pointerId, point)
  }

  function grow(event) {
    const { list } = strokes
    const length = list.at(-1).points.length
    const events = event.getCoalescedEvents?.() ?? []
    for (const each of events.length ? events : [event]) strokes.extend(...toPicture(stage.view, pointOf(each)))
    if (list.at(-1).points.length - length === 2) stage.drawEnd()
    else stage.draw()
  }

  function moveFinger(id, before, point) {
    const [other] = [...pointers].find(([each]) => each !== id).slice(1)
    const distance = ({ x, y }) => Math.hypot(x - other.x, y - other.y)
    stage.move((point.x - before.x) / 2, (point.y - before.y) / 2)
    stage.zoom(distance(point) / Math.max(1, distance(before)), { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 })
  }

  pad.onpointerup = pad.onpointercancel = pad.onlostpointercapture = ({ pointerId }) => {
    if (!pointers.delete(pointerId)) return
    if (mode === "paint") on.change()
    mode = pointers.size ? "rest" : undefined
  }
  pad.onpointerleave = () => { ring.hidden = !cross }
  pad.oncontextmenu = event => event.preventDefault() // a long press paints

  pad.addEventListener("wheel", event => {
    event.preventDefault()
    stage.zoom(Math.exp(-event.deltaY / 500), pointOf(event))
  }, { passive: false })

  function pointOf({ clientX, clientY }) {
    const { left, top } = pad.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }

  function showRing({ x, y }, isShown) {
    ring.hidden = !isShown
    ring.classList.toggle("cross", Boolean(cross))
    for (const [name, value] of Object.entries({ x, y, size: brush.size })) ring.style.setProperty(`--${name}`, `${value}px`)
  }

  pad.onkeydown = event => {
    const { key, ctrlKey, metaKey, altKey } = event
    const name = key.length === 1 ? key.toLowerCase() : key
    const action = ctrlKey || metaKey ? commands[name] : keys[name]
    if (altKey || !action || mode === "paint") return
    event.preventDefault()
    action(event)
  }
  pad.onkeyup = ({ key }) => { if (key === " ") isSpaceHeld = false }
  pad.onblur = () => {
    isSpaceHeld = false
    if (cross) ring.hidden = true
  }

  const commands = { z: ({ shiftKey }) => (shiftKey ? on.redo() : on.undo()), y: () => on.redo() }
  const keys = {
    ArrowLeft: event => step(-1, 0, event), ArrowRight: event => step(1, 0, event),
    ArrowUp: event => step(0, -1, event), ArrowDown: event => step(0, 1, event),
    " ": event => (ring.hidden || cross ? mark(event, brush.erase) : (isSpaceHeld = true)),
    Delete: event => mark(event, true), Backspace: event => mark(event, true),
    b: () => change({ erase: false }), e: () => change({ erase: true }), x: () => change({ erase: !brush.erase }),
    "[": () => change({ size: brush.size / 1.25 }), "]": () => change({ size: brush.size * 1.25 }),
    "+": () => stage.zoom(1.5), "=": () => stage.zoom(1.5), "-": () => stage.zoom(1 / 1.5), 0: () => stage.fit(),
  }

  function change(values) {
    Object.assign(brush, values)
    brush.size = Math.round(Math.min(Math.max(brush.size, sizes.least), sizes.most))
    ring.style.setProperty("--size", `${brush.size}px`)
    on.brush()
  }

  /** Move the point by the brush's width, or with Shift by an eighth of it. */
  function step(across, down, { shiftKey }) {
    const [x, y] = cross ?? [picture.width / 2, picture.height / 2]
    const length = cross ? brush.size / stage.view.zoom / (shiftKey ? 8 : 1) : 0
    cross = [Math.min(Math.max(x + across * length, 0), picture.width), Math.min(Math.max(y + down * length, 0), picture.height)]
    showCross()
    on.speak(position())
  }

  function showCross() {
    const { zoom, x, y } = stage.view
    const point = { x: cross[0] * zoom + x, y: cross[1] * zoom + y }
    showRing(point, true)
    const { clientWidth: width, clientHeight: height } = pad
    const beyond = (place, length) => Math.min(0, length - 24 - place) + Math.max(0, 24 - place)
    const [across, down] = [beyond(point.x, width), beyond(point.y, height)]
    if (!across && !down) return
    stage.move(across, down) // zoomed in, the picture follows the point
    showRing({ x: cross[0] * stage.view.zoom + stage.view.x, y: cross[1] * stage.view.zoom + stage.view.y }, true)
  }

  function position() {
    const rows = Math.max(1, Math.round(columns * picture.height / picture.width))
    const part = (place, length, parts) => Math.min(parts, Math.floor(parts * place / length) + 1)
    return say("Column {column} of {columns}, row {row} of {rows}.", {
      column: part(cross[0], picture.width, columns), columns, row: part(cross[1], picture.height, rows), rows,
    })
  }

  /** Paint or rub out a dot at the point, with Shift a line from the last one. */
  function mark({ shiftKey, repeat }, erase) {
    if (repeat) return
    cross ??= [picture.width / 2, picture.height / 2]
    const from = shiftKey && strokes.end
    strokes.add(stroke(...(from || cross), brush.size / stage.view.zoom, erase))
    if (from) strokes.extend(...cross)
    stage.draw()
    showCross()
    on.change()
  }

  return pad
}

export { sizes }
