// Light or dark, by choice. Knows no server.

/** The look that was chosen in this browser, "" for the system's own; with a name, from now on that. */
export function look(chosen) {
  try {
    if (chosen !== undefined) localStorage.setItem("look", chosen)
    return localStorage.getItem("look") ?? ""
  } catch {
    return chosen ?? ""
  }
}
