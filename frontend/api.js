// The server as functions. Knows no DOM.

const baseUrl = new URL("/api/", document.baseURI) // without CloudFront, the page itself is at /api/

// The only errors after which no image can have been made, so a retry cannot be charged twice.
const retried = ["ModelBusy", "ModelUnavailable"]
const retries = 2

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
export const fetchModels = () => fetchJson("models")

/** The response of `GET /budget`. Throws ApiError. */
export const fetchBudget = () => fetchJson("budget")

/**
 * Generate one image. Retries up to twice after errors that cannot have produced an image.
 * @param {Object<string, string>} values  the query, and the `prompt`
 * @param {{code: string, signal: AbortSignal, onRetry: () => void}} options  `code` is the access code, or ""
 * @returns {Promise<{blob: Blob, seed: string, price: string}>}  the price in US dollars
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
    if (retry === retries || !retried.includes(error.code)) throw error
    onRetry()
    await wait(error.seconds || 5, signal)
  }
}

async function fetchJson(path) {
  const response = await send(path, {})
  if (!response.ok) throw await readError(response)
  return response.json().catch(() => { throw unreadableError(response) })
}

function send(path, options) {
  const sentence = "Easel cannot be reached. Check your connection, then try again."
  return fetch(new URL(path, baseUrl), options).catch(throwOffline(sentence))
}

async function readImage(response) {
  const sentence = "The connection was lost before the whole picture arrived. Check it, then try again."
  const text = await response.text().catch(throwOffline(sentence))
  const header = name => response.headers.get(`X-Image-${name}`) ?? ""
  return {
    blob: new Blob([decodeBase64(text, response)], { type: header("Type") }),
    seed: header("Seed"), price: header("Price"),
  }
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
  const { Code, Message } = await response.json().catch(() => ({})) ?? {}
  const seconds = Number(response.headers.get("Retry-After"))
  if (Code === "AccessCodeRequired" && Message.startsWith("access code must be sent")) return accessCodeError(code)
  if (Code === "BudgetSpent") return budgetError(seconds)
  // API Gateway throttles before the API runs, so no image can have been made here either.
  if (response.status === 429 && !Code) return new ApiError("ModelBusy", "Too many requests at once. Try again in a few seconds.")
  if (Code && Message) return new ApiError(Code, toSentence(Message), { seconds })
  if ([413, 414, 431].includes(response.status)) return new ApiError("TooLong", "The text is too long to send. Shorten it.")
  return unreadableError(response)
}

function accessCodeError(code) {
  return new ApiError("AccessCodeRequired", code
    ? "That access code is wrong. Check it, then try again."
    : "This site needs an access code. Ask the person who gave you the link.")
}

function budgetError(seconds) {
  const time = new Date(Date.now() + seconds * 1000)
  return new ApiError("BudgetSpent", "Too little is left of today's budget for this picture. It resets at {time}.", { seconds, values: { time } })
}

function unreadableError(response) {
  return new ApiError("Unreadable", "The server's answer could not be read (status {status}). Try again in a moment.", { values: response })
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
