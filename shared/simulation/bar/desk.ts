import { invariant } from '#shared/kernel/error.ts'
import {
  type BarInstrument,
  type BarState,
  orderFlag,
  orderKind,
  removeAllOrders,
  removeOrder,
} from './state.ts'
import { type BarOrders, slotsPerSymbol } from './strategy.ts'

/** Absorbs what division by a power of ten adds, far below one step. */
const gridRoom = 1e-6

/** The orders a strategy may give, bound to one run. */
export function createBarOrders(state: BarState): BarOrders {
  return {
    market(symbol, signedBase) {
      const lots = wholeLots(state, symbol, Math.abs(signedBase))
      if (lots === 0) return
      state.marketLots[symbol] = (state.marketLots[symbol] as number) + Math.sign(signedBase) * lots
      state.record.placed++
    },
    limit({ symbol, slot, side, priceQuote, sizeBase, isPostOnly, isReduceOnly }) {
      const { ticksPerQuote } = instrumentOf(state, symbol)
      const ticks =
        side === 'buy'
          ? Math.floor(priceQuote * ticksPerQuote + gridRoom)
          : Math.ceil(priceQuote * ticksPerQuote - gridRoom)
      rest(state, {
        symbol,
        slot,
        kind: orderKind.limit,
        sign: side === 'buy' ? 1 : -1,
        price: ticks / ticksPerQuote,
        lots: wholeLots(state, symbol, sizeBase),
        flags: (isPostOnly ? orderFlag.postOnly : 0) | (isReduceOnly ? orderFlag.reduceOnly : 0),
      })
    },
    stop({ symbol, slot, side, triggerQuote, sizeBase }) {
      const { ticksPerQuote } = instrumentOf(state, symbol)
      rest(state, {
        symbol,
        slot,
        kind: orderKind.stop,
        sign: side === 'buy' ? 1 : -1,
        price: Math.round(triggerQuote * ticksPerQuote) / ticksPerQuote,
        lots: wholeLots(state, symbol, sizeBase),
        flags: orderFlag.reduceOnly,
      })
    },
    cancel: (symbol, slot) => removeOrder(state, symbol, slot),
    cancelAll: (symbol) => removeAllOrders(state, symbol),
  }
}

function instrumentOf(state: BarState, symbol: number): BarInstrument {
  const instrument = state.instruments[symbol]
  invariant(instrument !== undefined, `there is no symbol ${symbol}`)
  return instrument
}

/** Size rounded down to the lot grid; a size below one lot is counted as refused. */
function wholeLots(state: BarState, symbol: number, sizeBase: number): number {
  const lots = Math.floor(sizeBase * instrumentOf(state, symbol).lotsPerBase + gridRoom)
  invariant(lots >= 0 && Number.isFinite(lots), `size ${sizeBase} is not a positive number`)
  if (lots === 0) state.record.refusedSize++
  return lots
}

type NewOrder = {
  readonly symbol: number
  readonly slot: number
  readonly kind: number
  readonly sign: number
  readonly price: number
  readonly lots: number
  readonly flags: number
}

function rest(state: BarState, order: NewOrder): void {
  const { symbol, slot, kind, sign, price, lots, flags } = order
  invariant(slot >= 0 && slot < slotsPerSymbol, `slot ${slot} is not 0 to ${slotsPerSymbol - 1}`)
  invariant(price > 0 && Number.isFinite(price), `price ${price} is not a positive number`)
  const from = symbol * slotsPerSymbol
  const at = from + slot
  const isSame =
    state.kind[at] === kind &&
    state.sign[at] === sign &&
    state.price[at] === price &&
    state.orderLots[at] === lots &&
    ((state.flags[at] as number) & ~orderFlag.isNew) === flags
  if (isSame) return
  removeOrder(state, symbol, slot)
  if (lots === 0) return
  state.kind[at] = kind
  state.sign[at] = sign
  state.price[at] = price
  state.orderLots[at] = lots
  state.flags[at] = flags | orderFlag.isNew
  const count = state.activeCount[symbol] as number
  state.activeSlots[from + count] = slot
  state.activeCount[symbol] = count + 1
  state.record.placed++
}
