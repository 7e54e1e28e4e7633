// Pictures in progress: generated side by side, cancelled, retried. Knows no form and no history.
import { addBatch, addResult, removeResult } from "./result.js"
import { explain, say } from "../words/words.js"

/**
 * @param {HTMLElement} wall
 * @param {Object} callbacks
 * @param {() => ?string} callbacks.readCode  the access code; null if it is missing and nothing may start
 * @param {(values: object, options: object) => Promise<object>} callbacks.generateImage
 * @param {(image: object, values: object, result: object) => Promise<?object>} callbacks.onImage  shows it; resolves to its record, if it is kept
 * @param {(code: string, made: number, error: ?Error) => void} callbacks.onFinish  the batch's code, pictures made, first error
 * @param {(busy: boolean) => void} callbacks.onBusy  called when pictures start and when they end
 * @param {(record: ?object) => void} callbacks.onOpen
 * @param {() => void} callbacks.releaseFocus  called before the focused control may go
 * @param {(sentence: string) => void} callbacks.announce
 */
export function addStudio(wall, { readCode, generateImage, onImage, onFinish, onBusy, onOpen, releaseFocus, announce }) {
  const running = new Set() // an AbortController for each picture in progress

  /** A job is a canvas, its values and, while it runs, its AbortController. */
  function addJob(batch, values) {
    const job = { values }
    job.result = addResult(batch, values, {
      onCancel: () => cancel([job.controller]), onRetry: () => run([job]), onOpen: () => onOpen(job.record),
    })
    return job
  }

  /** Run the jobs side by side; each one succeeds, fails or is cancelled by itself. */
  async function run(jobs) {
    const code = readCode()
    if (code === null) return
    try {
      const outcomes = jobs.map(job => runJob(job, code))
      onBusy(running.size > 0)
      announce(jobs.length > 1 ? say("Painting {number} pictures.", { number: jobs.length }) : say("Painting."))
      const settled = await Promise.allSettled(outcomes)
      finish(settled.map(({ value, reason }) => reason ?? value), code)
    } finally {
      onBusy(running.size > 0) // whatever fails, the button works again
    }
  }

  async function runJob(job, code) {
    const { values, result } = job
    const { signal } = job.controller = new AbortController()
    running.add(job.controller)
    try {
      result.start()
      const image = await generateImage(values, { code, signal, onRetry: result.showRetrying })
      job.record = await onImage(image, values, result)
      if (job.record) result.setId(job.record.id)
      return image
    } catch (error) {
      if (!signal.aborted) return result.showError(error), error
      result.remove()
    } finally {
      running.delete(job.controller)
    }
  }

  /** @param {(object | Error | undefined)[]} outcomes  images, errors, undefined where cancelled */
  function finish(outcomes, code) {
    const errors = outcomes.filter(outcome => outcome instanceof Error)
    const made = outcomes.filter(Boolean).length - errors.length
    onFinish(code, made, errors[0])
    announce(summarize(outcomes.length, made, errors))
  }

  function cancel(controllers) {
    releaseFocus()
    controllers.forEach(controller => controller.abort())
  }

  return {
    get busy() {
      return running.size > 0
    },
    /** Generate a picture for each of the values, on top of the wall; removes earlier failures. */
    generate(batchValues) {
      releaseFocus()
      wall.querySelectorAll(".failed").forEach(removeResult)
      const batch = addBatch(wall, batchValues.length)
      const jobs = batchValues.map(values => addJob(batch, values))
      batch.firstElementChild.scrollIntoView({ block: "nearest" })
      return run(jobs)
    },
    /** Cancel all. */
    cancel: () => cancel(running),
  }
}

function summarize(all, made, [error, ...others]) {
  if (!made) return error ? explain(error) : say("Cancelled.")
  if (all === 1) return say("The picture is ready.")
  const ready = say("{hung} of {all} pictures are ready.", { hung: made, all })
  if (!error) return ready
  return `${ready} ${say("{failed} failed: {reason}", { failed: others.length + 1, reason: explain(error) })}`
}
