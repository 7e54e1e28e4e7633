// The server as functions. Knows no DOM.

const address = new URL("api/", document.baseURI)

// Only these two are sure to have made no image, so that trying again cannot pay twice.
const retried = ["ModelBusy", "ModelUnavailable"]
const retries = 2

export class ApiError extends Error {
  /**
   * @param {string} code  the API's own, or Offline, TooLong, Unreadable
   * @param {string} message  with {places} for the values
   * @param {{seconds?: number, values?: object}} more  seconds after which to come back
   */
  constructor(code, message, { seconds = 0, values = {} } = {}) {
    super(message)
    Object.assign(this, { code, seconds, values })
  }
}

/** What `GET /models` says. Throws ApiError. */
export const models = () => read("models")

/** What `GET /budget` says. Throws ApiError. */
export const budget = () => read("budget")

/**
 * Make one picture. Tries again, twice at most, where no image can have been made.
 * @param {Object<string, string>} values  the query, and the `prompt`
 * @param {{code: string, signal: AbortSignal, onRetry: () => void}} how  the access code, or ""
 * @returns {Promise<{blob: Blob, seed: string, price: string}>}
 * Throws ApiError, or the signal's AbortError.
 */
export async function generate({ prompt, ...query }, { code, signal, onRetry }) {
  if (/[^ -~]/.test(code)) throw refused(code) // a header is ASCII, and so is every code
  const headers = { "Content-Type": "text/plain", ...code && { Authorization: `Bearer ${code}` } }
  for (let retry = 0; ; retry++) {
    const response = await send("?" + new URLSearchParams(query), {
      method: "POST", headers, body: prompt, signal,
    })
    if (response.ok) return picture(response)
    const error = await failure(response, code)
    if (retry === retries || !retried.includes(error.code)) throw error
    onRetry()
    await pause(error.seconds || 5, signal)
  }
}

async function read(path) {
  const response = await send(path, {})
  if (!response.ok) throw await failure(response)
  return response.json().catch(() => { throw unreadable(response) })
}

function send(path, request) {
  const sentence = "Easel cannot be reached. Check the connection, then try again."
  return fetch(new URL(path, address), request).catch(offline(sentence))
}

async function picture(response) {
  const sentence = "The connection broke before the whole picture was here. Check it, then try again."
  const text = await response.text().catch(offline(sentence))
  const header = name => response.headers.get(`X-Image-${name}`) ?? ""
  return {
    blob: new Blob([bytes(text, response)], { type: header("Type") }),
    seed: header("Seed"), price: header("Price"),
  }
}

function bytes(base64, response) {
  try {
    return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
  } catch {
    throw unreadable(response)
  }
}

/** What to throw for a broken connection; a cancelled one stays the signal's AbortError. */
function offline(sentence) {
  return error => { throw error.name === "AbortError" ? error : new ApiError("Offline", sentence) }
}

/** The API's own words; where it speaks to programs, or the answer is not the API's, ours. */
async function failure(response, code) {
  const { Code, Message } = await response.json().catch(() => ({})) ?? {}
  const seconds = Number(response.headers.get("Retry-After"))
  if (Code === "AccessCodeRequired" && Message.startsWith("access code must be sent")) return refused(code)
  if (Code === "BudgetSpent") return spent(seconds)
  // API Gateway's own throttle, before the API: no image can have been made here either.
  if (response.status === 429 && !Code) return new ApiError("ModelBusy", "Too many people ask at once. Try again in a few seconds.")
  if (Code && Message) return new ApiError(Code, sentence(Message), { seconds })
  if ([413, 414, 431].includes(response.status)) return new ApiError("TooLong", "The words are too long to send. Make them shorter.")
  return unreadable(response)
}

function refused(code) {
  return new ApiError("AccessCodeRequired", code
    ? "That access code is not the right one. Check it, then try again."
    : "This site needs its access code. Whoever gave you the link knows it.")
}

function spent(seconds) {
  const time = new Date(Date.now() + seconds * 1000)
  return new ApiError("BudgetSpent", "Too little is left of today's budget for this picture. It begins anew at {time}.", { seconds, values: { time } })
}

function unreadable(response) {
  return new ApiError("Unreadable", "The server gave an answer that makes no sense here (status {status}). Try again in a moment.", { values: response })
}

function sentence(text) {
  return text[0].toUpperCase() + text.slice(1).replaceAll("`", "") + (text.endsWith(".") ? "" : ".")
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000)
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason) }, { once: true })
  })
}
