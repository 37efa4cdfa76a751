import { isHighFirst } from './path.ts'
import { liquidate, noSlot, settleFill } from './settle.ts'
import { type BarState, orderFlag, orderKind, removeOrder } from './state.ts'
import { slotsPerSymbol } from './strategy.ts'

/** Prices of one bar. */
export type BarPrices = {
  open: number
  high: number
  low: number
  close: number
}

/** Plays one bar with volume: what meets the open first, then the path through the bar. */
export function playBar(state: BarState, symbol: number, bar: BarPrices): void {
  meetOpen(state, symbol, bar.open)
  if (!canHappen(state, symbol, bar)) return
  const highFirst = isHighFirst(
    state.rules.path,
    state.lots[symbol] as number,
    entryLots(state, symbol),
  )
  const first = highFirst ? bar.high : bar.low
  const second = highFirst ? bar.low : bar.high
  moveTo(state, symbol, bar.open, first)
  moveTo(state, symbol, first, second)
  moveTo(state, symbol, second, bar.close)
}

/** At the open: a liquidation that was jumped over, market orders, jumped stops, and limits on arrival or jumped. */
function meetOpen(state: BarState, symbol: number, open: number): void {
  const lots = state.lots[symbol] as number
  const liquidation = state.liquidation[symbol] as number
  if (lots > 0 ? open <= liquidation : lots < 0 && open >= liquidation) {
    liquidate(state, symbol, open)
    return
  }
  const marketLots = state.marketLots[symbol] as number
  if (marketLots !== 0) {
    state.marketLots[symbol] = 0
    settleFill(state, {
      symbol,
      signedLots: marketLots,
      priceQuote: open,
      isMaker: false,
      slot: noSlot,
    })
  }
  const from = symbol * slotsPerSymbol
  for (let i = 0; i < (state.activeCount[symbol] as number); ) {
    const slot = state.activeSlots[from + i] as number
    // An order that leaves its place moves the next one here.
    if (!meetOrder(state, symbol, slot, open)) i++
  }
}

/** @returns true when the order has left its place */
function meetOrder(state: BarState, symbol: number, slot: number, open: number): boolean {
  const at = symbol * slotsPerSymbol + slot
  const sign = state.sign[at] as number
  const price = state.price[at] as number
  const flags = state.flags[at] as number
  const isNew = (flags & orderFlag.isNew) !== 0
  state.flags[at] = flags & ~orderFlag.isNew
  if (state.kind[at] === orderKind.stop) {
    const isJumped = sign > 0 ? open >= price : open <= price
    return isJumped && fillOrder(state, symbol, slot, open, false)
  }
  const half = (state.tickQuote[symbol] as number) / 2
  if (isNew) {
    const takes = sign > 0 ? open <= price + half : open >= price - half
    if (!takes) return false
    if ((flags & orderFlag.postOnly) === 0) return fillOrder(state, symbol, slot, open, false)
    state.record.refusedPostOnly++
    removeOrder(state, symbol, slot)
    return true
  }
  const reach = throughQuote(state, symbol)
  const isJumped = sign > 0 ? open <= price - reach : open >= price + reach
  if (!isJumped) return false
  return fillOrder(state, symbol, slot, state.rules.gapFill === 'open' ? open : price, true)
}

/** Distance beyond a limit that price must reach; half a tick less than whole, so that rounding does not decide. */
const throughQuote = (state: BarState, symbol: number): number =>
  (state.rules.throughTicks - 0.5) * (state.tickQuote[symbol] as number)

/** Signed lots of resting orders that may open. */
function entryLots(state: BarState, symbol: number): number {
  const from = symbol * slotsPerSymbol
  let lots = 0
  for (let i = 0; i < (state.activeCount[symbol] as number); i++) {
    const at = from + (state.activeSlots[from + i] as number)
    if (
      state.kind[at] === orderKind.limit &&
      ((state.flags[at] as number) & orderFlag.reduceOnly) === 0
    )
      lots += (state.sign[at] as number) * (state.orderLots[at] as number)
  }
  return lots
}

