// A picture and those that it was made from or became, in the viewer. Knows no server and no history.
import { createElement } from "./dom.js"
import { pictureName } from "./names.js"
import { say } from "../words/words.js"

const tools = {
  retouch: say("Retouch"), words: say("By words"), background: say("Remove background"),
  extend: say("Extend"), new: say("New from it"), enlarge: say("Enlarge"),
}

/** The title of a tool of the editing room. */
export const toolTitle = name => (Object.hasOwn(tools, name) ? tools[name] : name)

/**
 * Before and after: the picture before lies over the changed one, as far as the range says.
 * @param {HTMLElement} box  with the button and the range
 * @param {HTMLImageElement} image  of the picture before
 * @param {HTMLElement} status  says which picture is seen
 */
export function addCompare(box, image, status) {
  const [button, range] = box.children

  /** Show that much of the picture before, in percent from its left edge. */
  function see(percent) {
    range.value = percent
    range.setAttribute("aria-valuetext", say("{percent} % before", { percent }))
    image.style.setProperty("--seen", `${percent}%`)
    image.classList.toggle("whole", percent === 100)
    button.setAttribute("aria-pressed", percent === 100)
  }

  function toggle() {
    if (box.hidden) return
    const isBefore = Number(range.value) === 100
    see(isBefore ? 0 : 100)
    status.textContent = isBefore ? say("After") : say("Before")
  }

  button.onclick = toggle
  range.oninput = () => see(Number(range.value))

  return {
    toggle,
    show(blob, record) {
      image.src = URL.createObjectURL(blob)
      image.classList.toggle("clear", blob.type !== "image/jpeg")
      for (const [name, value] of Object.entries(placeBefore(record))) image.style.setProperty(`--${name}`, `${100 * value}%`)
      see(0)
      image.hidden = box.hidden = false
    },
    hide() {
      URL.revokeObjectURL(image.src)
      image.removeAttribute("src")
      image.hidden = box.hidden = true
    },
  }
}

/** Where the picture before lies within one that was extended, as parts of its width and height. */
function placeBefore({ width, height, values }) {
  const [left, right, up, down] = ["left", "right", "up", "down"].map(name => Number(values[name] ?? 0))
  return { x: left / width, y: up / height, w: (width - left - right) / width, h: (height - up - down) / height }
}

/** Show the pictures in the box, or hide it if there are none. */
export function renderRelatives(box, { from = [], into = [], isGone = false, onOpen }) {
  for (const image of box.querySelectorAll("img")) URL.revokeObjectURL(image.src)
  box.hidden = !from.length && !into.length && !isGone
  box.replaceChildren(...createGroup(say("From"), from, onOpen), ...createGroup(say("Changed into"), into, onOpen))
  if (isGone) box.prepend(createElement("p", { className: "help", textContent: say("The picture before is gone.") }))
}

function createGroup(title, relatives, onOpen) {
  if (!relatives.length) return []
  const buttons = relatives.map(({ record, thumb }) => {
    const image = createElement("img", { className: record.type === "image/jpeg" ? "" : "clear", alt: pictureName(record) })
    if (thumb) image.src = URL.createObjectURL(thumb)
    return createElement("button", { className: "relative", type: "button", onclick: () => onOpen(record) }, image)
  })
  return [createElement("div", { role: "group", "aria-label": title }, createElement("p", { className: "help", textContent: title }), ...buttons)]
}
