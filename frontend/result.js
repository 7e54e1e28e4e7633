// One picture on the wall: waiting, then hung or failed. Knows no server and no form.

/**
 * Put a blank canvas on top of the wall, in the shape that the values ask for.
 * @param {Object<string, string>} values  as the form had them
 * @param {{cancel: () => void, again: () => void}} acts  for the canvas's one button
 */
export function addResult(wall, values, { cancel, again }) {
  const message = element("p", { className: "message" })
  const button = element("button", { className: "quiet", type: "button", textContent: "Cancel", onclick: cancel })
  const canvas = element("div", { className: "canvas" }, message, button)
  const words = shorten(values.prompt)
  const figure = element("figure", { className: "result" }, canvas, caption(words))
  const started = performance.now()
  let waiting = "Painting…"

  const seconds = () => (performance.now() - started) / 1000
  const tick = () => { message.textContent = `${waiting} ${Math.floor(seconds())} s` }
  const clock = setInterval(tick, 250)
  const finish = () => {
    clearInterval(clock)
    figure.removeAttribute("aria-busy")
  }

  tick()
  figure.style.setProperty("--ratio", ratio(values))
  figure.setAttribute("aria-busy", "true")
  wall.prepend(figure)
  figure.scrollIntoView({ block: "nearest" })

  return {
    /** The model is busy, and will be asked once more. */
    wait() {
      waiting = "The model is busy; asking again…"
      tick()
    },
    /** Show the picture, with its label; rejects if it is none. */
    async hang({ blob, seed, price }, title) {
      const image = element("img", { className: "picture", alt: words, src: URL.createObjectURL(blob) })
      await image.decode().catch(() => { throw new Error("The picture that came cannot be shown. Try again.") })
      finish()
      const cost = Number(price) ? [`$${price}`] : []
      const facts = [title, `seed ${seed}`, ...cost, `${seconds().toFixed(1)} s`].join(" · ")
      figure.replaceChildren(image, caption(words, facts))
    },
    /** Say what went wrong, and offer another try. */
    fail(error) {
      finish()
      figure.classList.add("failed")
      message.textContent = error.message
      Object.assign(button, { textContent: "Try again", onclick: again })
    },
    remove() {
      finish()
      figure.remove()
    },
  }
}

/** Width by height: of `aspect_ratio` "16:9", or of `size` "1344x768". */
function ratio({ aspect_ratio: shape = "", size = shape }) {
  const [width, height] = (size || "1:1").split(/[:x]/)
  return width / height
}

/** A label is read at a glance, and a page with ten million letters stands still. */
function shorten(prompt) {
  return prompt.length > 1000 ? `${prompt.slice(0, 1000)}…` : prompt
}

function caption(prompt, facts = "") {
  return element("figcaption", { className: "label" },
    element("p", { className: "words", textContent: prompt }),
    element("p", { className: "facts", textContent: facts }))
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}