/** Cheap look whether anything lies within the bar; most bars end here. */
function canHappen(state: BarState, symbol: number, { high, low }: BarPrices): boolean {
  const lots = state.lots[symbol] as number
  const liquidation = state.liquidation[symbol] as number
  if (lots > 0 ? low <= liquidation : lots < 0 && high >= liquidation) return true
  const from = symbol * slotsPerSymbol
  const reach = throughQuote(state, symbol)
  for (let i = 0; i < (state.activeCount[symbol] as number); i++) {
    const at = from + (state.activeSlots[from + i] as number)
    const price = state.price[at] as number
    const isLimit = state.kind[at] === orderKind.limit
    const falls = (state.sign[at] as number) > 0 === isLimit
    if (falls ? low <= price - (isLimit ? reach : 0) : high >= price + (isLimit ? reach : 0))
      return true
  }
  return false
}

/** Moves price in one direction and lets what it passes happen in the order it is passed. */
function moveTo(state: BarState, symbol: number, from: number, to: number): void {
  if (from === to) return
  const isDown = to < from
  let at = from
  // Every turn ends an order or the position, or skips one that has nothing to reduce.
  for (let guard = 0; guard <= 2 * slotsPerSymbol; guard++) {
    const slot = nextSlot(state, symbol, at, to, isDown)
    const price = slot === noSlot ? to : eventPrice(state, symbol, slot, at, isDown)
    const lots = state.lots[symbol] as number
    const liquidation = state.liquidation[symbol] as number
    const endangered = isDown ? lots > 0 && to <= liquidation : lots < 0 && to >= liquidation
    if (endangered && (slot === noSlot || (isDown ? liquidation > price : liquidation < price))) {
      liquidate(state, symbol, isDown ? Math.min(liquidation, at) : Math.max(liquidation, at))
      return
    }
    if (slot === noSlot) return
    at = price
    const order = symbol * slotsPerSymbol + slot
    const isLimit = state.kind[order] === orderKind.limit
    fillOrder(state, symbol, slot, isLimit ? (state.price[order] as number) : price, isLimit)
  }
}

/** Where the order is met on the way; an order already passed is met where price is. */
function eventPrice(
  state: BarState,
  symbol: number,
  slot: number,
  at: number,
  isDown: boolean,
): number {
  const price = state.price[symbol * slotsPerSymbol + slot] as number
  return isDown ? Math.min(price, at) : Math.max(price, at)
}

/** The order that price meets next on its way to `to`; `noSlot` when none. */
function nextSlot(
  state: BarState,
  symbol: number,
  at: number,
  to: number,
  isDown: boolean,
): number {
  const from = symbol * slotsPerSymbol
  const reach = throughQuote(state, symbol)
  let best = noSlot
  let bestPrice = 0
  for (let i = 0; i < (state.activeCount[symbol] as number); i++) {
    const slot = state.activeSlots[from + i] as number
    const order = from + slot
    const isLimit = state.kind[order] === orderKind.limit
    const sign = state.sign[order] as number
    if ((sign > 0 === isLimit) !== isDown) continue
    const price = state.price[order] as number
    const beyond = isLimit ? reach : 0
    if (isDown ? to > price - beyond : to < price + beyond) continue
    if (reducibleLots(state, symbol, order) === 0) continue
    const met = isDown ? Math.min(price, at) : Math.max(price, at)
    if (best !== noSlot && (isDown ? met <= bestPrice : met >= bestPrice)) continue
    best = slot
    bestPrice = met
  }
  return best
}

/** Lots that the order may fill now: a reduce-only order no more than there is to reduce. */
function reducibleLots(state: BarState, symbol: number, order: number): number {
  const lots = state.orderLots[order] as number
  if (((state.flags[order] as number) & orderFlag.reduceOnly) === 0) return lots
  const position = state.lots[symbol] as number
  const sign = state.sign[order] as number
  return position * sign < 0 ? Math.min(lots, Math.abs(position)) : 0
}

/** @returns true when the order has left its place: filled, or refused for lack of margin */
function fillOrder(
  state: BarState,
  symbol: number,
  slot: number,
  priceQuote: number,
  isMaker: boolean,
): boolean {
  const order = symbol * slotsPerSymbol + slot
  const lots = reducibleLots(state, symbol, order)
  if (lots === 0) return false
  const signedLots = (state.sign[order] as number) * lots
  const isTakingLimit = !isMaker && state.kind[order] === orderKind.limit
  const limit = isTakingLimit ? { limitQuote: state.price[order] as number } : {}
  removeOrder(state, symbol, slot)
  settleFill(state, { symbol, signedLots, priceQuote, isMaker, slot, ...limit })
  return true
}
