// Pictures in progress: generated side by side, cancelled, retried. Knows no form and no history.
import { newKey } from "../pictures/pending.js"
import { addFailure, chargeNote } from "./failure.js"
import { addResult } from "./result.js"
import { addSet, aspectRatio, describeSet, removeResult } from "./set.js"
import { wordsOf } from "./names.js"
import { explain, say } from "../words/words.js"

/**
 * @param {HTMLElement} wall
 * @param {Object} callbacks
 * @param {() => ?string} callbacks.readCode  the access code; null if it is missing and nothing may start
 * @param {() => ?string} callbacks.peekCode  the same, without asking for it
 * @param {(values: object, options: object) => Promise<object>} callbacks.generateImage
 * @param {(key: string, options: object) => Promise<object>} callbacks.fetchImage  of an earlier visit
 * @param {(picture: object, signal: AbortSignal, work: () => Promise) => Promise} callbacks.hold  writes it down while the work runs
 * @param {(image: object, values: object, result: object) => Promise<?object>} callbacks.onImage  shows it; resolves to its record, if it is kept
 * @param {(image: object, values: object) => Promise} callbacks.onLateImage  keeps the image of a cancelled picture
 * @param {(error: Error, job: object) => ?object | undefined} callbacks.findRemedy  the act that helps after it
 * @param {(values: object) => Promise<?number>} callbacks.expectSeconds  how long a picture usually takes
 * @param {(code: string, made: number, error: ?Error) => void} callbacks.onFinish  the batch's code, pictures made, first error
 * @param {(busy: boolean) => void} callbacks.onBusy  called when pictures start and when they end
 * @param {(record: ?object) => void} callbacks.onOpen
 * @param {() => void} callbacks.releaseFocus  called before the focused control may go
 * @param {(sentence: string) => void} callbacks.announce
 * @param {(sentence: string) => void} callbacks.notify  also shows the sentence
 */
