import type { FundingColumns } from './funding.ts'
import { type MarginTier, tiersFromSteps } from './margin.ts'
import { type BarRun, runBars } from './run.ts'
import { alignBars, type BarColumns } from './series.ts'
import type { BarInstrument, BarRules } from './state.ts'
import type { BarFill, BarOrders, BarStrategy, BarView } from './strategy.ts'

/** Open, high, low, close and, if not 1,000, volume. */
export type Ohlc = readonly [
  open: number,
  high: number,
  low: number,
  close: number,
  volume?: number,
]

export const hourUs = 3_600_000_000
export const startUs = 1_700_000_000_000_000 - (1_700_000_000_000_000 % hourUs)

export function columnsFrom(bars: readonly Ohlc[], symbol = 'AAAUSDT', firstStep = 0): BarColumns {
  return {
    symbol,
    timeUs: Float64Array.from(bars, (_, i) => startUs + (firstStep + i) * hourUs),
    open: Float64Array.from(bars, ([open]) => open),
    high: Float64Array.from(bars, ([, high]) => high),
    low: Float64Array.from(bars, ([, , low]) => low),
    close: Float64Array.from(bars, ([, , , close]) => close),
    volume: Float64Array.from(bars, ([, , , , volume = 1_000]) => volume),
  }
}

const onePercentTiers: readonly MarginTier[] = tiersFromSteps([[1e12, 125, 0.01]])

export const freeRules: BarRules = {
  startEquityQuote: 1_000_000,
  leverage: 1,
  makerFeeRatio: 0,
  takerFeeRatio: 0,
  liquidationFeeRatio: 0,
  slippageRatio: 0,
  path: 'pessimistic',
  throughTicks: 1,
  gapFill: 'limit',
}

export const instrumentOf = (symbol: string, funding?: FundingColumns): BarInstrument => ({
  symbol,
  ticksPerQuote: 100,
  lotsPerBase: 1_000,
  notionalQuoteMin: 0,
  tiers: onePercentTiers,
  funding,
})

/** What to ask for at the close of each bar, by step. */
export type Script = Readonly<Record<number, (orders: BarOrders, view: BarView) => void>>

export function scripted(script: Script, told?: BarFill[]): BarStrategy {
  let step = 0
  return {
    name: 'scripted',
    parameters: {},
    onFill: (fill) => {
      told?.push(fill)
    },
    onBar(view, orders) {
      script[step++]?.(orders, view)
    },
  }
}

export function runScript(
  bars: readonly Ohlc[],
  script: Script,
  given: Partial<BarRules> & { readonly funding?: FundingColumns; readonly told?: BarFill[] } = {},
): BarRun {
  const { funding, told, ...rules } = given
  return runBars({
    table: alignBars([columnsFrom(bars)], hourUs),
    instruments: [instrumentOf('AAAUSDT', funding)],
    rules: { ...freeRules, ...rules },
    strategy: scripted(script, told),
  })
}

/** Fills as `[step, signed base, price]`. */
export const fillsOf = ({ record }: BarRun): readonly (readonly [number, number, number])[] =>
  record.fillStep.map((step, i) => [
    step,
    record.fillBase[i] as number,
    record.fillPrice[i] as number,
  ])
