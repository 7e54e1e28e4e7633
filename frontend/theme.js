// Light or dark theme, by choice. Loads before the other modules, so that the wrong theme hardly shows.

const key = "look" // in localStorage
const { dataset } = document.documentElement
dataset.theme = storedTheme()

/** Let the menu show the current theme and choose another; "" follows the system. */
export function addThemeMenu(menu) {
  menu.value = dataset.theme
  menu.onchange = () => {
    dataset.theme = menu.value
    storeTheme(menu.value)
  }
}

function storeTheme(theme) {
  try {
    localStorage.setItem(key, theme)
  } catch {} // storage is forbidden: the choice lasts until the page is closed
}

function storedTheme() {
  try {
    return localStorage.getItem(key) ?? ""
  } catch {
    return ""
  }
}
