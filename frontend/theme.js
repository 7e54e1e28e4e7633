// Light or dark, by choice. Runs before the other modules, so that the wrong look hardly shows.

const { dataset } = document.documentElement
dataset.look = stored()

/** Let the menu say which look there is, and choose another; "" is the system's own. */
export function addLook(menu) {
  menu.value = dataset.look
  menu.onchange = () => {
    dataset.look = menu.value
    store(menu.value)
  }
}

function store(look) {
  try {
    localStorage.setItem("look", look)
  } catch {} // forbidden: it lasts as long as the page
}

function stored() {
  try {
    return localStorage.getItem("look") ?? ""
  } catch {
    return ""
  }
}
