// DOM elements in one expression. Knows nothing of the page.

/** An element with its properties; keys with a hyphen, and role, are attributes. */
export function createElement(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value)
    else element[name] = value
  }
  element.append(...children)
  return element
}
