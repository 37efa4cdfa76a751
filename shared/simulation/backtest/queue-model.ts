import type { BookDelta } from '#shared/market/event.ts'
import { ownSideOf } from '../matching.ts'
import type { SimulatedOrder } from '../order.ts'
import type { ExchangeState, Market } from '../state.ts'
import { applyDepth } from './apply-book.ts'

/**
 * Where in the queue size is assumed to have stood that disappears without a trade.
 *
 * - `behind`: behind our orders. Nobody ahead ever gives up, so fills come late: the cautious choice, and the default.
 * - `proportional`: ahead and behind in proportion to what stands there, as if every order were as likely to leave.
 */
export const queueModels = ['behind', 'proportional'] as const
export type QueueModel = (typeof queueModels)[number]

/** Words for the report. */
export const describeQueueModel = (model: QueueModel): string =>
  model === 'behind'
    ? 'queue: resting orders join the end; what leaves without a trade is assumed to stand behind them (cautious)'
    : 'queue: resting orders join the end; what leaves without a trade is shared out in proportion to what stands ahead and behind'

type Place = { order: SimulatedOrder; aheadLots: number; externalLots: number }

/** Applies a book update, then moves our orders up by their share of what was canceled at their prices. */
export function applyProportionally(state: ExchangeState, market: Market, event: BookDelta): void {
  const places = placesIn(state, market)
  applyDepth(state, market, event)
  for (const { aheadLots, externalLots, order } of places) {
    const level = ownSideOf(market, order.side).byPrice.get(order.priceTicks)
    if (!level?.orders.includes(order)) continue
    const left = externalLots - level.externalLots
    if (left <= 0 || aheadLots === 0) continue
    const share = Math.ceil(aheadLots - (left * aheadLots) / externalLots)
    order.aheadLots = Math.min(order.aheadLots, share)
    // A trade that this update already held gives back what it took from before us.
    order.cutLots = aheadLots - order.aheadLots
  }
}

function placesIn(state: ExchangeState, market: Market): Place[] {
  const places: Place[] = []
  for (const account of state.accounts)
    for (const order of account.openOrders.values()) {
      if (order.instrumentId !== market.instrument.id) continue
      const level = ownSideOf(market, order.side).byPrice.get(order.priceTicks)
      if (level)
        places.push({ order, aheadLots: order.aheadLots, externalLots: level.externalLots })
    }
  return places
}
