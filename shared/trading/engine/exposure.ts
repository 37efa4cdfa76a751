import type { QuoteE8 } from '#shared/kernel/unit.ts'
import { notionalE8 } from '#shared/market/instrument.ts'
import { wouldTrade } from '#shared/strategy/allocation/self-cross.ts'
import { equityE8, inventoryLots } from '../ledger/ledger.ts'
import { workingLots } from '../order/desk.ts'
import type { Order } from '../order/order.ts'
import type { Exposure } from '../risk/review.ts'
import { instrumentOf, isTrading, markPriceE8, type TraderState } from './trader.ts'

/** Everything that one order is judged against, as of now. */
export function exposureOf(state: TraderState, order: Order): Exposure {
  const { instrumentId: id, side, strategy } = order
  const instrument = instrumentOf(state, id)
  const seat = state.seats.find((candidate) => candidate.strategy.name === strategy)
  let openOrders = 0
  for (const entry of state.desk.open.values()) if (entry.order.instrumentId === id) openOrders++

  return {
    isTrading: isTrading(state),
    isFlattening: state.isFlattening,
    isUserStreamUp: state.isUserStreamUp[instrument.accountId]!,
    isBookLive: state.books[id]!.isLive && !state.isPulled[id],
    markPriceE8: markPriceE8(state, id),
    equityE8: equityE8(state.ledger, (other) => markPriceE8(state, other)),
    capitalE8: seat?.capitalE8 ?? 0n,
    openOrders,
    inventoryLots: inventoryLots(state.ledger, strategy, id),
    workingSameSideLots: workingLots(state.desk, id, side, strategy),
    netLots: state.ledger.positions[id]!.lots,
    netWorkingSameSideLots: workingLots(state.desk, id, side),
    grossOtherE8: grossOtherE8(state, id),
    isLegRiskSpent: seat?.isLegRiskSpent ?? false,
    crossesOwnQuote: crossesOwnQuote(state, order),
  }
}

/** Positions of all other instruments, each with the worse of its two working sides. */
function grossOtherE8(state: TraderState, id: number): QuoteE8 {
  let grossE8 = 0n
  for (const instrument of state.config.instruments) {
    if (instrument.id === id) continue
    const { lots } = state.ledger.positions[instrument.id]!
    const buys = Math.abs(lots + workingLots(state.desk, instrument.id, 'buy'))
    const sells = Math.abs(lots - workingLots(state.desk, instrument.id, 'sell'))
    const worst = Math.max(buys, sells)
    if (worst === 0) continue
    const book = state.books[instrument.id]!
    const mark = markPriceE8(state, instrument.id)
    const ticks = book.isLive ? book.bestAskTicks : ticksFromMark(state, instrument.id, mark)
    grossE8 += notionalE8(instrument, ticks, worst)
  }
  return grossE8
}

function ticksFromMark(state: TraderState, id: number, markE8: number | undefined): number {
  const { priceGrid, priceTicksMax } = instrumentOf(state, id)
  // Without any price the exposure cannot be known: count it as large as the venue allows.
  if (markE8 === undefined) return priceTicksMax
  return Math.ceil(markE8 / (priceGrid.step * 10 ** (8 - priceGrid.decimals)))
}

/** Would this order trade against another open order of the same account? */
function crossesOwnQuote(state: TraderState, order: Order): boolean {
  for (const { order: other } of state.desk.open.values()) if (wouldTrade(order, other)) return true
  return false
}
