import { notionalE8, type Side, signOf } from '#shared/market/instrument.ts'
import { closeOrder, markE8, positionOf, settleFill, ticksFromE8 } from './account.ts'
import {
  bestLevel,
  consumeLevel,
  dropEmpty,
  type Level,
  reaches,
  restOrder,
  type SideBook,
  unrestOrder,
} from './level-book.ts'
import { isOpen, remainingLots, type SimulatedOrder } from './order.ts'
import { accountOf, type ExchangeState, type Market, marketOf, touchLevel } from './state.ts'

/** Most that a market order may deviate from the mark, as the venue's `marketTakeBound`. */
export const marketTakeBound = 0.02

const oppositeOf = (market: Market, side: Side): SideBook =>
  side === 'buy' ? market.asks : market.bids

export const ownSideOf = (market: Market, side: Side): SideBook =>
  side === 'buy' ? market.bids : market.asks

/** Whether an order at `priceTicks` would take liquidity now. */
export function wouldTake(market: Market, side: Side, priceTicks: number): boolean {
  const opposite = oppositeOf(market, side)
  const best = bestLevel(opposite)
  return best !== undefined && reaches(opposite, best.priceTicks, priceTicks)
}

/** Lots by which a reduce-only order may trade without passing through flat. */
export function reducibleLots(state: ExchangeState, order: SimulatedOrder): number {
  const lots = positionOf(accountOf(state, order.accountIndex), order.instrumentId).lots
  return Math.max(0, -lots * signOf(order.side))
}

/** Lots an order may still trade. */
const tradableLots = (state: ExchangeState, order: SimulatedOrder): number =>
  order.reduceOnly
    ? Math.min(remainingLots(order), reducibleLots(state, order))
    : remainingLots(order)

/** Worst price an order accepts. */
function limitOf(market: Market, order: SimulatedOrder): number {
  if (order.type !== 'MARKET') return order.priceTicks
  const mark = ticksFromE8(market.instrument, markE8(market) ?? 0)
  return order.side === 'buy'
    ? Math.floor(mark * (1 + marketTakeBound))
    : Math.ceil(mark * (1 - marketTakeBound))
}

/** Books a match between `taker` and one resting order, under one trade id for both. */
function matchOwn(
  state: ExchangeState,
  market: Market,
  match: { taker: SimulatedOrder | undefined; maker: SimulatedOrder; sizeLots: number },
): void {
  const { taker, maker, sizeLots } = match
  const { priceTicks } = maker
  const tradeId = ++market.tradeId
  settleFill(state, maker, { priceTicks, sizeLots, isMaker: true, tradeId })
  if (!taker) return
  settleFill(state, taker, { priceTicks, sizeLots, isMaker: false, tradeId })
}

function publish(
  state: ExchangeState,
  market: Market,
  trade: { priceTicks: number; sizeLots: number; aggressor: Side; tradeId: number },
): void {
  market.lastPriceTicks = trade.priceTicks
  state.sink.trade({ instrumentId: market.instrument.id, timeUs: state.nowUs, ...trade })
}

/**
 * Lets an order take what it can reach, level by level. Stops before trading with its own account: the caller then
 * expires the rest (EXPIRE_TAKER).
 *
 * @returns true when it met an order of its own account
 */
export function takeLiquidity(
  state: ExchangeState,
  market: Market,
  order: SimulatedOrder,
): boolean {
  const opposite = oppositeOf(market, order.side)
  const limitTicks = limitOf(market, order)
  for (;;) {
    const left = tradableLots(state, order)
    const level = bestLevel(opposite)
    if (left === 0 || !level || !reaches(opposite, level.priceTicks, limitTicks)) return false
    if (takeLevel(state, market, order, { level, left, opposite })) return true
  }
}

function takeLevel(
  state: ExchangeState,
  market: Market,
  taker: SimulatedOrder,
  from: { level: Level; left: number; opposite: SideBook },
): boolean {
  const { level, left, opposite } = from
  const { priceTicks } = level
  const { stopped } = consumeLevel(level, left, {
    offer: (maker) =>
      maker.accountIndex === taker.accountIndex ? undefined : tradableLots(state, maker),
    match: (maker, sizeLots) => {
      matchOwn(state, market, { taker, maker, sizeLots })
      publish(state, market, {
        priceTicks,
        sizeLots,
        aggressor: taker.side,
        tradeId: market.tradeId,
      })
    },
    matchExternal: (sizeLots) => {
      const tradeId = ++market.tradeId
      settleFill(state, taker, { priceTicks, sizeLots, isMaker: false, tradeId })
      publish(state, market, { priceTicks, sizeLots, aggressor: taker.side, tradeId })
    },
  })
  expireIrreducible(state, market, level)
  dropEmpty(opposite, level)
  touchLevel(state, market, opposite.side, priceTicks)
  return stopped
}

