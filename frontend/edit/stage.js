// The stage: the picture, what is painted on it, and where it grows. Knows no tool and no server.
import { drawEnd, drawMarks } from "./mask.js"
import { fitView, moveView, zoomView } from "./view.js"
import { createElement } from "../wall/dom.js"

const stripe = 8 // pixels of the screen
const maxDensity = 2 // canvas pixels for one of the screen

/**
 * @param {HTMLImageElement} image
 * @param {{width: number, height: number}} picture
 * @param {object} strokes  of strokes.js
 * @returns the stage: `element` holds the picture; `draw()` after each change of the strokes
 */
export function createStage(image, picture, strokes) {
  const canvas = createElement("canvas", { className: "room-canvas", "aria-hidden": "true" })
  const element = createElement("div", { className: "room-stage" }, image, canvas)
  const context = canvas.getContext("2d")
  const layer = document.createElement("canvas") // the strokes alone, opaque
  const layerContext = layer.getContext("2d")
  let stripes = createStripes(context)
  let size = { width: 0, height: 0 }
  let frame // what the picture grows by, while it is extended
  let isPainting = false
  let view = { zoom: 1, x: 0, y: 0 }
  let whole = view

  const observer = new ResizeObserver(resize)
  observer.observe(element)

  function resize() {
    const { clientWidth: width, clientHeight: height } = element
    if (!width || !height) return
    size = { width, height }
    for (const each of [canvas, layer]) Object.assign(each, { width: width * density(), height: height * density() })
    stripes = createStripes(context)
    fit()
  }

  const density = () => Math.min(devicePixelRatio, maxDensity)

  function fit() {
    const { left = 0, right = 0, up = 0, down = 0 } = frame ?? {}
    whole = fitView(size, { left, up, width: picture.width + left + right, height: picture.height + up + down }, size.width < 600 ? 8 : 24)
    show(whole)
  }

  function show(next) {
    view = next
    const { zoom, x, y } = view
    for (const [name, value] of Object.entries({ x, y, width: picture.width * zoom, height: picture.height * zoom })) {
      image.style.setProperty(`--${name}`, `${value}px`)
    }
    image.classList.toggle("pixelated", zoom >= 4)
    draw()
  }

  function draw() {
    layerContext.setTransform(1, 0, 0, 1, 0, 0)
    layerContext.clearRect(0, 0, layer.width, layer.height)
    place(layerContext)
    if (isPainting) drawMarks(layerContext, strokes.list, picture)
    if (frame) drawFrame()
    compose()
  }

  /** Bring pixels of the picture to their place. */
  function place(target) {
    const scale = density() * view.zoom
    target.setTransform(scale, 0, 0, scale, density() * view.x, density() * view.y)
  }

  function drawFrame() {
    const { left, right, up, down } = frame
    layerContext.beginPath()
    layerContext.rect(-left, -up, picture.width + left + right, picture.height + up + down)
    layerContext.rect(0, 0, picture.width, picture.height)
    layerContext.fill("evenodd")
  }

  /** The strokes in stripes of two colors, so that they are seen on any picture and in forced colors. */
  function compose() {
    const scale = density() * view.zoom
    context.globalCompositeOperation = "source-over"
    context.clearRect(0, 0, canvas.width, canvas.height)
    context.save()
    context.beginPath()
    if (isPainting) context.rect(density() * view.x, density() * view.y, scale * picture.width, scale * picture.height)
    else context.rect(0, 0, canvas.width, canvas.height)
    context.clip()
    context.drawImage(layer, 0, 0)
    context.globalCompositeOperation = "source-in"
    context.fillStyle = stripes
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.restore()
  }

  return {
    element, draw,
    get view() {
      return view
    },
    get isZoomed() {
      return view.zoom > whole.zoom
    },
    /** Draw the end of the last stroke, as it grows. */
    drawEnd() {
      drawEnd(layerContext, strokes.list.at(-1), picture)
      compose()
    },
    zoom(factor, point = { x: size.width / 2, y: size.height / 2 }) {
      const next = zoomView(view, factor, point, whole)
      show(next === whole ? whole : moveView(next, 0, 0, size, picture))
    },
    move: (across, down) => view !== whole && show(moveView(view, across, down, size, picture)),
    fit,
    /** Show the strokes, or where the picture grows: pixels on each side. */
    mode({ painting = false, margins }) {
      isPainting = painting
      frame = margins
      fit()
    },
    remove() {
      observer.disconnect()
      for (const each of [canvas, layer]) Object.assign(each, { width: 0, height: 0 }) // frees their memory at once
    },
  }
}

/** Diagonal stripes of ultramarine and white, through which the picture is seen. */
function createStripes(context) {
  const side = 2 * stripe
  const tile = new OffscreenCanvas(side, side)
  const image = new ImageData(side, side)
  for (let pixel = 0; pixel < side * side; pixel++) {
    const isDark = (pixel % side + Math.floor(pixel / side)) % side < stripe
    image.data.set(isDark ? [36, 56, 166, 178] : [255, 255, 255, 153], 4 * pixel)
  }
  tile.getContext("2d").putImageData(image, 0, 0)
  return context.createPattern(tile, "repeat")
}
