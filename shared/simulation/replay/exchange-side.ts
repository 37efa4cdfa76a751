import { createAccounts, type FillColumns, type VariantAccounts } from './account.ts'
import {
  bestAskTicks,
  bestBidTicks,
  cellOfCode,
  clearLadder,
  createLadder,
  hasBothSides,
  type Ladder,
  lotsAtCode,
  lotsMask,
  storeLevel,
  storeUnwatched,
  watchedBit,
} from './ladder.ts'
import {
  codeOfSlot,
  endOfList,
  linkOrder,
  noBuyTicks,
  noSellTicks,
  type OrderTable,
  refreshBounds,
  sideOfSlot,
  slotState,
  unlinkOrder,
  variantOfSlot,
} from './orders.ts'
import { aheadAfterUpdate, isReached, type QueueExponent } from './queue.ts'
import { clearCode, type TapeBlock } from './tape.ts'

/**
 * The exchange as the orders of all variants meet it: one book that they share, because they do not move it, and
 * their places in its queues. The time of each side is its own; nothing here is known to a variant yet.
 */
export type ExchangeSide = {
  readonly ladder: Ladder
  readonly orders: OrderTable
  readonly accounts: VariantAccounts
  readonly orderLots: Int32Array
  readonly exponent: QueueExponent
  readonly responseUs: number
  /** Ended orders in the order in which their variants learn of it: a ring as long as the order table. */
  readonly answers: Int32Array
  answerHead: number
  answerTail: number
  /** Frame of the row last looked at, for its time. */
  frame: number
  readonly recorded: { readonly variant: number; readonly fills: FillColumns } | undefined
}

export const createExchangeSide = (
  options: Pick<ExchangeSide, 'orders' | 'orderLots' | 'exponent' | 'responseUs' | 'recorded'>,
): ExchangeSide => ({
  ...options,
  ladder: createLadder(),
  accounts: createAccounts(options.orders.variantCount),
  answers: new Int32Array(options.orders.state.length + 1),
  answerHead: 0,
  answerTail: 0,
  frame: 0,
})

/** Applies rows of a block: `from` and `to` are indices in `rows`, at frame borders. */
export function runExchangeRows(
  exchange: ExchangeSide,
  block: TapeBlock,
  from: number,
  to: number,
): void {
  const { ladder } = exchange
  const { rows } = block
  let at = storeUnwatched(ladder, rows, from, to)
  while (at < to) {
    // Trades come in bursts.
    do {
      onCareRow(exchange, block, at)
      at += 2
    } while (at < to && rows[at]! < 0)
    at = storeUnwatched(ladder, rows, at, to)
  }
}

function onCareRow(exchange: ExchangeSide, block: TapeBlock, at: number): void {
  const code = block.rows[at]!
  const lots = block.rows[at + 1]!
  if (code >= 0) onLevel(exchange, block, at, code, lots)
  else if (code === clearCode) onClear(exchange)
  else if ((~code & 1) === 0) onBuyTrade(exchange, block, at, ~code >> 1, lots)
  else onSellTrade(exchange, block, at, ~code >> 1, lots)
}

function onLevel(
  exchange: ExchangeSide,
  block: TapeBlock,
  at: number,
  code: number,
  lots: number,
): void {
  const { ladder, orders } = exchange
  const cell = cellOfCode(ladder, code)
  const lotsBefore = cell < 0 ? 0 : ladder.cells[cell]!
  if (lotsBefore < 0) moveQueue(exchange, code, lotsBefore & lotsMask, lots)
  storeLevel(ladder, code, lots)
  // A better best price trades with what rests against it.
  if ((code & 1) === 0) {
    if (bestBidTicks(ladder) >= orders.sellTicksMin)
      fillSells(exchange, bestBidTicks(ladder), timeOfRow(exchange, block, at))
  } else if (bestAskTicks(ladder) <= orders.buyTicksMax)
    fillBuys(exchange, bestAskTicks(ladder), timeOfRow(exchange, block, at))
}

function moveQueue(
  { orders, exponent }: ExchangeSide,
  code: number,
  lotsBefore: number,
  lotsAfter: number,
): void {
  const { ahead, traded, nextAtPrice } = orders
  let slot = orders.firstAtCode.get(code) ?? endOfList
  while (slot !== endOfList) {
    ahead[slot] = aheadAfterUpdate(exponent, ahead[slot]!, traded[slot]!, lotsBefore, lotsAfter)
    traded[slot] = 0
    slot = nextAtPrice[slot]!
  }
}

function onClear({ ladder, orders }: ExchangeSide): void {
  clearLadder(ladder)
  for (const code of orders.firstAtCode.keys()) watch(ladder, code)
}

/** A buyer took at `ticks`: sells below are gone, sells there move up. */
function onBuyTrade(
  exchange: ExchangeSide,
  block: TapeBlock,
  at: number,
  ticks: number,
  lots: number,
): void {
  if (ticks < exchange.orders.sellTicksMin) return
  const timeUs = timeOfRow(exchange, block, at)
  tradeAt(exchange, 2 * ticks + 1, lots, timeUs)
  if (exchange.orders.sellTicksMin < ticks) fillSells(exchange, ticks - 1, timeUs)
}

function onSellTrade(
  exchange: ExchangeSide,
  block: TapeBlock,
  at: number,
  ticks: number,
  lots: number,
): void {
  if (ticks > exchange.orders.buyTicksMax) return
  const timeUs = timeOfRow(exchange, block, at)
  tradeAt(exchange, 2 * ticks, lots, timeUs)
  if (exchange.orders.buyTicksMax > ticks) fillBuys(exchange, ticks + 1, timeUs)
}

