/**
 * How far an order moves up when size at its price disappears without a trade.
 *
 * `power-prob`: part of what goes stood before us, with a probability that depends on where we stand.
 * `risk-averse`: everything that goes stood behind us; only trades move us up.
 */
export type QueueModel =
  | { readonly kind: 'power-prob'; readonly exponent: number }
  | { readonly kind: 'risk-averse' }

/** As {@link QueueModel} for the inner loop: 0 is risk-averse. */
export type QueueExponent = number

export const queueExponent = (model: QueueModel): QueueExponent =>
  model.kind === 'power-prob' ? model.exponent : 0

/**
 * Lots before our order after the size at its price went from `lotsBefore` to `lotsAfter`.
 *
 * With `c = lotsBefore − lotsAfter − traded` (trades are already counted), `b = lotsBefore − ahead` and
 * `p = bⁿ / (bⁿ + aheadⁿ)` the share that went behind us: `ahead − (1 − p) c + min(b − p c, 0)`, at most `lotsAfter`.
 * Growth joins behind us. With an exponent below 1 the result may fall under 0 by a fraction. Dimensions: lots.
 *
 * @param ahead - lots before us; not negative except for a fraction of a lot
 * @param traded - lots traded at this price since its last update
 * @see Moallemi & Rigtorp, "Estimating order queue position" (2013), https://rigtorp.se/2013/06/08/estimating-order-queue-position.html
 */
export function aheadAfterUpdate(
  exponent: QueueExponent,
  ahead: number,
  traded: number,
  lotsBefore: number,
  lotsAfter: number,
): number {
  const gone = lotsBefore - lotsAfter - traded
  if (exponent === 0 || gone < 0) return Math.min(ahead, lotsAfter)
  const behind = lotsBefore - ahead
  const behindWeight = power(behind, exponent)
  const share = behindWeight / (behindWeight + power(Math.max(ahead, 0), exponent))
  const estimate = ahead - (1 - share) * gone + Math.min(behind - share * gone, 0)
  // An empty queue makes the share 0/0: then what is left is right.
  if (Number.isNaN(estimate)) return lotsAfter
  return Math.min(estimate, lotsAfter)
}

const power = (value: number, exponent: number): number =>
  exponent === 3 ? value * value * value : value ** exponent

/** Whether trades reached our order: at least half a lot beyond what stood before it. */
export const isReached = (ahead: number): boolean => ahead <= -0.5
