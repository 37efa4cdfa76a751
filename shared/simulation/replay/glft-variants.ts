import { invariant } from '#shared/kernel/error.ts'
import { glftCoefficients } from '#shared/strategy/quoting/glft.ts'
import type { MarketEstimate } from './estimate.ts'
import type { ExchangeSide } from './exchange-side.ts'
import { sideOfSlot, slotState, variantOfSlot } from './orders.ts'

/** Parameters of one GLFT market maker. */
export type GlftVariant = {
  /** `γ`, per tick and order of inventory; positive. */
  readonly gammaPerTick: number
  /** Times the model's half-spread, hftbacktest's `adj1`. */
  readonly halfSpreadFactor: number
  /** Times the model's skew, hftbacktest's `adj2`. */
  readonly skewFactor: number
  readonly orderLots: number
  /** No bid from this inventory upwards, no ask from its negative downwards. */
  readonly inventoryLotsMax: number
  /**
   * Quotes are moved out to a price grid of this many half-spreads, so that they change less often; 0 quotes every
   * tick. hftbacktest's notebook has 1.
   */
  readonly gridHalfSpreads: number
}

/** Quotes of all variants, and what they know of their own orders. */
export type GlftVariants = {
  readonly variants: readonly GlftVariant[]
  readonly orderLots: Int32Array
  readonly inventoryLotsMax: Float64Array
  readonly halfSpreadTicks: Float64Array
  /** Ticks per lot of inventory times order lots: skew of one order. */
  readonly skewTicks: Float64Array
  /** 1 or less quotes every tick. */
  readonly gridTicks: Float64Array
  /** Inventory by the fills that have been reported. */
  readonly inventoryLots: Float64Array
  readonly checksum: Int32Array
  isQuoting: boolean
  /** Slots to place, and `~slot` to cancel: a ring. */
  readonly requests: Int32Array
  requestHead: number
  requestTail: number
}

/** A quote further than this from the mid is not placed. */
const quoteDistanceTicksMax = 1 << 18

export const createGlftVariants = (
  variants: readonly GlftVariant[],
  slots: number,
): GlftVariants => ({
  variants,
  orderLots: Int32Array.from(variants, ({ orderLots }) => orderLots),
  inventoryLotsMax: Float64Array.from(variants, ({ inventoryLotsMax }) => inventoryLotsMax),
  halfSpreadTicks: new Float64Array(variants.length),
  skewTicks: new Float64Array(variants.length),
  gridTicks: new Float64Array(variants.length),
  inventoryLots: new Float64Array(variants.length),
  checksum: new Int32Array(variants.length),
  isQuoting: false,
  requests: new Int32Array(2 * slots + 1),
  requestHead: 0,
  requestTail: 0,
})

/**
 * Takes over renewed estimates: `half-spread = (c₁ + σc₂/2) · halfSpreadFactor`, `skew = σc₂ · skewFactor`, with an
 * order as the unit of inventory.
 */
export function refitVariants(glft: GlftVariants, estimate: MarketEstimate): void {
  const { volatilityTicks, fit } = estimate
  glft.variants.forEach((variant, index) => {
    const { halfSpreadTicks, skewTicks } = glftCoefficients({
      volatilityTicks,
      intensityPerSecond: fit.perSecond,
      decayPerTick: fit.perTick,
      gammaPerTick: variant.gammaPerTick,
    })
    glft.halfSpreadTicks[index] = halfSpreadTicks * variant.halfSpreadFactor
    glft.skewTicks[index] = skewTicks * variant.skewFactor
    glft.gridTicks[index] = Math.floor(
      halfSpreadTicks * variant.halfSpreadFactor * variant.gridHalfSpreads + 0.5,
    )
  })
  glft.isQuoting = true
}

/** Reads every answer that has reached us by `nowUs`: inventory moves, slots become free. */
export function readAnswers(glft: GlftVariants, exchange: ExchangeSide, nowUs: number): void {
  const { orders, answers } = exchange
  while (exchange.answerHead !== exchange.answerTail) {
    const slot = answers[exchange.answerHead]!
    if (orders.endKnownUs[slot]! > nowUs) return
    exchange.answerHead = (exchange.answerHead + 1) % answers.length
    orders.state[slot] = slotState.free
    if (orders.isFilled[slot] === 0) continue
    const variant = variantOfSlot(orders, slot)
    const lots = glft.orderLots[variant]!
    glft.inventoryLots[variant]! += sideOfSlot(orders, slot) === 0 ? lots : -lots
  }
}

