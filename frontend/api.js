// The server as functions. Knows no DOM.

const baseUrl = new URL("/api/", document.baseURI) // without CloudFront, the page itself is at /api/

// The only errors after which no image can have been made, so a retry cannot be charged twice.
const retried = ["ModelBusy", "ModelUnavailable"]
const retries = 2
const longestWait = 60 // seconds; after a longer Retry-After, a person decides

// After these, the image may have been made all the same: its result is asked for.
const unanswered = ["Offline", "Unreadable", "RequestInProgress"]
const pauses = [2, 3, 5, 8] // seconds before asking for a result; the last one repeats
const resultSeconds = 130 // the function's timeout: a result that is not there by then never comes
const claimSeconds = 10 // from sending until the server knows the key, which a cold start delays

let resultsKept = false // until an answer of the server shows it

/** Whether the server is known to keep the answers to requests with a key. */
export const areResultsKept = () => resultsKept

// A Blob of another type, such as SVG, could run scripts when it is opened.
const imageTypes = ["image/jpeg", "image/png", "image/webp"]
const unshowable = "The picture that arrived cannot be shown. Try again."
const unreachable = "Easel cannot be reached. Check your connection, then try again."

export class ApiError extends Error {
  /**
   * @param {string} code  the API's own, or Offline, TooLong, Unreadable
   * @param {string} message  with {names} in place of the values
   * @param {Object} details
   * @param {number} [details.seconds]  until a retry may succeed
   * @param {object} [details.values]
   * @param {boolean} [details.mayBeCharged]  whether AWS may have made an image
   * @param {boolean} [details.isUnresolved]  whether the image may still arrive, so that a retry repeats the key
   */
  constructor(code, message, { seconds = 0, values = {}, mayBeCharged = false, isUnresolved = false } = {}) {
    super(message)
    Object.assign(this, { code, seconds, values, mayBeCharged, isUnresolved })
  }
}

/** The response of `GET /models`. Throws ApiError. */
export const fetchModels = () => fetchJson("models", isCatalogue)

/** The response of `GET /budget`. Throws ApiError. */
export const fetchBudget = () => fetchJson("budget", isBudget)

/**
 * Generate one image. Retries up to twice after errors that cannot have produced an image. If the answer gets lost, asks for it
 * by the key; if the server knows none, sends the request once more, which is charged once where results are kept.
 * @param {Object<string, string>} values  the query, the `prompt`, and the `words` that it was made from, which stay here
 * @param {Object} options
 * @param {Object<string, Blob>} [options.images]  by parameter, for a model that changes pictures
 * @param {string} options.key  the idempotency key: requests with the same one are charged once
 * @param {boolean} options.isRepeated  whether an earlier request may have the key
 * @param {string} options.code  the access code, or ""
 * @param {AbortSignal} options.signal  nothing is sent once it aborts; what was sent is waited for
 * @param {() => void} options.onRetry  called before waiting for a busy model
 * @param {() => void} options.onSearch  called before asking for an answer that got lost
 * @returns {Promise<{blob: Blob, seed: string, price: string}>}  digits, and US dollars; "" if the answer has none. Throws ApiError, or the signal's AbortError.
 */
export async function generateImage(values, { images, key, isRepeated, code, signal, onRetry, onSearch }) {
  const { path, type, body } = images ? asForm(values, images) : asText(values)
  const headers = { ...type, "Idempotency-Key": key, ...authorization(code) }
  let mayResend = true
  for (let retry = 0; ;) {
    signal.throwIfAborted()
    if (!navigator.onLine) throw new ApiError("Offline", unreachable, { isUnresolved: isRepeated || !mayResend })
    const sentAt = Date.now()
    try {
      return await requestImage(path, { method: "POST", headers, body }, code)
    } catch (error) {
      if (unanswered.includes(error.code)) {
        onSearch()
        const image = await findImage(key, code, sentAt)
        if (image) return image
        if (!mayResend || !resultsKept) throw Object.assign(error, { isUnresolved: true, mayBeCharged: !resultsKept })
        mayResend = false
      } else {
        if (images && error.code === "TooLong") throw new ApiError("TooLarge", "The picture is too large to send. Choose a smaller one.")
        if (retry++ === retries || !retried.includes(error.code) || error.seconds > longestWait) throw error
        onRetry()
        await wait(error.seconds || 5, signal)
      }
    }
  }
}

/** A prompt in English for the words, or the same words. Throws ApiError. */
export async function writePrompt(words, { style, model, key, code }) {
  const headers = { "Content-Type": "text/plain", "Idempotency-Key": key, ...authorization(code) }
  const response = await send("prompt?" + new URLSearchParams({ style, model }), { method: "POST", headers, body: words })
  if (!response.ok) throw await readError(response, code)
  return response.text().catch(throwOffline(unreachable))
}

