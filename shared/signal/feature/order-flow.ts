/** Prices and sizes at the best levels of a book. */
export type TopOfBook = {
  bidTicks: number
  bidLots: number
  askTicks: number
  askLots: number
}

/**
 * Queue imbalance, `(bid − ask) / (bid + ask)` of the best sizes; −1 to 1, positive when buyers wait.
 *
 * @returns undefined when both sizes are zero
 */
export function queueImbalance({ bidLots, askLots }: TopOfBook): number | undefined {
  const total = bidLots + askLots
  return total > 0 ? (bidLots - askLots) / total : undefined
}

/**
 * Mid weighted by the opposite sizes, `(ask size · bid + bid size · ask) / (bid size + ask size)`, in ticks.
 *
 * Often called micro-price; Stoikov's micro-price (2018) is another, fitted quantity.
 *
 * @returns undefined when both sizes are zero
 */
export function weightedMidTicks(top: TopOfBook): number | undefined {
  const total = top.bidLots + top.askLots
  return total > 0 ? (top.askLots * top.bidTicks + top.bidLots * top.askTicks) / total : undefined
}

/**
 * Order flow imbalance of one change of the best levels, in lots; positive is buying pressure.
 *
 * `e = 1{Pᵇ ≥ Pᵇ₋}qᵇ − 1{Pᵇ ≤ Pᵇ₋}qᵇ₋ − 1{Pᵃ ≤ Pᵃ₋}qᵃ + 1{Pᵃ ≥ Pᵃ₋}qᵃ₋`.
 *
 * @see Cont, Kukanov & Stoikov (2014), "The price impact of order book events", Journal of Financial
 *   Econometrics 12(1), 47–88, https://doi.org/10.1093/jjfinec/nbt003
 */
export function orderFlowLots(before: TopOfBook, after: TopOfBook): number {
  let flow = 0
  if (after.bidTicks >= before.bidTicks) flow += after.bidLots
  if (after.bidTicks <= before.bidTicks) flow -= before.bidLots
  if (after.askTicks <= before.askTicks) flow -= after.askLots
  if (after.askTicks >= before.askTicks) flow += before.askLots
  return flow
}
