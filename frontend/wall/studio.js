// Canvases under way: painted side by side, cancelled, tried again. Knows no form and no history.
import { addBatch, addResult, removeResult } from "./result.js"
import { explain, say } from "../words/words.js"

/**
 * @param {HTMLElement} wall
 * @param {Object} acts
 * @param {() => ?string} acts.begin  the access code, or null where nothing may begin
 * @param {(values: object, how: object) => Promise<object>} acts.make  one picture
 * @param {(picture: object, values: object, result: object) => Promise<object>} acts.hang  it; its record
 * @param {(code: string, hung: number, error: ?Error) => void} acts.end  so many came with that code
 * @param {(record: object) => void} acts.open
 * @param {() => void} acts.leave  what has the focus on the wall will go
 * @param {(sentence: string) => void} acts.tell
 */
export function addStudio(wall, { begin, make, hang, end, open, leave, tell }) {
  const painting = new Set() // an AbortController for each picture under way

  /** One canvas, its values, and whoever can cancel it. */
  function addWork(batch, values) {
    const work = { values }
    work.result = addResult(batch, values, {
      cancel: () => cancel([work.controller]), again: () => paint([work]), open: () => open(work.record),
    })
    return work
  }

  /** Side by side; each one hangs, fails or goes by itself. */
  async function paint(works) {
    const code = begin()
    if (code === null) return
    const outcomes = works.map(work => paintOne(work, code))
    tell(works.length > 1 ? say("Painting {number} pictures.", { number: works.length }) : say("Painting."))
    conclude(await Promise.all(outcomes), code)
  }

  /** @param {(object | Error | undefined)[]} outcomes  records, errors, undefined where cancelled */
  function conclude(outcomes, code) {
    const errors = outcomes.filter(outcome => outcome instanceof Error)
    const hung = outcomes.filter(Boolean).length - errors.length
    end(code, hung, errors[0])
    tell(summary(outcomes.length, hung, errors))
  }

  async function paintOne(work, code) {
    const { values, result } = work
    const { signal } = work.controller = new AbortController()
    painting.add(work.controller)
    result.start()
    try {
      const picture = await make(values, { code, signal, onRetry: result.wait })
      work.record = await hang(picture, values, result)
      result.name(work.record.id)
      return work.record
    } catch (error) {
      if (!signal.aborted) return result.fail(error), error
      result.remove()
    } finally {
      painting.delete(work.controller)
    }
  }

  function cancel(controllers) {
    leave()
    controllers.forEach(controller => controller.abort())
  }

  return {
    get busy() {
      return painting.size > 0
    },
    /** A canvas for each of the values, on top of the wall; failures of before go. */
    paint(all) {
      leave()
      wall.querySelectorAll(".failed").forEach(removeResult)
      const batch = addBatch(wall, all.length)
      const works = all.map(values => addWork(batch, values))
      batch.firstElementChild.scrollIntoView({ block: "nearest" })
      return paint(works)
    },
    cancel: () => cancel(painting),
  }
}

function summary(all, hung, [error, ...others]) {
  if (!hung) return error ? explain(error) : say("Cancelled.")
  if (all === 1) return say("The picture is ready.")
  const ready = say("{hung} of {all} pictures are ready.", { hung, all })
  if (!error) return ready
  return `${ready} ${say("{failed} failed: {reason}", { failed: others.length + 1, reason: explain(error) })}`
}