/** Expires reduce-only orders of a level that have nothing left to reduce, so that they cannot block it. */
function expireIrreducible(state: ExchangeState, market: Market, level: Level): void {
  for (const order of [...level.orders])
    if (order.reduceOnly && reducibleLots(state, order) === 0)
      endOrder(state, market, order, 'EXPIRED')
}

/** Takes an order out of the market and tells its owner. */
export function endOrder(
  state: ExchangeState,
  market: Market,
  order: SimulatedOrder,
  status: 'CANCELED' | 'EXPIRED',
): void {
  const book = ownSideOf(market, order.side)
  const level = unrestOrder(book, order)
  order.status = status
  order.updatedUs = state.nowUs
  closeOrder(accountOf(state, order.accountIndex), order)
  if (level) touchLevel(state, market, book.side, order.priceTicks)
  state.sink.order({ order, executionType: status, execution: undefined, timeUs: state.nowUs })
}

/** Lets an order into the book: it takes what it may, and rests, or ends, with the remainder. */
export function enterOrder(state: ExchangeState, market: Market, order: SimulatedOrder): void {
  const postOnly = order.type === 'LIMIT' && order.timeInForce === 'GTX'
  if (postOnly && wouldTake(market, order.side, order.priceTicks)) {
    endOrder(state, market, order, 'EXPIRED')
    return
  }
  const metItself = takeLiquidity(state, market, order)
  if (isOpen(order)) {
    const rests = order.type === 'LIMIT' && order.timeInForce !== 'IOC' && !metItself
    const isSpent = order.reduceOnly && reducibleLots(state, order) === 0
    if (rests && !isSpent) {
      const book = ownSideOf(market, order.side)
      restOrder(book, order)
      touchLevel(state, market, book.side, order.priceTicks)
    } else endOrder(state, market, order, 'EXPIRED')
  }
  sweepReduceOnly(state)
}

/** Expires reduce-only orders whose position is gone or has turned. */
export function sweepReduceOnly(state: ExchangeState): void {
  for (const accountIndex of state.positionsTouched) {
    for (const order of [...accountOf(state, accountIndex).openOrders.values()])
      if (order.reduceOnly && reducibleLots(state, order) === 0)
        endOrder(state, marketOf(state, order.instrumentId), order, 'EXPIRED')
  }
  state.positionsTouched.clear()
}

/**
 * A trade of the outside world. It fills our orders at better prices completely (it went through them), then uses
 * up the queue at its own price.
 * A trade that is not newer than the level's last update is already in it, so external size is not taken off twice.
 */
export function applyExternalTrade(
  state: ExchangeState,
  market: Market,
  trade: { priceTicks: number; sizeLots: number; aggressor: Side; eventTimeUs: number },
): void {
  const { priceTicks, sizeLots, aggressor, eventTimeUs } = trade
  const book = oppositeOf(market, aggressor)
  fillBetterThan(state, market, { book, priceTicks, aggressor })

  const level = book.byPrice.get(priceTicks)
  if (level) {
    const isNews = eventTimeUs > level.externalTimeUs
    const consumer = {
      offer: (maker: SimulatedOrder) => tradableLots(state, maker),
      match: (maker: SimulatedOrder, lots: number) =>
        matchOwn(state, market, { taker: undefined, maker, sizeLots: lots }),
      matchExternal: () => undefined,
    }
    consumeLevel(level, sizeLots, consumer, isNews)
    expireIrreducible(state, market, level)
    dropEmpty(book, level)
    touchLevel(state, market, book.side, priceTicks)
  }
  publish(state, market, { priceTicks, sizeLots, aggressor, tradeId: ++market.tradeId })
  sweepReduceOnly(state)
}

/** Fills every own order that stands strictly before `priceTicks`. */
function fillBetterThan(
  state: ExchangeState,
  market: Market,
  through: { book: SideBook; priceTicks: number; aggressor: Side },
): void {
  const { book, priceTicks, aggressor } = through
  for (let index = book.keys.length - 1; index >= 0; index--) {
    const key = book.keys[index] ?? 0
    const level = book.byPrice.get(key * book.sign)
    if (!level || key <= book.sign * priceTicks) return
    if (level.orders.length === 0) continue
    fillLevel(state, market, { book, level, aggressor, sizeLots: level.ownLots })
  }
}

