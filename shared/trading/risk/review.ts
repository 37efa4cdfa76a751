import { quoteFromE8 } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import { type Instrument, notionalE8, signOf } from '#shared/market/instrument.ts'
import type { Approved, Order } from '../order/order.ts'
import type { Limits } from './limits.ts'

export type RefusalReason =
  | 'not-trading'
  | 'user-stream-down'
  | 'book-not-live'
  | 'no-mark-price'
  | 'equity-unknown'
  | 'price-out-of-range'
  | 'size-out-of-range'
  | 'below-minimum-notional'
  | 'too-many-orders'
  | 'not-reducing'
  | 'position-limit'
  | 'concentration-limit'
  | 'leverage-limit'
  | 'capital-limit'
  | 'leg-risk'
  | 'self-cross'

export type Verdict =
  | { readonly verdict: 'approved'; readonly order: Approved<Order> }
  | { readonly verdict: 'refused'; readonly reason: RefusalReason }

/** What one order is judged against. Lots are signed where they are positions, unsigned where they work. */
export type Exposure = {
  /** Killed, not started or stopping: only a flatten order may pass. */
  readonly isTrading: boolean
  readonly isFlattening: boolean
  readonly isUserStreamUp: boolean
  readonly isBookLive: boolean
  readonly markPriceE8: number | undefined
  readonly equityE8: QuoteE8 | undefined
  readonly capitalE8: QuoteE8
  readonly openOrders: number
  /** The strategy's own. */
  readonly inventoryLots: number
  readonly workingSameSideLots: number
  /** The account's. */
  readonly netLots: number
  readonly netWorkingSameSideLots: number
  /** Gross notional of all other instruments, worst case. */
  readonly grossOtherE8: QuoteE8
  readonly isLegRiskSpent: boolean
  readonly crossesOwnQuote: boolean
}

/**
 * Judges one order. Refusal is an ordinary answer, so it is returned; only broken invariants throw.
 *
 * Limits look at the worst case: everything already working on this side fills as well. An order that brings the
 * strategy's own position nearer to zero without turning it is never stopped by a size limit.
 */
export function reviewOrder(
  order: Order,
  instrument: Instrument,
  exposure: Exposure,
  limits: Limits,
): Verdict {
  const reason =
    refuseByState(order, exposure) ??
    refuseByFilter(order, instrument, exposure) ??
    refuseByLimit(order, instrument, exposure, limits)
  return reason === undefined
    ? { verdict: 'approved', order: order as Approved<Order> }
    : { verdict: 'refused', reason }
}

function refuseByState(order: Order, exposure: Exposure): RefusalReason | undefined {
  if (!exposure.isTrading && !(exposure.isFlattening && reducesOwn(order, exposure)))
    return 'not-trading'
  if (!exposure.isUserStreamUp) return 'user-stream-down'
  if (!exposure.isBookLive) return 'book-not-live'
  if (exposure.crossesOwnQuote) return 'self-cross'
  return undefined
}

/** Nearer to zero, never past it, even when everything working on this side fills first. */
function reducesOwn(order: Order, { inventoryLots, workingSameSideLots }: Exposure): boolean {
  const sign = signOf(order.side)
  const after = inventoryLots + sign * (workingSameSideLots + order.sizeLots)
  return inventoryLots * sign < 0 && inventoryLots * after >= 0
}

function refuseByFilter(
  order: Order,
  instrument: Instrument,
  { markPriceE8, openOrders }: Exposure,
): RefusalReason | undefined {
  const { priceTicks, sizeLots, side } = order
  if (!(priceTicks >= instrument.priceTicksMin && priceTicks <= instrument.priceTicksMax))
    return 'price-out-of-range'
  if (!(sizeLots >= instrument.sizeLotsMin && sizeLots <= instrument.sizeLotsMax))
    return 'size-out-of-range'
  if (!order.reduceOnly && notionalE8(instrument, priceTicks, sizeLots) < instrument.notionalE8Min)
    return 'below-minimum-notional'
  if (openOrders >= instrument.openOrdersMax) return 'too-many-orders'
  if (markPriceE8 === undefined) return 'no-mark-price'

  const { step, decimals } = instrument.priceGrid
  const ratio = (priceTicks * step * 10 ** (8 - decimals)) / markPriceE8
  if (side === 'buy' ? ratio > instrument.priceRatioMax : ratio < instrument.priceRatioMin)
    return 'price-out-of-range'
  return undefined
}

function refuseByLimit(
  order: Order,
  instrument: Instrument,
  exposure: Exposure,
  limits: Limits,
): RefusalReason | undefined {
  const sign = signOf(order.side)
  const before = exposure.inventoryLots
  const own = before + sign * (exposure.workingSameSideLots + order.sizeLots)
  const reduces = reducesOwn(order, exposure)
  if (order.reduceOnly && !reduces) return 'not-reducing'
  if (reduces) return undefined
  if (exposure.isLegRiskSpent) return 'leg-risk'
  if (exposure.equityE8 === undefined) return 'equity-unknown'

  const equity = quoteFromE8(exposure.equityE8)
  const perLot = quoteFromE8(notionalE8(instrument, order.priceTicks, 1))
  const ownNotional = Math.abs(own) * perLot
  if (ownNotional > equity * limits.positionRatioMax) return 'position-limit'
  if (ownNotional > quoteFromE8(exposure.capitalE8) * limits.leverageMax) return 'capital-limit'

  const net = exposure.netLots + sign * (exposure.netWorkingSameSideLots + order.sizeLots)
  const netNotional = Math.abs(net) * perLot
  const netGrows = Math.abs(net) > Math.abs(exposure.netLots)
  if (netGrows && netNotional > equity * limits.concentrationRatioMax) return 'concentration-limit'
  if (netNotional + quoteFromE8(exposure.grossOtherE8) > equity * limits.leverageMax)
    return 'leverage-limit'
  return undefined
}
