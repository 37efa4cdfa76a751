import { cautiousTiers } from '#shared/simulation/bar/margin.ts'
import type { BarColumns, BarTable } from '#shared/simulation/bar/series.ts'
import type { BarInstrument } from '#shared/simulation/bar/state.ts'
import type { CheckedCandles } from './candle-check.ts'
import { type FundingBySymbol, fundingOver } from './candle-funding.ts'
import type { CandleBacktestOptions } from './candle-options.ts'
import type { TiersBySymbol } from './candle-tiers.ts'

/** Smallest order that opens, on every symbol: what Binance asks of most contracts. */
const notionalQuoteMin = 5

/** An instrument and what is missing of it. */
export type BuiltInstrument = {
  readonly instrument: BarInstrument
  readonly missingFundingHours: number
  readonly hasOwnTiers: boolean
}

/** @throws TradingError FUNDING_MISSING when rates are missing and not waived */
export function instrumentFrom(
  { priceDecimals, volumeDecimals }: CheckedCandles,
  columns: BarColumns,
  sources: {
    readonly table: BarTable
    readonly tiers: TiersBySymbol | undefined
    readonly funding: FundingBySymbol | undefined
    readonly options: CandleBacktestOptions
  },
): BuiltInstrument {
  const { table, tiers, funding, options } = sources
  const { symbol, timeUs } = columns
  const span = {
    symbol,
    fromUs: timeUs[0] as number,
    toUs: (timeUs.at(-1) as number) + table.intervalUs,
  }
  const waived = options.waiveFunding ?? false
  const rates = options.spot
    ? { funding: undefined, missingHours: 0 }
    : fundingOver(funding, span, { path: options.funding, waived })
  const own = tiers?.get(symbol)
  return {
    instrument: {
      symbol,
      ticksPerQuote: 10 ** priceDecimals,
      // One tick times one lot is kept at 1e-8 quote or above, which the ledger of a live strategy needs.
      lotsPerBase: 10 ** Math.min(volumeDecimals, 8 - priceDecimals),
      notionalQuoteMin,
      tiers: own ?? cautiousTiers,
      funding: rates.funding,
    },
    missingFundingHours: rates.missingHours,
    hasOwnTiers: own !== undefined,
  }
}
