import { TradingError } from '#shared/kernel/error.ts'
import { type BarState, equityAt, orderKind } from './state.ts'
import { type BarView, slotsPerSymbol } from './strategy.ts'

/** A strategy's sight of a run: only bars that have closed. */
export function createBarView(state: BarState): BarView {
  const { columns, startUs, intervalUs } = state.table
  const opens = columns.map(({ open }) => open)
  const highs = columns.map(({ high }) => high)
  const lows = columns.map(({ low }) => low)
  const closes = columns.map(({ close }) => close)
  const volumes = columns.map(({ volume }) => volume)
  const { row, cash, base, kind, hasBar } = state
  const read = (column: readonly Float64Array[], symbol: number, barsAgo: number): number => {
    const newest = row[symbol] as number
    // Reading before the first row, or between rows, gives undefined; reading ahead is refused.
    const value = (column[symbol] as Float64Array)[newest - barsAgo]
    if (value === undefined || !(barsAgo >= 0)) throw unseen(symbol, barsAgo, newest + 1)
    return value
  }
  const equityQuote = (symbol: number): number =>
    (row[symbol] as number) < 0
      ? (cash[symbol] as number)
      : equityAt(state, symbol, read(closes, symbol, 0))
  return {
    symbols: columns.map(({ symbol }) => symbol),
    intervalUs,
    nowUs: () => startUs + (state.step + 1) * intervalUs,
    hasBar: (symbol) => hasBar[symbol] === 1,
    barsSeen: (symbol) => (row[symbol] as number) + 1,
    open: (symbol, barsAgo) => read(opens, symbol, barsAgo),
    high: (symbol, barsAgo) => read(highs, symbol, barsAgo),
    low: (symbol, barsAgo) => read(lows, symbol, barsAgo),
    close: (symbol, barsAgo) => read(closes, symbol, barsAgo),
    volume: (symbol, barsAgo) => read(volumes, symbol, barsAgo),
    positionBase: (symbol) => base[symbol] as number,
    equityQuote,
    buyingPowerQuote: (symbol) => equityQuote(symbol) * state.rules.leverage,
    isWorking: (symbol, slot) => kind[symbol * slotsPerSymbol + slot] !== orderKind.none,
  }
}

const unseen = (symbol: number, barsAgo: number, seen: number): TradingError =>
  new TradingError(
    'STATE_CORRUPT',
    `a strategy asked for bar ${barsAgo} ago of symbol ${symbol}, of which ${seen} have closed`,
  )
