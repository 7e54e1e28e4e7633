// Looking closely: zoom toward the pointer, drag to pan, swipe to step. Knows no picture's settings.

const swipePixels = 60
const dragPixels = 4 // a press that moves less is a click

/**
 * @param {HTMLElement} stage  scrolls
 * @param {HTMLButtonElement} button  around the image, pressed while it is zoomed
 * @param {HTMLElement} scale  shows how many screen pixels one of the picture's has, as 100 %
 * @param {(direction: -1 | 1) => void} onSwipe
 */
export function addZoom(stage, button, scale, onSwipe) {
  const image = button.firstElementChild
  let press // where the pointer went down, and the scroll position then
  let isDragged = false

  const isZoomed = () => button.getAttribute("aria-pressed") === "true"

  /** To every pixel; or, where that is hardly larger, to twice as many. */
  function zoomIn({ clientX, clientY }) {
    const box = image.getBoundingClientRect()
    const factor = image.naturalWidth > 1.25 * box.width ? 1 : 2
    const isKey = !clientX && !clientY
    const across = isKey ? 0.5 : (clientX - box.left) / box.width
    const down = isKey ? 0.5 : (clientY - box.top) / box.height
    image.style.setProperty("--zoomed", `${factor * image.naturalWidth}px`)
    button.setAttribute("aria-pressed", "true")
    Object.assign(scale, { hidden: false, textContent: `${factor * 100} %` })
    const { width, height } = image.getBoundingClientRect()
    const frame = stage.getBoundingClientRect()
    stage.scrollLeft += image.getBoundingClientRect().left + across * width - (isKey ? frame.left + frame.width / 2 : clientX)
    stage.scrollTop += image.getBoundingClientRect().top + down * height - (isKey ? frame.top + frame.height / 2 : clientY)
  }

  function zoomOut() {
    button.setAttribute("aria-pressed", "false")
    scale.hidden = true
  }

  button.onclick = event => {
    if (isDragged) return
    isZoomed() ? zoomOut() : zoomIn(event)
  }
  stage.onpointerdown = event => {
    isDragged = false
    press = event.isPrimary && { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop }
  }
  stage.onpointermove = ({ clientX, clientY, pointerType, buttons }) => {
    if (!press || !buttons) return
    const [x, y] = [clientX - press.x, clientY - press.y]
    isDragged ||= Math.hypot(x, y) > dragPixels
    if (isDragged && isZoomed() && pointerType !== "touch") stage.scrollTo(press.left - x, press.top - y)
  }
  stage.onpointerup = ({ clientX, clientY, pointerType }) => {
    const [x, y] = press ? [clientX - press.x, clientY - press.y] : [0, 0]
    press = undefined
    if (pointerType !== "mouse" && !isZoomed() && Math.abs(x) > swipePixels && Math.abs(x) > 2 * Math.abs(y)) onSwipe(x < 0 ? 1 : -1)
  }
  stage.onpointercancel = () => { press = undefined }
  image.draggable = false

  return { zoomOut, isZoomed }
}
