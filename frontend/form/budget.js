// What is left of today's budget, in words. Knows no server.
import { money, say } from "../words/words.js"

const mostPictures = 4 // in one click

/** The price of that many pictures; "" if the model has no price per picture. */
export function totalPrice(pictures, { price_usd: price }) {
  return price ? money(pictures * price) : ""
}

/** How many pictures of the model today's budget pays for; Infinity without a budget or a price. */
export function affordable(budget, { price_usd: price }) {
  return budget.daily_usd === null || !price ? Infinity : Math.max(0, Math.floor(remaining(budget) / price + 1e-9))
}

/** What is left today in US dollars; null without a budget. */
export const left = budget => (budget.daily_usd === null ? null : remaining(budget))

/** Whether what is left pays for no model's picture. */
export function isSpent(budget, models) {
  return budget.daily_usd !== null && remaining(budget) < Math.min(...models.map(model => model.price_usd).filter(Boolean))
}

/**
 * Show on the line what is left, what it is enough for, and what this visit has cost.
 * @param {{daily_usd: ?number, spent_usd: number, resets_at: string}} budget  as of `GET /budget`
 * @param {number} visitUsd
 * @param {{price_usd: number}} model  the selected one
 * @param {{price_usd: number}[]} models  all that are offered
 */
export function renderBudget(line, budget, visitUsd, model, models) {
  const sentences = [budgetText(budget, affordable(budget, model), models)]
  if (visitUsd) sentences.push(say("This visit: {cost}.", { cost: money(visitUsd) }))
  line.classList.toggle("insufficient", !affordable(budget, model))
  line.textContent = sentences.join(" ").trim()
}

function budgetText(budget, pictures, models) {
  if (budget.daily_usd === null) return ""
  if (isSpent(budget, models)) return say("Today's budget is spent. It resets at {time}.", { time: new Date(budget.resets_at) })
  const left = money(Math.max(0, remaining(budget)))
  if (!pictures) return say("{left} left today: not enough for this model.", { left })
  if (pictures < mostPictures) return say("{left} left today: enough for {pictures}.", { left, pictures })
  return say("{left} of today's {daily} left.", { left, daily: money(budget.daily_usd) })
}

/** In whole micro-dollars, as 0.12 - 0.08 is less than 0.04. */
const remaining = ({ daily_usd: daily, spent_usd: spent }) => Math.round((daily - spent) * 1e6) / 1e6
