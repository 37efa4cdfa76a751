import type { Micros } from '#shared/kernel/unit.ts'
import { randomFor } from '#shared/simulation/latent-price.ts'
import { syntheticMarket } from '#shared/simulation/listing.ts'
import {
  type FundingSettlement,
  fundingRateDefault,
  type Market,
} from '#shared/simulation/state.ts'
import { createCandleStore } from './candle-store.ts'
import type { PublicMarket } from './context.ts'

type HistoryOptions = {
  readonly seed: number
  readonly startUs: Micros
  /** 0: the market has no past. */
  readonly historyDays: number
}

const settlementsBefore = 200

/** A market with its public memory; on invented markets with an invented past that ends at the start. */
export function createPublicMarket(market: Market, options: HistoryOptions): PublicMarket {
  const { instrument } = market
  const { seed, startUs, historyDays } = options
  if (historyDays === 0) {
    const candles = createCandleStore(instrument, undefined)
    return { instrument, market, trades: [], candles, settlements: [] }
  }
  const synthetic = syntheticMarket(instrument.symbol)
  const tickQuote = instrument.priceGrid.step / 10 ** instrument.priceGrid.decimals
  const lotBase = instrument.sizeGrid.step / 10 ** instrument.sizeGrid.decimals
  const quotePerMinute = synthetic.levelQuote * 0.35 * synthetic.marketOrdersPerSecond * 60
  const candles = createCandleStore(instrument, {
    seed,
    days: historyDays,
    startUs,
    startTicks: Math.round(synthetic.startQuote / tickQuote),
    volatilityBpsPerSqrtSecond: synthetic.volatilityBpsPerSqrtSecond,
    lotsPerMinute: quotePerMinute / (synthetic.startQuote * lotBase),
  })
  return { instrument, market, trades: [], candles, settlements: inventFunding(market, options) }
}

/** Past settlements around the interest rate, with a slow swing, so that scans have something to rank. */
function inventFunding(market: Market, { seed }: HistoryOptions): FundingSettlement[] {
  const { instrument, fundingIntervalUs, nextFundingTimeUs } = market
  if (fundingIntervalUs === undefined || nextFundingTimeUs === undefined) return []
  const random = randomFor(seed, `funding ${instrument.symbol}`)
  const { startQuote } = syntheticMarket(instrument.symbol)
  let swing = 0
  return Array.from({ length: settlementsBefore }, (_, index) => {
    swing = 0.9 * swing + 0.00008 * random.normal()
    const timeUs = nextFundingTimeUs - (settlementsBefore - index) * fundingIntervalUs
    return {
      instrumentId: instrument.id,
      fundingRate: Math.round((fundingRateDefault + swing) * 1e8) / 1e8,
      markPriceE8: Math.round(startQuote * 1e8),
      timeUs: timeUs as Micros,
    }
  })
}