export function addStudio(wall, {
  readCode, peekCode, generateImage, fetchImage, hold, onImage, onLateImage, onFinish, onBusy, onOpen, findRemedy, expectSeconds,
  releaseFocus, announce, notify,
}) {
  const running = new Set() // the jobs in progress
  const isBusy = () => [...running].some(({ isOrphan }) => !isOrphan)

  /**
   * A job is a canvas, its values and its place in a set, while it runs its AbortController, and the key that its
   * outcome is known by. That of a changed picture has an `origin`, and the `images` to send unless it is an orphan.
   */
  function addJob(hung, { values, set, ...known }) {
    const job = { values, set, hung, ...known }
    job.result = addResult(hung, { prompt: nameOf(job), set }, {
      onCancel: () => cancel([job]), onOpen: async () => onOpen(await job.kept),
    })
    return job
  }

  const isOnWall = picture => picture && wall.querySelector(`#picture-${picture.record.id}`)

  /** Hang a set of blank canvases. What is under way or could not be kept stays beside it; the rest is on the shelf. */
  function addJobs(pictures, before) {
    for (const old of wall.querySelectorAll(".set:not(:has([aria-busy], figure:not([id]) .frame))")) old.remove()
    const [{ values, origin }] = pictures
    const ratio = origin?.ratio ?? aspectRatio(values)
    const hung = addSet(wall, {
      words: nameOf(pictures[0]), from: origin?.name, ratio, size: pictures.length, before: isOnWall(before) ? undefined : before, onOpen,
    })
    expectSeconds(values).then(seconds => {
      if (!seconds) return
      hung.dataset.expected = Math.round(seconds)
      hung.style.setProperty("--expected", `${seconds}s`)
    }, () => {}) // nobody knows then
    return pictures.map(picture => addJob(hung, picture))
  }

  /** Run the jobs side by side; each one succeeds, fails or is cancelled by itself. */
  async function run(jobs, code = readCode()) {
    if (code === null) return
    const start = describeStart(jobs)
    const { isOrphan } = jobs[0]
    try {
      const outcomes = jobs.map(job => runJob(job, code))
      onBusy(isBusy())
      isOrphan ? notify(start) : announce(start)
      const settled = await Promise.allSettled(outcomes)
      const summary = finish(settled.map(({ value, reason }) => reason ?? value), code)
      isOrphan ? notify(`${start} ${summary}`) : announce(summary)
    } finally {
      onBusy(isBusy()) // whatever fails, the button works again
    }
  }

  async function runJob(job, code) {
    const { result } = job
    const { signal } = job.controller = new AbortController()
    const cancelled = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
    running.add(job)
    try {
      result.start(!job.isOrphan)
      return await Promise.race([makePicture(job, code, signal), cancelled])
    } catch (error) {
      if (signal.aborted) return removeResult(result.end())
      if (!error.isUnresolved) Object.assign(job, { key: undefined, isOrphan: false }) // a retry is another picture
      fail(job, error)
      return error
    } finally {
      running.delete(job)
    }
  }

  const fail = (job, error) => addFailure(job, error, findRemedy(error, job), jobs => run(jobs))

  /** The image, once it hangs; goes on in the background if it is cancelled, as it may be paid for. */
  function makePicture(job, code, signal) {
    const { values, result, isOrphan } = job
    const isRepeated = Boolean(job.key)
    if (!isOrphan) Object.assign(job, { key: job.key ?? newKey(), sentAt: Date.now() })
    return hold(job, signal, async () => {
      const image = isOrphan
        ? await fetchImage(job.key, { code, sentAt: job.sentAt })
        : await generateImage(values, {
          images: job.images, key: job.key, isRepeated, code, signal, onRetry: result.showRetrying, onSearch: result.showSearching,
        })
      Object.assign(image, { set: job.set, origin: job.origin })
      if (signal.aborted) return onLateImage(image, values)
      job.kept = onImage(image, values, result) // shows it first
      const record = await job.kept
      if (record) result.setId(record.id)
      queueMicrotask(() => describeSet(job.hung)) // a caption that fails must not fail the picture
      return image
    })
  }

  /** @param {(object | Error | undefined)[]} outcomes  images, errors, undefined where cancelled */
  function finish(outcomes, code) {
    const errors = outcomes.filter(outcome => outcome instanceof Error)
    const made = outcomes.filter(Boolean).length - errors.length
    onFinish(code, made, errors[0])
    return summarize(outcomes.length, made, errors)
  }

  function cancel(jobs) {
    releaseFocus()
    jobs.forEach(({ controller }) => controller.abort())
  }

  return {
    get busy() {
      return isBusy()
    },
    /** Fetch the pictures that an earlier visit was waiting for, and hang those that it had not cancelled, with the one before. */
    resume(pictures, before) {
      const code = peekCode()
      const orphans = pictures.map(picture => ({ ...picture, isOrphan: true }))
      const [cancelled, others] = [true, false].map(is => orphans.filter(({ isCancelled = false }) => isCancelled === is))
      if (code !== null) for (const orphan of cancelled) makePicture(orphan, code, AbortSignal.abort()).catch(() => {})
      if (!others.length) return
      const jobs = addJobs(others, before)
      if (code !== null) return run(jobs, code)
      jobs.forEach(job => fail(job, missingCode()))
      notify(describeStart(jobs))
    },
    /**
     * Generate a picture for each of the values, as a set in place of the one that hangs.
     * @param {{images: object, origin: object, before: {record: object, blob: Blob}}} [change]
     */
    generate(setValues, { before, ...change } = {}) {
      releaseFocus()
      const id = newKey()
      const jobs = addJobs(setValues.map((values, index) => ({ ...change, values, set: { id, place: index + 1, size: setValues.length } })), before)
      const { hung } = jobs[0]
      const show = () => hung.scrollIntoView({ block: "nearest" })
      show()
      hung.ready?.then(show).then(() => onBusy(isBusy())) // the picture before has moved there
      return run(jobs)
    },
    /** Cancel all. */
    cancel: () => cancel(running),
  }
}

/** Its words, or else those of the picture before. */
const nameOf = ({ values, origin }) => wordsOf(values) || (origin?.name ?? "")

function describeStart(jobs) {
  const number = jobs.length
  if (jobs[0].isOrphan) return number > 1 ? say("{number} pictures were still being made.", { number }) : say("One picture was still being made.")
  return number > 1 ? say("Painting {number} pictures.", { number }) : say("Painting.")
}

function missingCode() {
  const sentence = "Enter the access code, then try again: this picture may be ready."
  return Object.assign(new Error(sentence), { code: "AccessCodeRequired", isUnresolved: true })
}

function summarize(all, made, [error, ...others]) {
  const reason = error && `${explain(error)} ${error.mayBeCharged ? chargeNote(error) : ""}`.trim()
  if (!made) return reason ?? say("Cancelled. What is already paid for still lands on the shelf.")
  if (all === 1) return say("The picture is ready.")
  const ready = say("{hung} of {all} pictures are ready.", { hung: made, all })
  if (!error) return ready
  return `${ready} ${say("{failed} failed: {reason}", { failed: others.length + 1, reason })}`
}
