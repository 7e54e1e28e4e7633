// The page in the visitor's language; what it says in English is the key. Knows no server.

const languages = { en: "English", de: "Deutsch", es: "Español", ja: "日本語" }

const wanted = preferred()
const words = wanted === "en" ? undefined : await load(wanted)

const language = words ? wanted : "en"

const locale = language === "en" ? [] : language // English as it is written where the visitor is
const dollars = new Intl.NumberFormat(language, { style: "currency", currency: "USD" })
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" })
const decimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const calendar = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" })

export const money = amount => dollars.format(amount)

export const duration = seconds => `${decimal.format(seconds)}\u00a0s`

export const dateTime = date => calendar.format(date)

/** The sentence in the visitor's language, its {places} filled in; a Date is a time of day. */
export function say(sentence, values = {}) {
  const shown = value => (value instanceof Date ? clock.format(value) : value)
  return (words?.[sentence] ?? sentence).replace(/\{(\w+)\}/g, (place, name) => shown(values[name]) ?? place)
}

/** What went wrong; the server's own words are English, so that another language goes by its code. */
export function explain({ message, code, values }) {
  return say(words?.[message] || !words?.[code] ? message : code, values)
}

/** What stands on the page already. */
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

/** Let the menu say which language this is, and choose another one for this browser. */
export function addLanguages(menu) {
  menu.append(...Object.entries(languages).map(([name, title]) => new Option(title, name)))
  menu.value = language
  menu.onchange = () => prefer(menu.value)
}

function prefer(chosen) {
  try {
    localStorage.setItem("language", chosen)
  } catch {} // forbidden: it stays the browser's own
  location.reload()
}

function preferred() {
  const wanted = [stored(), ...navigator.languages.map(name => name.split("-")[0])]
  return wanted.find(name => Object.hasOwn(languages, name)) ?? "en"
}

function stored() {
  try {
    return localStorage.getItem("language")
  } catch {
    return null
  }
}

/** The language's sentences; undefined where they do not come, for English is better than nothing. */
async function load(name) {
  const late = new Promise(resolve => setTimeout(resolve, 3000)) // milliseconds
  const module = await Promise.race([import(`./${name}.js`).catch(() => {}), late])
  return module?.default
}