const asText = ({ prompt, words: _, ...query }) => ({ path: "?" + new URLSearchParams(query), type: { "Content-Type": "text/plain" }, body: prompt })

/** As multipart/form-data, of which the browser writes the content type. */
function asForm({ model, ...values }, images) {
  const body = new FormData()
  for (const [name, value] of Object.entries({ ...values, ...images })) if (value) body.append(name, value)
  return { path: "?" + new URLSearchParams({ model }), body }
}

/**
 * The image of a request that was sent at that time, in milliseconds since 1970, by an earlier visit.
 * Asks until it is there, or can no longer come. Throws ApiError, with the code UnknownResult if the server does not know the key.
 */
export async function fetchImage(key, { code, sentAt }, isKnown = () => Date.now() > sentAt + claimSeconds * 1000) {
  for (let turn = 1; ; turn++) {
    const isLast = Date.now() > sentAt + resultSeconds * 1000
    let failure
    try {
      return await requestImage(`results/${key}`, { headers: authorization(code) }, code)
    } catch (error) {
      failure = error
    }
    const mayCome = [...unanswered, ...retried].includes(failure.code) || (failure.code === "UnknownResult" && !isKnown())
    if (!mayCome) throw asFailureOfResult(failure, code)
    if (isLast && navigator.onLine) throw Object.assign(failure, { isUnresolved: true })
    const pause = pauses[Math.min(turn, pauses.length - 1)]
    await Promise.race([wait(Math.min(Math.max(pause, failure.seconds), longestWait)), untilOnline()])
  }
}

/** As `fetchImage`, a moment after the answer got lost; undefined if the server does not know the key. */
async function findImage(key, code, sentAt) {
  await wait(pauses[0])
  try {
    return await fetchImage(key, { code, sentAt }, () => true)
  } catch (error) {
    if (error.code === "AccessCodeRequired") error.mayBeCharged = true // a retry with another code is another request
    if (error.code !== "UnknownResult") throw error
  }
}

/** The server keeps only failures that may have been charged. With another access code, the image may still be there. */
function asFailureOfResult(error, code) {
  if (error.code === "AccessCodeRequired") return Object.assign(error, { isUnresolved: true })
  if (error.code !== "UnknownResult") return Object.assign(error, { mayBeCharged: true })
  return new ApiError("UnknownResult", code
    ? "This picture was not made, or is no longer kept for this access code."
    : "This picture was not made, or is no longer kept.")
}

function authorization(code) {
  if (/[^ -~]/.test(code)) throw accessCodeError(code) // headers are ASCII, and so are all codes
  return code ? { Authorization: `Bearer ${code}` } : {}
}

async function requestImage(path, options, code) {
  const response = await send(path, options)
  if (response.status === 202) throw inProgressError(response)
  if (!response.ok) throw await readError(response, code)
  return readImage(response)
}

async function fetchJson(path, isValid) {
  const response = await send(path, {})
  if (!response.ok) throw await readError(response)
  const answer = await response.json().catch(() => {})
  if (!isValid(answer)) throw unreadableError(response)
  return answer
}

function send(path, options) {
  return fetch(new URL(path, baseUrl), options).catch(throwOffline(unreachable))
}

async function readImage(response) {
  const sentence = "The connection was lost before the whole picture arrived. Check it, then try again."
  const text = await response.text().catch(throwOffline(sentence))
  if (!text) throw new ApiError("Offline", sentence) // cut within the headers, which Chromium takes for a whole answer over HTTP
  const bytes = decodeBase64(text, response)
  const type = readHeader(response, "X-Image-Type", /./)
  if (!imageTypes.includes(type)) throw new ApiError("Unshowable", unshowable, { mayBeCharged: true })
  resultsKept = !/\bIdempotency-Key\b/.test(response.headers.get("X-Image-Ignored"))
  return {
    blob: new Blob([bytes], { type }),
    seed: readHeader(response, "X-Image-Seed", /^\d{1,10}$/),
    price: readHeader(response, "X-Image-Price", /^\d{1,6}(\.\d{1,6})?$/),
  }
}

/** The header's text; "" if it is missing or not as the pattern says. After a redirect to a large answer, S3 renames it. */
function readHeader({ headers }, name, pattern) {
  const text = headers.get(name) ?? headers.get(`x-amz-meta-${name}`) ?? ""
  return pattern.test(text) ? text : ""
}

function decodeBase64(text, response) {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0))
  } catch {
    throw unreadableError(response)
  }
}

/** A catch handler: throws a broken connection as ApiError. */
function throwOffline(sentence) {
  return () => { throw new ApiError("Offline", sentence) }
}

