// What is left of today's budget, in words. Knows no server.
import { money, say } from "../words/words.js"

/** The price of that many pictures; "" if the model has no price per picture. */
export function totalPrice(pictures, { price_usd: price }) {
  return price ? money(pictures * price) : ""
}

/**
 * Show on the line what is left, whether it is enough, and what this visit has cost.
 * @param {{daily_usd: ?number, spent_usd: number, resets_at: string}} budget  as of `GET /budget`
 * @param {number} visitUsd
 * @param {number} pictures  that the button generates
 * @param {{price_usd: number}} model  the selected one
 * @param {{price_usd: number}[]} models  all that are offered
 */
export function renderBudget(line, budget, visitUsd, pictures, model, models) {
  const left = Math.round((budget.daily_usd - budget.spent_usd) * 1e6) / 1e6 // 0.12 - 0.08 is less than 0.04
  const enough = !(left < pictures * model.price_usd - 1e-9)
  const cheapest = Math.min(...models.map(each => each.price_usd).filter(Boolean))
  const sentences = [enough ? remainingText(budget, left) : shortageText(budget, left, cheapest, pictures)]
  if (visitUsd) sentences.push(say("This visit: {cost}.", { cost: money(visitUsd) }))
  line.classList.toggle("insufficient", !enough)
  line.textContent = sentences.join(" ").trim()
}

function remainingText({ daily_usd: daily }, left) {
  if (Number.isNaN(left)) return ""
  return say("{left} of today's {daily} left.", { left: money(Math.max(0, left)), daily: money(daily) })
}

function shortageText({ resets_at: reset }, left, cheapest, pictures) {
  if (left < cheapest) return say("Today's budget is spent. It resets at {time}.", { time: new Date(reset) })
  const values = { left: money(Math.max(0, left)), pictures }
  if (pictures > 1) return say("{left} left today: not enough for {pictures} of this model.", values)
  return say("{left} left today: not enough for this model.", values)
}