/** Fills own orders of a level against an outside aggressor, external size ahead of them aside. */
function fillLevel(
  state: ExchangeState,
  market: Market,
  fill: { book: SideBook; level: Level; aggressor: Side; sizeLots: number },
): number {
  const { book, level, aggressor } = fill
  let left = fill.sizeLots
  for (const maker of [...level.orders]) {
    const sizeLots = Math.min(left, tradableLots(state, maker))
    if (sizeLots === 0) continue
    left -= sizeLots
    level.ownLots -= sizeLots
    matchOwn(state, market, { taker: undefined, maker, sizeLots })
    const { priceTicks } = level
    publish(state, market, { priceTicks, sizeLots, aggressor, tradeId: market.tradeId })
    if (remainingLots(maker) === 0) level.orders.splice(level.orders.indexOf(maker), 1)
  }
  expireIrreducible(state, market, level)
  dropEmpty(book, level)
  touchLevel(state, market, book.side, level.priceTicks)
  return fill.sizeLots - left
}

/**
 * After the external book has moved: external size that now stands at or beyond an own order trades with it, so
 * the visible book is never crossed.
 */
export function uncross(state: ExchangeState, market: Market): void {
  for (;;) {
    const bid = bestLevel(market.bids)
    const ask = bestLevel(market.asks)
    if (!bid || !ask || bid.priceTicks < ask.priceTicks) break
    const done =
      crossOwn(state, market, { resting: bid, incoming: ask, aggressor: 'sell' }) ||
      crossOwn(state, market, { resting: ask, incoming: bid, aggressor: 'buy' })
    if (!done) break
  }
  sweepReduceOnly(state)
}

function crossOwn(
  state: ExchangeState,
  market: Market,
  cross: { resting: Level; incoming: Level; aggressor: Side },
): boolean {
  const { resting, incoming, aggressor } = cross
  const sizeLots = Math.min(resting.ownLots, incoming.externalLots)
  if (sizeLots === 0) return false
  const book = oppositeOf(market, aggressor)
  const incomingBook = ownSideOf(market, aggressor)
  const filled = fillLevel(state, market, { book, level: resting, aggressor, sizeLots })
  incoming.externalLots -= filled
  for (const order of incoming.orders)
    order.aheadLots = Math.min(order.aheadLots, incoming.externalLots)
  dropEmpty(incomingBook, incoming)
  touchLevel(state, market, incomingBook.side, incoming.priceTicks)
  return filled > 0
}

/** Size-down at the same price keeps the place in the queue; anything else goes to its end. */
export function amendResting(
  state: ExchangeState,
  market: Market,
  order: SimulatedOrder,
  to: { priceTicks: SimulatedOrder['priceTicks']; sizeLots: SimulatedOrder['sizeLots'] },
): void {
  const book = ownSideOf(market, order.side)
  const keepsPlace = to.priceTicks === order.priceTicks && to.sizeLots <= order.sizeLots
  const level = book.byPrice.get(order.priceTicks)
  order.amendCount++
  order.updatedUs = state.nowUs
  const announce = () =>
    state.sink.order({ order, executionType: 'NEW', execution: undefined, timeUs: state.nowUs })

  if (to.sizeLots <= order.filledLots) {
    endOrder(state, market, order, 'CANCELED')
    return
  }
  if (keepsPlace && level) {
    level.ownLots -= order.sizeLots - to.sizeLots
    order.sizeLots = to.sizeLots
    touchLevel(state, market, book.side, order.priceTicks)
    announce()
    return
  }
  unrestOrder(book, order)
  touchLevel(state, market, book.side, order.priceTicks)
  order.priceTicks = to.priceTicks
  order.sizeLots = to.sizeLots
  announce()
  enterOrder(state, market, order)
}

/** Value of the resting orders of one side, for the user stream. */
export function restingE8(state: ExchangeState, order: SimulatedOrder, side: Side): bigint {
  const account = accountOf(state, order.accountIndex)
  const { instrument } = marketOf(state, order.instrumentId)
  let total = 0n
  for (const open of account.openOrders.values())
    if (open.instrumentId === instrument.id && open.side === side)
      total += notionalE8(instrument, open.priceTicks, remainingLots(open))
  return total
}
