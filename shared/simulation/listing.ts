import type { Grid } from '#shared/kernel/decimal.ts'
import { gridFromStep, lotsFromDecimal, ticksFromDecimal } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import { type Instrument, tickLotE8FromGrids } from '#shared/market/instrument.ts'
import { suggestSymbol } from '#shared/market/suggest-symbol.ts'

/** A market before it has a place in a table. */
export type Listing = Omit<Instrument, 'id' | 'accountId'>

/** Where a synthetic market starts and how lively it is. */
export type SyntheticMarket = {
  readonly symbol: string
  readonly baseAsset: string
  readonly kind: 'perpetual' | 'spot'
  readonly tickSize: string
  readonly lotSize: string
  readonly startQuote: number
  /** Standard deviation of the price over one second. */
  readonly volatilityBpsPerSqrtSecond: number
  /** Mean number of market orders per second, both sides together. */
  readonly marketOrdersPerSecond: number
  /** Mean resting size of one level at the top, in quote. */
  readonly levelQuote: number
}

const bases = [
  { baseAsset: 'BTC', tickSize: '0.1', lotSize: '0.001', startQuote: 64_000, bps: 1.1, rate: 6 },
  { baseAsset: 'ETH', tickSize: '0.01', lotSize: '0.001', startQuote: 3_400, bps: 1.3, rate: 5 },
  { baseAsset: 'SOL', tickSize: '0.01', lotSize: '0.01', startQuote: 150, bps: 1.5, rate: 4 },
  { baseAsset: 'ASTER', tickSize: '0.0001', lotSize: '1', startQuote: 1.2, bps: 1.5, rate: 4 },
] as const

const levelQuotes = { BTC: 60_000, ETH: 30_000, SOL: 12_000, ASTER: 1_500 } as const

/** The invented markets of the twin: four perpetuals, and a spot sister of each for hedges. */
export const syntheticMarkets: readonly SyntheticMarket[] = bases.flatMap((base) => {
  const { baseAsset, tickSize, lotSize, startQuote, bps, rate } = base
  const common = {
    baseAsset,
    tickSize,
    lotSize,
    startQuote,
    volatilityBpsPerSqrtSecond: bps,
    marketOrdersPerSecond: rate,
    levelQuote: levelQuotes[baseAsset],
  }
  return [
    { ...common, symbol: `${baseAsset}USDT`, kind: 'perpetual' as const },
    { ...common, symbol: `${baseAsset}SPOT`, kind: 'spot' as const },
  ]
})

/** @throws TradingError SYMBOL_UNKNOWN when the twin does not invent that market */
export function syntheticMarket(symbol: string): SyntheticMarket {
  const found = syntheticMarkets.find((market) => market.symbol === symbol)
  if (found) return found
  const known = syntheticMarkets.map((market) => market.symbol)
  const nearest = suggestSymbol(symbol, known)
  throw new TradingError(
    'SYMBOL_UNKNOWN',
    `the twin has no market '${symbol}'${nearest ? `; did you mean ${nearest}?` : ''}; it has ${known.join(', ')}`,
  )
}

/** Filters and fees of a synthetic market, in the manner of the venue's own. */
export function listingOf(market: SyntheticMarket): Listing {
  const priceGrid = gridFromStep(market.tickSize)
  const sizeGrid = gridFromStep(market.lotSize)
  const isPerpetual = market.kind === 'perpetual'
  return {
    symbol: market.symbol,
    baseAsset: market.baseAsset,
    quoteAsset: 'USDT',
    kind: market.kind,
    priceGrid,
    sizeGrid,
    tickLotE8: tickLotE8FromGrids(priceGrid, sizeGrid, market.symbol),
    ...sizeLimits(market, priceGrid, sizeGrid),
    notionalE8Min: 500_000_000n,
    priceRatioMax: 1.05,
    priceRatioMin: 0.95,
    openOrdersMax: 200,
    makerFeePpm: 100,
    takerFeePpm: 350,
    fundingIntervalHours: isPerpetual ? 8 : undefined,
  }
}

function sizeLimits(market: SyntheticMarket, priceGrid: Grid, sizeGrid: Grid) {
  const baseMax = Math.ceil(5_000_000 / market.startQuote)
  const marketBaseMax = Math.ceil(baseMax / 10)
  return {
    priceTicksMin: 1 as Ticks,
    priceTicksMax: ticksFromDecimal(String(Math.ceil(market.startQuote * 50)), priceGrid),
    sizeLotsMin: 1 as Lots,
    sizeLotsMax: lotsFromDecimal(String(baseMax), sizeGrid),
    marketSizeLotsMin: 1 as Lots,
    marketSizeLotsMax: lotsFromDecimal(String(marketBaseMax), sizeGrid),
  }
}
