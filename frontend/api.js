// The server as functions. Knows no DOM.

const baseUrl = new URL("api/", document.baseURI)

// The only errors after which no image can have been made, so a retry cannot be charged twice.
const retried = ["ModelBusy", "ModelUnavailable"]
const retries = 2
const longestWait = 60 // seconds; after a longer Retry-After, a person decides

// A Blob of another type, such as SVG, could run scripts when it is opened.
const imageTypes = ["image/jpeg", "image/png", "image/webp"]
const unshowable = "The picture that arrived cannot be shown. Try again."

export class ApiError extends Error {
  /**
   * @param {string} code  the API's own, or Offline, TooLong, Unreadable
   * @param {string} message  with {names} in place of the values
   * @param {{seconds?: number, values?: object}} details  seconds until a retry may succeed
   */
  constructor(code, message, { seconds = 0, values = {} } = {}) {
    super(message)
    Object.assign(this, { code, seconds, values })
  }
}

/** The response of `GET /models`. Throws ApiError. */
export const fetchModels = () => fetchJson("models", isCatalogue)

/** The response of `GET /budget`. Throws ApiError. */
export const fetchBudget = () => fetchJson("budget", isBudget)

/**
 * Generate one image. Retries up to twice after errors that cannot have produced an image.
 * @param {Object<string, string>} values  the query, and the `prompt`
 * @param {{code: string, signal: AbortSignal, onRetry: () => void}} options  `code` is the access code, or ""
 * @returns {Promise<{blob: Blob, seed: string, price: string}>}  digits, and US dollars; "" if the answer has none
 * Throws ApiError, or the signal's AbortError.
 */
export async function generateImage({ prompt, ...query }, { code, signal, onRetry }) {
  if (/[^ -~]/.test(code)) throw accessCodeError(code) // headers are ASCII, and so are all codes
  const headers = { "Content-Type": "text/plain", ...code && { Authorization: `Bearer ${code}` } }
  for (let retry = 0; ; retry++) {
    const response = await send("?" + new URLSearchParams(query), {
      method: "POST", headers, body: prompt, signal,
    })
    if (response.ok) return readImage(response)
    const error = await readError(response, code)
    if (retry === retries || !retried.includes(error.code) || error.seconds > longestWait) throw error
    onRetry()
    await wait(error.seconds || 5, signal)
  }
}

async function fetchJson(path, isValid) {
  const response = await send(path, {})
  if (!response.ok) throw await readError(response)
  const answer = await response.json().catch(() => {})
  if (!isValid(answer)) throw unreadableError(response)
  return answer
}

function send(path, options) {
  const sentence = "Easel cannot be reached. Check your connection, then try again."
  return fetch(new URL(path, baseUrl), options).catch(throwOffline(sentence))
}

async function readImage(response) {
  const sentence = "The connection was lost before the whole picture arrived. Check it, then try again."
  const text = await response.text().catch(throwOffline(sentence))
  const bytes = decodeBase64(text, response)
  const type = response.headers.get("X-Image-Type")
  if (!imageTypes.includes(type)) throw new ApiError("Unreadable", unshowable)
  return {
    blob: new Blob([bytes], { type }),
    seed: readHeader(response, "X-Image-Seed", /^\d{1,10}$/),
    price: readHeader(response, "X-Image-Price", /^\d{1,6}(\.\d{1,6})?$/),
  }
}

/** The header's text; "" if it is missing or not as the pattern says. */
function readHeader(response, name, pattern) {
  const text = response.headers.get(name) ?? ""
  return pattern.test(text) ? text : ""
}

function decodeBase64(text, response) {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0))
  } catch {
    throw unreadableError(response)
  }
}

/** A catch handler: throws a broken connection as ApiError, and an AbortError as it is. */
function throwOffline(sentence) {
  return error => { throw error.name === "AbortError" ? error : new ApiError("Offline", sentence) }
}

/** The API's own message, or ours where the API's is for programs or the response is not the API's. */
async function readError(response, code) {
  const { Code, Message, message } = await response.json().catch(() => {}) ?? {}
  const seconds = Number(readHeader(response, "Retry-After", /^\d{1,6}$/))
  if (!isText(Code) || !isText(Message) || !Message) return gatewayError(response, message)
  if (Code === "AccessCodeRequired" && Message.startsWith("access code must be sent")) return accessCodeError(code)
  if (Code === "BudgetSpent") return budgetError(seconds)
  const [, character] = /got the character (U\+[0-9A-F]{4,6})$/.exec(Message) ?? []
  if (character) return new ApiError(Code, "This text has a character that cannot be used: {character}. Delete it.", { values: { character } })
  return new ApiError(Code, toSentence(Message.slice(0, 500)), { seconds })
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
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason) }, { once: true })
  })
}

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
  parameters: value => isListOf(isParameter)(value) && value.some(({ name }) => name === "prompt"),
})

function isCatalogue(answer) {
  return isListOf(isModel)(answer?.models) && answer.models.some(({ name }) => name === answer.default)
}

function isBudget(answer) {
  return answer?.daily_usd === null || isObject({ daily_usd: isAmount, spent_usd: isAmount, resets_at: isTime })(answer)
}
