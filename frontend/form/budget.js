// What is left of today's budget, in words. Knows no server.
import { money, say } from "../words/words.js"

/** What a click may cost; "" where pictures have no price. */
export function cost(pictures, { price_usd: price }) {
  return price ? money(pictures * price) : ""
}

/**
 * Say on the line what is left, whether it is enough, and what this visit has cost.
 * @param {{daily_usd: ?number, spent_usd: number, resets_at: string}} budget  of `GET /budget`
 * @param {number} visit  dollars
 * @param {{price_usd: number}} chosen  the model
 * @param {{price_usd: number}[]} models  all that are on offer
 */
export function drawBudget(line, budget, visit, pictures, chosen, models) {
  const left = Math.round((budget.daily_usd - budget.spent_usd) * 1e6) / 1e6 // 0.12 - 0.08 is less than 0.04
  const enough = !(left < pictures * chosen.price_usd - 1e-9)
  const cheapest = Math.min(...models.map(model => model.price_usd).filter(Boolean))
  const sentences = [enough ? whatIsLeft(budget, left) : whatIsMissing(budget, left, cheapest, pictures)]
  if (visit) sentences.push(say("This visit: {cost}.", { cost: money(visit) }))
  line.classList.toggle("short", !enough)
  line.textContent = sentences.join(" ").trim()
}

function whatIsLeft({ daily_usd: daily }, left) {
  if (Number.isNaN(left)) return ""
  return say("{left} of today's {daily} left.", { left: money(Math.max(0, left)), daily: money(daily) })
}

function whatIsMissing({ resets_at: reset }, left, cheapest, pictures) {
  if (left < cheapest) return say("Today's budget is spent. It begins anew at {time}.", { time: new Date(reset) })
  const values = { left: money(Math.max(0, left)), pictures }
  if (pictures > 1) return say("{left} left today: not enough for {pictures} of this model.", values)
  return say("{left} left today: not enough for this model.", values)
}
