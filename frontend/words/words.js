// The page in the visitor's language, with its English sentences as keys. Knows no server.

const languages = { en: "English", de: "Deutsch", es: "Español", ja: "日本語" }
const loadMilliseconds = 3000 // to wait for a translation

const preferred = preferredLanguage()
const translations = preferred === "en" ? undefined : await loadTranslations(preferred)

const language = translations ? preferred : "en"

const locale = language === "en" ? [] : language // English takes the visitor's region from the browser
const dollars = new Intl.NumberFormat(language, { style: "currency", currency: "USD" })
const timeOfDay = new Intl.DateTimeFormat(locale, { timeStyle: "short" })
const decimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" })

export const money = amount => dollars.format(amount)

export const duration = seconds => `${decimal.format(seconds)}\u00a0s`

export const dateTime = date => dateAndTime.format(date)

/** The sentence in the visitor's language, its {names} replaced by the values; a Date becomes a time of day. */
export function say(sentence, values = {}) {
  const text = value => (value instanceof Date ? timeOfDay.format(value) : value)
  const insert = (placeholder, name) => (Object.hasOwn(values, name) ? text(values[name]) : placeholder)
  return (translated(sentence) ?? sentence).replace(/\{(\w+)\}/g, insert)
}

/** The error's message. The API writes English only, so other languages look its messages up by error code. */
export function explain({ message, code, values }) {
  // Without a code, as api.js gives, it is a browser's own error: in English, and for programmers.
  if (typeof code !== "string") return say("Something went wrong on this page. Reload it, then try again.")
  const known = translated(message) || !translated(code)
  return say(known ? message : code, values)
}

/** The translation; undefined if there is none. Sentences come from the API, too, and may be "constructor". */
function translated(sentence) {
  return translations && Object.hasOwn(translations, sentence) ? translations[sentence] : undefined
}

/** Translate the texts and attributes of index.html. */
export function translate(root) {
  root.lang = language
  if (language === "en") return
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const node = texts.currentNode
    const sentence = node.data.trim()
    if (sentence) node.data = node.data.replace(sentence, () => say(sentence))
  }
  for (const name of ["aria-label", "placeholder", "title", "content"]) {
    for (const element of root.querySelectorAll(`[${name}]`)) {
      element.setAttribute(name, say(element.getAttribute(name)))
    }
  }
}

/** Add a button for each language, which chooses it for this browser; the current one is marked. */
export function addLanguages(group) {
  for (const [name, title] of Object.entries(languages)) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "text-button", lang: name, textContent: title })
    if (name === language) button.setAttribute("aria-current", "true")
    button.onclick = () => chooseLanguage(name)
    group.append(button)
  }
}

function chooseLanguage(name) {
  try {
    localStorage.setItem("language", name)
  } catch {} // storage is forbidden: the browser's own language stays
  location.reload()
}

function preferredLanguage() {
  const candidates = [storedLanguage(), ...navigator.languages.map(name => name.split("-")[0])]
  return candidates.find(name => Object.hasOwn(languages, name)) ?? "en"
}

function storedLanguage() {
  try {
    return localStorage.getItem("language")
  } catch {
    return null
  }
}

/** Add the sentences of a part of the page that loads later, from its folder. */
export async function loadWords(part) {
  if (translations) Object.assign(translations, await loadTranslations(`${part}/${language}`))
}

/** The language's sentences; undefined if they do not load in time, and the page stays English. */
async function loadTranslations(name) {
  const timeout = new Promise(resolve => setTimeout(resolve, loadMilliseconds))
  const module = await Promise.race([import(`./${name}.js`).catch(() => {}), timeout])
  return module?.default
}
