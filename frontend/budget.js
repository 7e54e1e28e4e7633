// What is left of today's budget, in words. Knows no server.

const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" })
const clock = new Intl.DateTimeFormat([], { timeStyle: "short" })

/**
 * Say on the line what is left, and whether it is enough.
 * @param {{daily_usd: ?number, spent_usd: number, resets_at: string}} budget  of `GET /budget`
 * @param {{price_usd: number}} chosen  the model
 * @param {{price_usd: number}[]} models  all that are on offer
 */
export function drawBudget(line, { daily_usd: daily, spent_usd: spent, resets_at: reset }, chosen, models) {
  const left = Math.round((daily - spent) * 1e6) / 1e6 // because 0.12 - 0.08 is less than 0.04
  const dollarsLeft = dollars.format(Math.max(0, left))
  const cheapest = Math.min(...models.map(model => model.price_usd))
  line.classList.toggle("short", left < chosen.price_usd)
  if (Number.isNaN(left)) line.textContent = "" // there is no budget
  else if (left >= chosen.price_usd) line.textContent = `${dollarsLeft} of today's ${dollars.format(daily)} left.`
  else if (left >= cheapest) line.textContent = `${dollarsLeft} left today: not enough for this model.`
  else line.textContent = `Today's budget is spent. It begins anew at ${clock.format(new Date(reset))}.`
}
