import { invariant } from '#shared/kernel/error.ts'
import type { FundingColumns } from './funding.ts'
import { liquidationPriceQuote, type MarginTier } from './margin.ts'
import type { IntrabarPath } from './path.ts'
import { type BarRecord, createBarRecord } from './record.ts'
import type { BarTable } from './series.ts'
import { slotsPerSymbol } from './strategy.ts'

/** What the run needs to know of a symbol beyond its bars. */
export type BarInstrument = {
  readonly symbol: string
  /** Ticks per 1 quote, a power of ten: one tick is `1 / ticksPerQuote`. */
  readonly ticksPerQuote: number
  /** Lots per 1 base. */
  readonly lotsPerBase: number
  /** Smallest notional of an order that opens. */
  readonly notionalQuoteMin: number
  readonly tiers: readonly MarginTier[]
  /** Undefined: no funding is charged (spot, or waived). */
  readonly funding: FundingColumns | undefined
}

/** Costs and assumptions of a run. */
export type BarRules = {
  /** Split equally over the symbols; each share is margined alone (isolated). */
  readonly startEquityQuote: number
  readonly leverage: number
  /** Positive is a cost, negative a rebate. */
  readonly makerFeeRatio: number
  readonly takerFeeRatio: number
  readonly liquidationFeeRatio: number
  /** Adverse move of market and stop fills, as a fraction of the price. */
  readonly slippageRatio: number
  readonly path: IntrabarPath
  /** How many ticks price must go beyond a resting limit to fill it; 0 lets a touch fill. */
  readonly throughTicks: number
  /** Price of a resting limit that the open jumps over: its own (what a book pays), or the open. */
  readonly gapFill: 'limit' | 'open'
}

export const orderKind = { none: 0, limit: 1, stop: 2 } as const
export const orderFlag = { postOnly: 1, reduceOnly: 2, isNew: 4 } as const

/** Everything of a run, in columns by symbol or by symbol × slot. Money in quote, sizes in lots. */
export type BarState = {
  readonly table: BarTable
  readonly instruments: readonly BarInstrument[]
  readonly rules: BarRules
  readonly record: BarRecord
  step: number
  /** Newest closed row per symbol; −1 before the first. */
  readonly row: Int32Array
  /** Wallet after paying for positions: equity is `cash + position × price`. */
  readonly cash: Float64Array
  /** Signed whole lots. */
  readonly lots: Float64Array
  /** The same in base. */
  readonly base: Float64Array
  /** 1 where the symbol has a bar in this step. */
  readonly hasBar: Uint8Array
  /** Price that liquidates: 0 when no fall does (long), infinite when no rise does (short). */
  readonly liquidation: Float64Array
  /** Signed lots waiting for the next open. */
  readonly marketLots: Float64Array
  readonly nextFundingUs: Float64Array
  readonly fundingIndex: Int32Array
  readonly kind: Uint8Array
  readonly flags: Uint8Array
  /** +1 buy, −1 sell. */
  readonly sign: Int8Array
  readonly price: Float64Array
  readonly orderLots: Float64Array
  readonly activeCount: Int32Array
  /** Slots in use per symbol, in the first `activeCount` places. */
  readonly activeSlots: Uint8Array
  readonly tickQuote: Float64Array
  readonly lotsPerBase: Float64Array
}

export function createBarState(
  table: BarTable,
  instruments: readonly BarInstrument[],
  rules: BarRules,
): BarState {
  const count = table.columns.length
  invariant(instruments.length === count, 'one instrument per column of bars')
  const { startUs } = table
  const fundingIndex = new Int32Array(count)
  const nextFundingUs = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  instruments.forEach(({ funding }, symbol) => {
    if (!funding) return
    let index = 0
    while (index < funding.timeUs.length && (funding.timeUs[index] as number) < startUs) index++
    fundingIndex[symbol] = index
    nextFundingUs[symbol] = funding.timeUs[index] ?? Number.POSITIVE_INFINITY
  })
  const slots = count * slotsPerSymbol
  return {
    table,
    instruments,
    rules,
    record: createBarRecord(count, table.steps),
    step: -1,
    row: new Int32Array(count).fill(-1),
    cash: new Float64Array(count).fill(rules.startEquityQuote / count),
    lots: new Float64Array(count),
    base: new Float64Array(count),
    hasBar: new Uint8Array(count),
    liquidation: new Float64Array(count),
    marketLots: new Float64Array(count),
    nextFundingUs,
    fundingIndex,
    kind: new Uint8Array(slots),
    flags: new Uint8Array(slots),
    sign: new Int8Array(slots),
    price: new Float64Array(slots),
    orderLots: new Float64Array(slots),
    activeCount: new Int32Array(count),
    activeSlots: new Uint8Array(slots),
    tickQuote: Float64Array.from(instruments, ({ ticksPerQuote }) => 1 / ticksPerQuote),
    lotsPerBase: Float64Array.from(instruments, ({ lotsPerBase }) => lotsPerBase),
  }
}

/** Equity of one symbol's share at a price. */
export const equityAt = (state: BarState, symbol: number, priceQuote: number): number =>
  (state.cash[symbol] as number) + (state.base[symbol] as number) * priceQuote

/** To be called whenever cash or position changes. */
export function updateLiquidation(state: BarState, symbol: number): void {
  const lots = state.lots[symbol] as number
  if (lots === 0) {
    state.liquidation[symbol] = 0
    return
  }
  const price = liquidationPriceQuote((state.instruments[symbol] as BarInstrument).tiers, {
    cashQuote: state.cash[symbol] as number,
    positionBase: state.base[symbol] as number,
  })
  // 0 means no price liquidates a long; a short beyond rescue keeps a price that every bar reaches.
  state.liquidation[symbol] =
    lots > 0 ? (price ?? 0) : Math.max(price ?? Number.POSITIVE_INFINITY, Number.MIN_VALUE)
}

/** Takes the order out of its place. */
export function removeOrder(state: BarState, symbol: number, slot: number): void {
  const from = symbol * slotsPerSymbol
  if (state.kind[from + slot] === orderKind.none) return
  state.kind[from + slot] = orderKind.none
  const last = (state.activeCount[symbol] as number) - 1
  // Kept in order of placing, so that equal prices fill first come, first served.
  let at = 0
  while (state.activeSlots[from + at] !== slot) at++
  for (; at < last; at++) state.activeSlots[from + at] = state.activeSlots[from + at + 1] as number
  state.activeCount[symbol] = last
}

export function removeAllOrders(state: BarState, symbol: number): void {
  const from = symbol * slotsPerSymbol
  const count = state.activeCount[symbol] as number
  for (let i = 0; i < count; i++)
    state.kind[from + (state.activeSlots[from + i] as number)] = orderKind.none
  state.activeCount[symbol] = 0
  state.marketLots[symbol] = 0
}