function tradeAt(exchange: ExchangeSide, code: number, lots: number, timeUs: number): void {
  const { orders } = exchange
  const { ahead, traded, nextAtPrice } = orders
  let slot = orders.firstAtCode.get(code) ?? endOfList
  while (slot !== endOfList) {
    const next = nextAtPrice[slot]!
    ahead[slot] = ahead[slot]! - lots
    traded[slot] = traded[slot]! + lots
    if (isReached(ahead[slot]!)) fill(exchange, slot, timeUs)
    slot = next
  }
}

/** Fills every sell up to `ticks`. */
function fillSells(exchange: ExchangeSide, ticks: number, timeUs: number): void {
  const { orders } = exchange
  for (const code of orders.firstAtCode.keys())
    if ((code & 1) === 1 && code >> 1 <= ticks) fillAll(exchange, code, timeUs)
  refreshBounds(orders)
}

/** Fills every buy down to `ticks`. */
function fillBuys(exchange: ExchangeSide, ticks: number, timeUs: number): void {
  const { orders } = exchange
  for (const code of orders.firstAtCode.keys())
    if ((code & 1) === 0 && code >> 1 >= ticks) fillAll(exchange, code, timeUs)
  refreshBounds(orders)
}

function fillAll(exchange: ExchangeSide, code: number, timeUs: number): void {
  const { orders } = exchange
  let slot = orders.firstAtCode.get(code) ?? endOfList
  while (slot !== endOfList) {
    const next = orders.nextAtPrice[slot]!
    fill(exchange, slot, timeUs)
    slot = next
  }
}

/** The whole order trades at its own price: there are no partial fills in this model. */
function fill(exchange: ExchangeSide, slot: number, timeUs: number): void {
  const { orders, accounts, ladder, recorded } = exchange
  const variant = variantOfSlot(orders, slot)
  const ticks = orders.ticks[slot]!
  const lots = exchange.orderLots[variant]!
  const sign = sideOfSlot(orders, slot) === 0 ? 1 : -1
  const notional = ticks * lots
  accounts.inventoryLots[variant]! += sign * lots
  accounts.cashTickLots[variant]! -= sign * notional
  accounts.notionalTickLots[variant]! += notional
  accounts.volumeLots[variant]! += lots
  accounts.fills[variant]!++
  const isTwoSided = hasBothSides(ladder)
  const midHalfTicks = bestBidTicks(ladder) + bestAskTicks(ladder)
  if (isTwoSided) accounts.spreadHalfTickLots[variant]! += sign * (midHalfTicks - 2 * ticks) * lots
  if (recorded?.variant === variant) {
    const { fills } = recorded
    fills.timeUs.push(timeUs)
    fills.side.push(sign > 0 ? 'buy' : 'sell')
    fills.priceTicks.push(ticks)
    fills.sizeLots.push(lots)
    fills.midHalfTicks.push(isTwoSided ? midHalfTicks : undefined)
  }
  unrest(exchange, slot)
  orders.isFilled[slot] = 1
  end(exchange, slot, timeUs)
}

/** A post-only order arrives: it rests at the end of its queue, or expires because it would take. */
export function arriveOrder(exchange: ExchangeSide, slot: number, timeUs: number): void {
  const { ladder, orders } = exchange
  const ticks = orders.ticks[slot]!
  const wouldTake =
    sideOfSlot(orders, slot) === 0 ? ticks >= bestAskTicks(ladder) : ticks <= bestBidTicks(ladder)
  if (wouldTake) {
    end(exchange, slot, timeUs)
    return
  }
  const code = codeOfSlot(orders, slot)
  orders.ahead[slot] = lotsAtCode(ladder, code)
  orders.traded[slot] = 0
  if (linkOrder(orders, slot)) watch(ladder, code)
}

/** A cancel arrives; too late for an order that has ended. */
export function arriveCancel(exchange: ExchangeSide, slot: number, timeUs: number): void {
  if (exchange.orders.state[slot] !== slotState.resting) return
  unrest(exchange, slot)
  end(exchange, slot, timeUs)
}

function unrest({ ladder, orders }: ExchangeSide, slot: number): void {
  const code = codeOfSlot(orders, slot)
  if (!unlinkOrder(orders, slot)) return
  const cell = cellOfCode(ladder, code)
  if (cell >= 0) ladder.cells[cell]! &= lotsMask
  // Only the outermost order moves the bounds.
  const isOutermost =
    (code & 1) === 0 ? code >> 1 === orders.buyTicksMax : code >> 1 === orders.sellTicksMin
  if (!isOutermost) return
  if ((code & 1) === 0) orders.buyTicksMax = noBuyTicks
  else orders.sellTicksMin = noSellTicks
  refreshBounds(orders)
}

function end(exchange: ExchangeSide, slot: number, timeUs: number): void {
  const { orders, answers } = exchange
  orders.state[slot] = slotState.ended
  orders.endKnownUs[slot] = timeUs + exchange.responseUs
  answers[exchange.answerTail] = slot
  exchange.answerTail = (exchange.answerTail + 1) % answers.length
}

function watch(ladder: Ladder, code: number): void {
  const cell = cellOfCode(ladder, code)
  if (cell >= 0) ladder.cells[cell]! |= watchedBit
}

/** Exchange time of a row; rows are asked for in rising order within a block. */
function timeOfRow(exchange: ExchangeSide, block: TapeBlock, at: number): number {
  const { frameEnds } = block
  while (frameEnds[exchange.frame]! <= at) exchange.frame++
  return block.exchangeTimeUs[exchange.frame]!
}
