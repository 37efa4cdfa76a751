import type { BookSide } from '#shared/market/instrument.ts'
import { remainingLots, type SimulatedOrder } from './order.ts'

/** One price: size of the outside world plus resting orders of our accounts, oldest first. */
export type Level = {
  readonly priceTicks: number
  externalLots: number
  ownLots: number
  /** Event time of the last external update; a trade that is not newer is already in it. */
  externalTimeUs: number
  readonly orders: SimulatedOrder[]
}

/** One side of a book. */
export type SideBook = {
  readonly side: BookSide
  /** +1 for bids, −1 for asks: `sign × price` grows towards the best price. */
  readonly sign: 1 | -1
  readonly byPrice: Map<number, Level>
  /** `sign × price` of every level in rising order: the best is last, so changes at the top are cheap. */
  readonly keys: number[]
}

export const createSideBook = (side: BookSide): SideBook => ({
  side,
  sign: side === 'bid' ? 1 : -1,
  byPrice: new Map(),
  keys: [],
})

export const visibleLots = (level: Level): number => level.externalLots + level.ownLots

export function bestLevel(book: SideBook): Level | undefined {
  const key = book.keys.at(-1)
  return key === undefined ? undefined : book.byPrice.get(key * book.sign)
}

/** Whether a price on this side is at least as good as `limitTicks` for somebody who takes it. */
export const reaches = (book: SideBook, priceTicks: number, limitTicks: number): boolean =>
  book.sign * (priceTicks - limitTicks) >= 0

export function levelAt(book: SideBook, priceTicks: number): Level {
  const found = book.byPrice.get(priceTicks)
  if (found) return found
  const level = { priceTicks, externalLots: 0, ownLots: 0, externalTimeUs: 0, orders: [] }
  book.byPrice.set(priceTicks, level)
  const key = book.sign * priceTicks
  book.keys.splice(positionOf(book.keys, key), 0, key)
  return level
}

export function dropEmpty(book: SideBook, level: Level): void {
  if (level.externalLots > 0 || level.orders.length > 0) return
  if (book.byPrice.get(level.priceTicks) !== level) return
  book.byPrice.delete(level.priceTicks)
  book.keys.splice(positionOf(book.keys, book.sign * level.priceTicks), 1)
}

/** First index whose key is not below `key`; searched from the best end, where most changes are. */
function positionOf(keys: readonly number[], key: number): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? 0) < key) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Sets the external size of a price. What disappears without a trade is assumed to have stood behind our orders,
 * so they only move up when less is left than stood before them.
 */
export function setExternal(
  book: SideBook,
  priceTicks: number,
  sizeLots: number,
  timeUs: number,
): Level {
  const level = levelAt(book, priceTicks)
  level.externalLots = sizeLots
  level.externalTimeUs = timeUs
  for (const order of level.orders) {
    order.cutLots = Math.max(0, order.aheadLots - sizeLots)
    order.aheadLots -= order.cutLots
  }
  return level
}

/** Puts an order at the end of its price's queue. */
export function restOrder(book: SideBook, order: SimulatedOrder): Level {
  const level = levelAt(book, order.priceTicks)
  order.aheadLots = level.externalLots
  order.cutLots = 0
  level.orders.push(order)
  level.ownLots += remainingLots(order)
  return level
}

/** Takes an order out of the book. */
export function unrestOrder(book: SideBook, order: SimulatedOrder): Level | undefined {
  const level = book.byPrice.get(order.priceTicks)
  const at = level?.orders.indexOf(order) ?? -1
  if (!level || at < 0) return undefined
  level.orders.splice(at, 1)
  level.ownLots -= remainingLots(order)
  dropEmpty(book, level)
  return level
}

export type Consumer = {
  /** Most lots `order` may give now; undefined stops the walk, 0 passes it over. */
  offer(order: SimulatedOrder): number | undefined
  /** Books a match against `order`. Must not change the level's queue. */
  match(order: SimulatedOrder, sizeLots: number): void
  /** Books a match against external size. */
  matchExternal(sizeLots: number): void
}

export type Consumption = { readonly takenLots: number; readonly stopped: boolean }

/**
 * Trades up to `sizeLots` against one level in queue order: external size that stands before an order first, then
 * the order, and external size behind the last order at the end. Filled orders leave the queue.
 *
 * @param isNews - false when the level's external size already reflects this trade: then the size stays, and what the
 *   update took from before an order counts as part of this trade, not as a cancel
 */
export function consumeLevel(
  level: Level,
  sizeLots: number,
  consumer: Consumer,
  isNews = true,
): Consumption {
  let left = sizeLots
  let externalTaken = 0
  let stopped = false
  const takeExternal = (lots: number) => {
    if (lots <= 0) return
    externalTaken += lots
    left -= lots
    consumer.matchExternal(lots)
  }

  for (const order of level.orders) {
    if (!isNews) order.aheadLots += order.cutLots
    order.cutLots = 0
  }
  for (const order of level.orders) {
    takeExternal(Math.min(left, order.aheadLots - externalTaken))
    if (left === 0) break
    const offered = consumer.offer(order)
    if (offered === undefined) {
      stopped = true
      break
    }
    const lots = Math.min(left, offered)
    if (lots === 0) continue
    left -= lots
    level.ownLots -= lots
    consumer.match(order, lots)
  }
  if (!stopped) takeExternal(Math.min(left, level.externalLots - externalTaken))

  for (const order of level.orders) order.aheadLots = Math.max(0, order.aheadLots - externalTaken)
  if (isNews) level.externalLots = Math.max(0, level.externalLots - externalTaken)
  removeFilled(level.orders)
  return { takenLots: sizeLots - left, stopped }
}

function removeFilled(orders: SimulatedOrder[]): void {
  let kept = 0
  for (const order of orders) if (remainingLots(order) > 0) orders[kept++] = order
  orders.length = kept
}
