// Arrow keys in rows of buttons of different widths. Knows no picture.

const steps = { ArrowLeft: -1, ArrowRight: 1 }

/** The button that the key leads to from the focused one; undefined if it leads nowhere. */
export function focusedByKey({ key, target, altKey, ctrlKey, metaKey, shiftKey }, buttons) {
  if (altKey || ctrlKey || metaKey || shiftKey) return undefined
  const place = buttons.indexOf(target)
  if (key === "Home") return buttons[0]
  if (key === "End") return buttons.at(-1)
  if (steps[key]) return buttons[place + steps[key]]
  if (key === "ArrowUp") return nearestInNextRow(target, buttons.slice(0, place).reverse())
  if (key === "ArrowDown") return nearestInNextRow(target, buttons.slice(place + 1))
  return undefined
}

/** Of the buttons, the nearest first, the one of the next row whose middle is closest to the target's. */
function nearestInNextRow(target, buttons) {
  const { top } = target.getBoundingClientRect()
  let rowTop, best
  for (const button of buttons) {
    const box = button.getBoundingClientRect()
    if (Math.abs(box.top - top) < 2) continue // pixels: still in the same row
    rowTop ??= box.top
    if (Math.abs(box.top - rowTop) > 2) break
    const distance = Math.abs(middle(box) - middle(target.getBoundingClientRect()))
    if (!best || distance < best.distance) best = { button, distance }
  }
  return best?.button
}

function middle({ left, width }) {
  return left + width / 2
}
