// What a visitor chooses for this browser: light or dark, and whether single keys work. Loads before the other
// modules, so that the wrong theme hardly shows.

const { dataset } = document.documentElement
const keys = { theme: "look", keys: "keys" } // in localStorage, by data attribute
for (const name of Object.keys(keys)) dataset[name] = stored(keys[name])

/** Let the menu show the current theme and choose another; "" follows the system. */
export function addThemeMenu(menu) {
  menu.value = dataset.theme
  menu.onchange = () => choose("theme", menu.value)
}

/** Let the checkbox switch off the keys that work without Ctrl, as people who dictate press them by accident. */
export function addKeysSwitch(box) {
  box.checked = areSingleKeysOn()
  box.onchange = () => choose("keys", box.checked ? "" : "off")
}

export const areSingleKeysOn = () => dataset.keys !== "off"

function choose(name, value) {
  dataset[name] = value
  try {
    localStorage.setItem(keys[name], value)
  } catch {} // storage is forbidden: the choice lasts until the page is closed
}

function stored(key) {
  try {
    return localStorage.getItem(key) ?? ""
  } catch {
    return ""
  }
}
