// One picture, large, with how it was made and all that can be done with it. Knows no server.
import { dateTime, duration, money, say } from "../words/words.js"

const labels = {
  negative_prompt: "Negative prompt", aspect_ratio: "Aspect ratio", size: "Size", cfg_scale: "Prompt strength",
  steps: "Steps", style_preset: "Style", sampler: "Sampler", clip_guidance_preset: "CLIP guidance", output_format: "File format",
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {Object<string, (record: object, blob: Blob) => void>} acts  by the name on each button's data-act
 */
export function addViewer(dialog, acts) {
  const image = dialog.querySelector("img")
  const zoom = dialog.querySelector(".zoom")
  let shown // its record
  let file

  dialog.addEventListener("click", ({ target }) => {
    const { act } = target.closest("[data-act]")?.dataset ?? {}
    if (act) acts[act](shown, file)
    if (target === dialog) dialog.close() // the ground around it
  })
  dialog.addEventListener("keydown", ({ key }) => {
    if (isZoomed()) return // the arrows move the picture
    if (key === "ArrowLeft") acts.newer(shown)
    if (key === "ArrowRight") acts.older(shown)
  })
  dialog.addEventListener("cancel", event => {
    if (!isZoomed()) return
    event.preventDefault() // Escape leaves one thing at a time
    magnify(false)
  })
  dialog.addEventListener("close", () => {
    shown = undefined
    URL.revokeObjectURL(image.src)
    image.removeAttribute("src")
  })
  zoom.onclick = () => magnify(!isZoomed())

  const isZoomed = () => zoom.getAttribute("aria-pressed") === "true"
  const magnify = on => zoom.setAttribute("aria-pressed", on)

  return {
    show(record, blob, { newer, older, more }) {
      shown = record
      file = blob
      URL.revokeObjectURL(image.src)
      magnify(false)
      Object.assign(image, { src: URL.createObjectURL(blob), alt: record.prompt })
      dialog.querySelector(".words").textContent = record.prompt
      dialog.querySelector("dl").replaceChildren(...settings(record).flatMap(pair))
      dialog.querySelector("[data-act=more]").textContent = more
      dialog.querySelector("[data-act=newer]").disabled = !newer
      dialog.querySelector("[data-act=older]").disabled = !older
      if (document.activeElement.disabled) dialog.querySelector("[data-act=close]").focus() // else no key comes here
      this.star(record.star)
      if (!dialog.open) dialog.showModal()
    },
    star(on) {
      dialog.querySelector("[data-act=star]").setAttribute("aria-pressed", Boolean(on))
    },
    close: () => dialog.close(),
    /** The id of what it shows; undefined where it is closed. */
    get id() {
      return shown?.id
    },
  }
}

function settings({ title, seed, price, seconds, made, values, width, height }) {
  const more = Object.entries(labels).map(([name, label]) => [label, values[name]])
  const facts = [
    ["Model", title], ["Seed", seed], ...more, ["Pixels", width && `${width} × ${height}`],
    ["Price", Number(price) ? money(price) : ""], ["Time", seconds && duration(seconds)],
    ["Made", dateTime(made)],
  ]
  return facts.filter(([, value]) => value)
}

function pair([label, value]) {
  return [["dt", say(label)], ["dd", value]].map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text }))
}
