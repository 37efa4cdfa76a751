import { microsPerMinute } from '#shared/kernel/unit.ts'
import { createBarOrders } from './desk.ts'
import { type BarPrices, playBar } from './match.ts'
import type { BarRecord } from './record.ts'
import type { BarColumns, BarTable } from './series.ts'
import { noSlot, settleFunding } from './settle.ts'
import { type BarInstrument, type BarRules, type BarState, createBarState } from './state.ts'
import type { BarFill, BarStrategy } from './strategy.ts'
import { createBarView } from './view.ts'

/** A finished run. Steps count from 0; equity has one more row, the start. */
export type BarRun = {
  readonly table: BarTable
  readonly rules: BarRules
  readonly strategy: BarStrategy
  readonly record: BarRecord
}

export type BarRunInputs = {
  readonly table: BarTable
  /** In the order of the table's columns. */
  readonly instruments: readonly BarInstrument[]
  readonly rules: BarRules
  readonly strategy: BarStrategy
  /** Told now and then how many steps are done. */
  readonly onProgress?: ((steps: number, total: number) => void) | undefined
}

/** Settlements are stamped up to this much after the hour they belong to. */
const fundingLatenessUs = microsPerMinute
const progressSteps = 4_096

/**
 * Runs a strategy over bars.
 *
 * One step: the bar of each symbol plays against the orders given before it opened; then all bars close, fills are
 * told, and the strategy decides for the next bar. Funding due at the open is paid by the position held before it;
 * funding due within the bar by the position at its end, at the close. Bars without volume fill nothing.
 */
export function runBars(inputs: BarRunInputs): BarRun {
  const { table, instruments, rules, strategy, onProgress } = inputs
  const state = createBarState(table, instruments, rules)
  const view = createBarView(state)
  const orders = createBarOrders(state)
  const symbols = table.columns.length
  const bar = { open: 0, high: 0, low: 0, close: 0 }
  const { row, cash, base, hasBar, record, marketLots, activeCount, nextFundingUs } = state
  const { equityQuote, exposureQuote } = record
  const closes = table.columns.map(({ close }) => close)
  const { steps, intervalUs, rowAtStep } = table
  let closeUs = table.startUs
  let told = 0
  equityQuote[0] = rules.startEquityQuote
  for (let step = 0; step < steps; step++) {
    state.step = step
    closeUs += intervalUs
    let equity = 0
    let exposure = 0
    for (let symbol = 0; symbol < symbols; symbol++) {
      const rowNow = (rowAtStep[symbol] as Int32Array)[step] as number
      hasBar[symbol] = rowNow < 0 ? 0 : 1
      if (rowNow >= 0) {
        row[symbol] = rowNow
        // Most bars touch nothing: no order waits, no rate is due, no liquidation is near.
        if (
          activeCount[symbol] !== 0 ||
          marketLots[symbol] !== 0 ||
          (nextFundingUs[symbol] as number) < closeUs ||
          (base[symbol] !== 0 && isEndangered(state, symbol, rowNow))
        )
          playSymbol(state, symbol, rowNow, bar)
      }
      equity += cash[symbol] as number
      const held = base[symbol] as number
      if (held === 0) continue
      const value = held * ((closes[symbol] as Float64Array)[row[symbol] as number] as number)
      equity += value
      exposure += Math.abs(value)
    }
    equityQuote[step + 1] = equity
    exposureQuote[step + 1] = exposure
    if (strategy.onFill) told = tellFills(state, strategy, view, told)
    strategy.onBar(view, orders)
    if (onProgress && step % progressSteps === 0) onProgress(step, steps)
  }
  onProgress?.(steps, steps)
  return { table, rules, strategy, record: state.record }
}

function playSymbol(state: BarState, symbol: number, row: number, bar: BarPrices): void {
  const { columns, startUs, intervalUs } = state.table
  const openUs = startUs + state.step * intervalUs
  const column = columns[symbol] as BarColumns
  bar.open = column.open[row] as number
  bar.close = column.close[row] as number
  const dueAtOpenUs = openUs + Math.min(fundingLatenessUs, intervalUs / 2)
  if ((state.nextFundingUs[symbol] as number) < dueAtOpenUs)
    settleFunding(state, symbol, dueAtOpenUs, bar.open)
  if ((column.volume[row] as number) > 0) {
    bar.high = column.high[row] as number
    bar.low = column.low[row] as number
    playBar(state, symbol, bar)
  }
  if ((state.nextFundingUs[symbol] as number) < openUs + intervalUs)
    settleFunding(state, symbol, openUs + intervalUs, bar.close)
}

/** Whether the bar reaches the liquidation price; the open cannot lie beyond it without the low or high. */
function isEndangered(state: BarState, symbol: number, row: number): boolean {
  const liquidation = state.liquidation[symbol] as number
  if (liquidation === 0) return false
  const { low, high } = state.table.columns[symbol] as BarColumns
  return (state.base[symbol] as number) > 0
    ? (low[row] as number) <= liquidation
    : (high[row] as number) >= liquidation
}

function tellFills(
  state: BarState,
  strategy: BarStrategy,
  view: Parameters<BarStrategy['onBar']>[0],
  from: number,
): number {
  const { record } = state
  const count = record.fillStep.length
  for (let i = from; i < count; i++) {
    const signedBase = record.fillBase[i] as number
    const slot = record.fillSlot[i] as number
    const fill: BarFill = {
      symbol: record.fillSymbol[i] as number,
      side: signedBase > 0 ? 'buy' : 'sell',
      priceQuote: record.fillPrice[i] as number,
      sizeBase: Math.abs(signedBase),
      liquidity: record.fillIsMaker[i] ? 'maker' : 'taker',
      slot: slot === noSlot ? undefined : slot,
      isLiquidation: record.fillIsLiquidation[i] as boolean,
    }
    strategy.onFill?.(fill, view)
  }
  return count
}
