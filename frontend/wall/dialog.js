// The viewer's elements. Knows no picture.
import { createElement } from "./dom.js"
import { say } from "../words/words.js"

/** The dialog, closed: the stage with the picture, and beside it what can be done with it, what costs money in the middle. */
export function createDialog() {
  return createElement("dialog", { className: "viewer", id: "viewer", "aria-label": say("Picture") },
    createStage(),
    createCompare(),
    createElement("p", { className: "visually-hidden", role: "status" }),
    createElement("div", { className: "details", tabIndex: -1 },
      createNavigation(),
      createElement("p", { className: "prompt-text", dir: "auto" }),
      createElement("button", { className: "text-button show-words", type: "button", textContent: say("Show all"), hidden: true }),
      createElement("div", { className: "actions" }, createButton("download", say("Download")), createStar(), ...createMenu()),
      createElement("div", { className: "actions" },
        createButton("more", "", "primary"),
        createButton("editWords", say("Edit the words")), createButton("sameSeed", say("Same seed")),
        createButton("changeAgain", say("Change again…"), "primary"), createButton("change", say("Change…"))),
      createElement("div", { className: "relatives", hidden: true }),
      createElement("dl", { className: "settings" }),
      createElement("div", { className: "last" },
        createElement("label", { className: "checkbox" },
          createElement("input", { className: "embed-metadata", type: "checkbox", checked: true }), ` ${say("Settings inside the file")}`),
        createButton("remove", say("Delete"), "text-button"))))
}

export function createTermAndValue([label, textContent]) {
  return [createElement("dt", { textContent: say(label) }), createElement("dd", { textContent })]
}

function createStage() {
  const zoom = createElement("button", { className: "zoom", type: "button", title: say("Zoom"), "aria-pressed": "false" },
    createElement("img", { alt: "" }), createElement("img", { className: "before", alt: "", hidden: true }))
  return createElement("div", { className: "stage" }, zoom, createElement("output", { className: "scale", hidden: true }))
}

function createCompare() {
  return createElement("div", { className: "compare", hidden: true },
    createElement("button", { className: "secondary", type: "button", textContent: say("Before"), "aria-pressed": "false" }),
    createElement("input", { type: "range", min: 0, max: 100, value: 0, "aria-label": say("How much of the picture before is seen") }))
}

function createNavigation() {
  return createElement("div", { className: "navigation" },
    createIcon("newer", "‹", say("Newer")), createIcon("older", "›", say("Older")),
    createElement("p", { className: "place" }), createIcon("close", "×", say("Close")))
}

function createStar() {
  const star = createButton("star", say("Star"))
  star.setAttribute("aria-pressed", "false")
  return star
}

function createMenu() {
  const opener = createElement("button", { className: "secondary opener", type: "button" })
  opener.setAttribute("popovertarget", "copy-menu")
  const menu = createElement("div", { className: "menu", id: "copy-menu", popover: "auto" },
    createButton("share", say("Share the picture"), "item"), createButton("copyPicture", say("Copy picture"), "item"),
    createButton("copyPrompt", say("Copy prompt"), "item"), createButton("copyLink", say("Copy link"), "item"))
  return [opener, menu]
}

function createIcon(action, icon, label) {
  const button = createButton(action, icon, "secondary icon")
  button.setAttribute("aria-label", label)
  button.title = label
  return button
}

function createButton(action, textContent, className = "secondary") {
  return createElement("button", { className, type: "button", textContent, "data-action": action })
}