/** Best prices that every variant sees at one step. */
export type StepPrices = {
  readonly nowUs: number
  /** Time from here to the answer of a request. */
  readonly roundTripUs: number
  readonly bestBidTicks: number
  readonly bestAskTicks: number
}

/**
 * One decision of every variant. Reservation price `r = mid − skew · inventory / orderLots`; bid
 * `min(round(r − half-spread), best bid)`, ask `max(round(r + half-spread), best ask)`, both moved out to the grid.
 * Requests what is missing and cancels what stands elsewhere.
 */
export function quoteVariants(
  glft: GlftVariants,
  exchange: ExchangeSide,
  { nowUs, roundTripUs, bestBidTicks, bestAskTicks }: StepPrices,
): void {
  const mid = (bestBidTicks + bestAskTicks) / 2
  const { orderLots, inventoryLotsMax, halfSpreadTicks, skewTicks, gridTicks } = glft
  const { inventoryLots, checksum } = glft
  const knownUs = nowUs + roundTripUs
  for (let variant = 0; variant < orderLots.length; variant++) {
    const inventory = inventoryLots[variant]!
    const reservation = mid - (skewTicks[variant]! * inventory) / orderLots[variant]!
    const half = halfSpreadTicks[variant]!
    let bid = Math.min(Math.floor(reservation - half + 0.5), bestBidTicks)
    let ask = Math.max(Math.floor(reservation + half + 0.5), bestAskTicks)
    const grid = gridTicks[variant]!
    if (grid > 1) {
      bid = Math.floor(bid / grid) * grid
      ask = Math.ceil(ask / grid) * grid
    }
    const inventoryMax = inventoryLotsMax[variant]!
    const hasBid = inventory < inventoryMax && bid > 0 && mid - bid <= quoteDistanceTicksMax
    const hasAsk = inventory > -inventoryMax && ask - mid <= quoteDistanceTicksMax
    const bidTicks = hasBid ? bid : 0
    const askTicks = hasAsk ? ask : 0
    checksum[variant] = (Math.imul(checksum[variant]!, 31) + Math.imul(bidTicks, 7) + askTicks) | 0
    quoteSide(glft, exchange, 2 * variant, bidTicks, nowUs, knownUs)
    quoteSide(glft, exchange, 2 * variant + 1, askTicks, nowUs, knownUs)
  }
}

/** Cancels every order that may be cancelled, as while the book is not two-sided. */
export function withdrawVariants(glft: GlftVariants, exchange: ExchangeSide, nowUs: number): void {
  for (let side = 0; side < 2 * glft.variants.length; side++)
    quoteSide(glft, exchange, side, 0, nowUs, nowUs)
}

/**
 * Brings one side of one variant to one order at `ticks`; 0 is none.
 *
 * @param side - `2 × variant`, plus 1 for sells
 */
function quoteSide(
  glft: GlftVariants,
  exchange: ExchangeSide,
  side: number,
  ticks: number,
  nowUs: number,
  knownUs: number,
): void {
  const { orders } = exchange
  const { slotsPerSide, state, isCancelSent, acceptedKnownUs } = orders
  const from = side * slotsPerSide
  let isThere = ticks === 0
  let freeSlot = -1
  for (let slot = from; slot < from + slotsPerSide; slot++) {
    if (state[slot] === slotState.free) freeSlot = slot
    else if (orders.ticks[slot] === ticks) isThere = true
    else if (isCancelSent[slot] === 0 && acceptedKnownUs[slot]! <= nowUs) {
      isCancelSent[slot] = 1
      request(glft, ~slot)
    }
  }
  if (isThere) return
  invariant(freeSlot >= 0, 'a replay variant has more orders under way than its latency allows')
  orders.ticks[freeSlot] = ticks
  state[freeSlot] = slotState.sent
  isCancelSent[freeSlot] = 0
  orders.isFilled[freeSlot] = 0
  acceptedKnownUs[freeSlot] = knownUs
  exchange.accounts.orders[side >> 1]!++
  request(glft, freeSlot)
}

function request(glft: GlftVariants, value: number): void {
  glft.requests[glft.requestTail] = value
  glft.requestTail = (glft.requestTail + 1) % glft.requests.length
}
