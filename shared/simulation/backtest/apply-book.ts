import type { BookDelta } from '#shared/market/event.ts'
import { dropEmpty, type SideBook, setExternal } from '../level-book.ts'
import { uncross } from '../matching.ts'
import type { ExchangeState, Market } from '../state.ts'

/**
 * Lets the outside book of a market change, as `applyMarketEvent` does, but tells nobody about visible levels: a
 * backtest has no depth stream. This is where most of a backtest's time goes, so levels without orders of ours, which
 * is nearly all of them, are changed in place.
 */
export function applyDepth(state: ExchangeState, market: Market, event: BookDelta): void {
  const { bidCount, eventTimeUs, levels } = event
  const bidEnd = 2 * bidCount
  applySide(market.bids, levels, { from: 0, to: bidEnd, timeUs: eventTimeUs })
  applySide(market.asks, levels, {
    from: bidEnd,
    to: bidEnd + 2 * event.askCount,
    timeUs: eventTimeUs,
  })
  uncross(state, market)
}

function applySide(
  book: SideBook,
  levels: Int32Array,
  { from, timeUs, to }: { from: number; to: number; timeUs: number },
): void {
  const { byPrice } = book
  for (let index = from; index < to; index += 2) {
    const priceTicks = levels[index]!
    const sizeLots = levels[index + 1]!
    const level = byPrice.get(priceTicks)
    if (level === undefined) {
      if (sizeLots > 0) setExternal(book, priceTicks, sizeLots, timeUs)
    } else if (level.orders.length > 0) setExternal(book, priceTicks, sizeLots, timeUs)
    else {
      level.externalLots = sizeLots
      level.externalTimeUs = timeUs
      if (sizeLots === 0) dropEmpty(book, level)
    }
  }
}
