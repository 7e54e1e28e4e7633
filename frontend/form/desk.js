// The desk: what is on offer, what is asked for, and what it costs. Knows no server and no pictures.
import { acceptCode, changeCode, findCode, keepCode, needCode, refuseCode, revealCode } from "./access.js"
import { cost, drawBudget } from "./budget.js"
import { checkPrompt, count, drawModel, drawModels, fill, fold, remember, remembered, several, unfold } from "./fields.js"
import { takeLink } from "./link.js"
import { explain, say } from "../words/words.js"

/**
 * @param {HTMLFormElement} form
 * @param {Object} acts
 * @param {() => Promise<object>} acts.models  what `GET /models` says
 * @param {() => Promise<object>} acts.budget  what `GET /budget` says
 * @param {(sentence: string) => void} acts.tell  what is seen anyway
 * @param {(sentence: string) => void} acts.show  what else nobody would see
 */
export function addDesk(form, { models, budget, tell, show }) {
  const find = selector => form.querySelector(selector)
  const { prompt } = form.elements
  const button = find("[type=submit]")
  const code = find("#access-code")
  findCode(form) // before the rest of the link is taken
  const link = takeLink()
  const asked = { ...remembered(), ...link } // for the form, once it is drawn
  let offer
  let today = { daily_usd: null }
  let visit = 0 // dollars that this visit has cost

  async function start() {
    find("#reload").hidden = true
    askBudget()
    try {
      offer = await models()
      drawModels(form, offer)
      if (Object.keys(link).length) tell(say("The settings are in the form."))
      fillIn({ ...asked, prompt: prompt.value })
      if (offer.access === "code") needCode(form)
    } catch (error) {
      find("#model-help").textContent = explain(error)
      tell(explain(error))
      find("#reload").hidden = false
    }
  }

  /** Nothing waits for it, and without an answer nothing is said. */
  async function askBudget() {
    today = await budget().catch(() => ({ daily_usd: null }))
    if (offer) sayBudget()
  }

  function use(wanted) {
    prompt.value = wanted.prompt || prompt.value
    if (!offer) return Object.assign(asked, wanted)
    tell(say("The settings are in the form."))
    fillIn(wanted)
    remember(form)
    prompt.focus()
  }

  /** Another program's file has only a title, which perhaps nothing here has. */
  function fillIn({ title, model = byTitle(title)?.name ?? title, ...wanted }) {
    fill(form, { ...wanted, model }, choose)
    if (Number(form.elements.seed.value)) unfold(form, form.elements.seed) // the same picture again
    const sentence = "{model} is not on offer here. The other settings are in the form."
    if (model && !byName(model)) show(say(sentence, { model: title ?? model }))
  }

  function byTitle(title) {
    return offer.models.find(model => model.title === title)
  }

  function byName(name) {
    return offer?.models.find(model => model.name === name)
  }

  function chosen() {
    return byName(form.elements.model.value)
  }

  function choose() {
    prompt.setCustomValidity("") // another model may allow it
    drawModel(form, chosen())
    sayPrice()
  }

  function sayPrice() {
    const pictures = count(form)
    const what = pictures > 1 ? say("Generate {pictures} images", { pictures }) : say("Generate image")
    button.textContent = withPrice(what, chosen().name)
    sayBudget()
  }

  /** What a button does, and what a press may cost. */
  function withPrice(what, name) {
    const price = byName(name) && cost(count(form), byName(name))
    return price ? say("{what}, about {price}", { what, price }) : what
  }

  function sayBudget() {
    drawBudget(find("#budget"), today, visit, count(form), chosen(), offer.models)
  }

  prompt.value = asked.prompt || prompt.value
  start()

  form.oninput = () => {
    prompt.setCustomValidity("") // until the next click
    remember(form)
  }
  form.elements.model.onchange = choose
  find(".count").onchange = sayPrice
  find("#reload").onclick = start
  find("#fold").onclick = () => fold(form)
  find("#change-code").onclick = () => changeCode(form)
  find("#show-code").onclick = () => revealCode(form)

  // A value that the browser refuses must be in sight, or nothing says why nothing happens.
  form.addEventListener("invalid", event => unfold(form, event.target), { capture: true })

  // A link that is opened where the page already stands.
  window.addEventListener("hashchange", () => {
    findCode(form)
    const link = takeLink()
    if (Object.keys(link).length) use(link)
  })

  // Who was told to come back tomorrow comes back to this page.
  document.addEventListener("visibilitychange", () => {
    if (Date.parse(today.resets_at) < Date.now()) askBudget()
  })

  window.addEventListener("online", () => { if (!offer) start() })

  return {
    use, withPrice,
    /** The model of that name, if it is on offer. */
    find: byName,
    /** The values of each picture of a click; none where something is still to be said or typed. */
    order: () => (offer && checkPrompt(form, chosen()) && code.reportValidity() ? several(form) : []),
    /** The access code to send; null where it is still to be typed. */
    code: () => (code.reportValidity() ? keepCode(form) : null),
    /** Put the focus where a click began. */
    focus: () => button.focus({ preventScroll: true }),
    /** A press of the button does nothing meanwhile. */
    wait: busy => button.setAttribute("aria-disabled", busy),
    pay(price) {
      visit += Number(price)
      sayBudget()
    },
    /** With that code, so many pictures came, and perhaps an error. */
    settle(sent, hung, error) {
      if (error?.code === "AccessCodeRequired") refuseCode(form, sent, explain(error))
      else if (hung) acceptCode(form, sent)
      askBudget()
    },
  }
}