/** The result is being made. */
function inProgressError(response) {
  resultsKept = true
  const seconds = Number(readHeader(response, "Retry-After", /^\d{1,6}$/))
  return new ApiError("RequestInProgress", "The picture is still being made. Try again in a moment to fetch it.", { seconds })
}

/** The API's own message, or ours where the API's is for programs or the response is not the API's. */
async function readError(response, code) {
  const { Code, Message, message } = await response.json().catch(() => {}) ?? {}
  const seconds = Number(readHeader(response, "Retry-After", /^\d{1,6}$/))
  if (!isText(Code) || !isText(Message) || !Message) return gatewayError(response, message)
  if (Code === "AccessCodeRequired" && Message.startsWith("access code must be sent")) return accessCodeError(code)
  if (Code === "BudgetSpent") return budgetError(seconds)
  if (Code === "ImageTooLarge") return new ApiError(Code, "As a PNG it is too large to send.", { mayBeCharged: true })
  const [, character] = /got the character (U\+[0-9A-F]{4,6})$/.exec(Message) ?? []
  if (character) return new ApiError(Code, "The text contains the character {character}, which no model takes. Remove it.", { values: { character } })
  return new ApiError(Code, toSentence(Message.slice(0, 500)), { seconds, mayBeCharged: mayBeCharged(response) })
}

/** Whether AWS may have made an image: the API says it, and API Gateway's own 429 and 503 mean that it has not. */
function mayBeCharged({ status, headers }) {
  const charged = headers.get("X-Image-Charged")
  return charged ? charged === "maybe" : status >= 500 && status !== 503
}

/** The response of API Gateway or CloudFront itself, as the API's own have a Code. */
function gatewayError(response, message) {
  const { status } = response
  // API Gateway throttles before it calls Lambda, and answers 500 where Lambda rejects the call (Lambda's
  // developer guide, services-apigateway-errors). The API has not run, so no image can have been made.
  const busy = status === 429 || (status === 500 && isText(message))
  if (busy) return new ApiError("ModelBusy", "Too many requests at once. Try again in a few seconds.")
  if ([413, 414, 431, 494].includes(status)) return new ApiError("TooLong", "The text is too long to send. Shorten it.")
  return unreadableError(response)
}

function accessCodeError(code) {
  return new ApiError("AccessCodeRequired", code
    ? "That access code is wrong. Check it, then try again."
    : "This site needs an access code. Ask the person who gave you the link.")
}

function budgetError(seconds) {
  const time = new Date(seconds ? Date.now() + seconds * 1000 : new Date().setUTCHours(24, 0, 0, 0)) // the API's midnight
  return new ApiError("BudgetSpent", "Too little is left of today's budget for this picture. It resets at {time}.", { seconds, values: { time } })
}

function unreadableError({ status }) {
  return new ApiError("Unreadable", "The server's answer could not be read (status {status}). Try again in a moment.", { values: { status } })
}

function toSentence(text) {
  return text[0].toUpperCase() + text.slice(1).replaceAll("`", "") + (text.endsWith(".") ? "" : ".")
}

function wait(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000)
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason) }, { once: true })
  })
}

const untilOnline = () => new Promise(resolve => addEventListener("online", resolve, { once: true }))

// The shapes of the API's answers, as far as the page reads them: null and missing values count as absent.

const isText = value => typeof value === "string"
const isNumber = value => Number.isFinite(value)
const isAmount = value => isNumber(value) && value >= 0
const isTime = value => isText(value) && !Number.isNaN(Date.parse(value))
const isAbsentOr = check => value => value === null || value === undefined || check(value)
const isListOf = check => value => Array.isArray(value) && value.every(check)
const isObject = shape => value => Object.entries(shape).every(([name, check]) => check(value?.[name]))
const isEither = (one, other) => value => one(value) || other(value)

const isParameter = isEither(
  isObject({ name: name => name === "prompt", help: isText, max_length: isAmount }),
  isObject({
    name: name => isText(name) && name !== "prompt", kind: isText, label: isText, help: isText,
    minimum: isAbsentOr(isNumber), maximum: isAbsentOr(isNumber), choices: isAbsentOr(isListOf(isText)),
    default: isAbsentOr(isEither(isText, isNumber)),
  }),
)
const isModel = isObject({
  name: isText, title: isText, description: isText, price_usd: isAbsentOr(isAmount),
  parameters: value => isListOf(isParameter)(value) && value.some(({ name, kind }) => name === "prompt" || kind === "image"),
})

function isCatalogue(answer) {
  return isListOf(isModel)(answer?.models) && answer.models.some(({ name }) => name === answer.default)
}

function isBudget(answer) {
  return answer?.daily_usd === null || isObject({ daily_usd: isAmount, spent_usd: isAmount, resets_at: isTime })(answer)
}
