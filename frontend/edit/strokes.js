// What was painted, as vectors in pixels of the picture, with undo and redo. Knows no DOM.

/**
 * A list of marks: `{ size, points: [x, y, …], erase }` of brush or eraser, `{ cell: 0…8, erase }` of a ninth of the
 * picture, and `{ clear: true }`. Undo shortens the list, and so costs no bitmap.
 */
export class Strokes {
  #marks
  #undone = []

  constructor(marks = []) {
    this.#marks = structuredClone(marks)
  }

  get list() {
    return this.#marks
  }

  get canUndo() {
    return this.#marks.length > 0
  }

  get canRedo() {
    return this.#undone.length > 0
  }

  add(mark) {
    this.#marks.push(mark)
    this.#undone = []
  }

  /** Lengthen the last stroke; points that are nearer than half a pixel are left out. */
  extend(x, y) {
    const { points } = this.#marks.at(-1)
    if (Math.hypot(x - points.at(-2), y - points.at(-1)) < 0.5) return
    points.push(tenth(x), tenth(y))
  }

  /** Forget the last stroke, as if it had never begun. */
  drop() {
    this.#marks.pop()
  }

  undo() {
    if (this.canUndo) this.#undone.push(this.#marks.pop())
  }

  redo() {
    if (this.canRedo) this.#marks.push(this.#undone.pop())
  }

  /** Where the last stroke ended: [x, y], or undefined. */
  get end() {
    return this.#marks.findLast(({ points }) => points)?.points.slice(-2)
  }

  /** The ninths that are painted, as numbers from 0 (top left) to 8. */
  get cells() {
    const cells = new Set()
    for (const { cell, erase, clear } of this.#marks) {
      if (clear) cells.clear()
      if (cell !== undefined) cells[erase ? "delete" : "add"](cell)
    }
    return cells
  }
}

const tenth = number => Math.round(number * 10) / 10

/** A stroke that begins at a point. */
export const stroke = (x, y, size, erase) => ({ size: tenth(size), points: [tenth(x), tenth(y)], ...(erase ? { erase } : {}) })
