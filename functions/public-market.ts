/** Public market data as the functions need it: floats, for storage that people look at. */
export type PublicMarketReader = {
  /** Candles by open time, the one still open included. @throws TradingError VENUE_* */
  klines(
    symbol: string,
    interval: string,
    startMs: number,
    endMs: number,
  ): Promise<readonly PublicKline[]>
  /** Mark, index and running funding estimate of every symbol. @throws TradingError VENUE_* */
  premiumIndex(): Promise<readonly PublicPremium[]>
  /** Hours between funding settlements by symbol. @throws TradingError VENUE_* */
  fundingInfo(): Promise<ReadonlyMap<string, number>>
  /** Absent on a venue that does not tell it. @throws TradingError VENUE_* */
  readonly openInterest?: ((symbol: string) => Promise<PublicOpenInterest>) | undefined
}

/** A second source of the same market, for comparison and for when the first is silent. */
export type SecondMarketReader = {
  /** Written into the `source` column. */
  readonly source: string
  premiumIndex(): Promise<readonly PublicPremium[]>
  openInterest(symbol: string): Promise<PublicOpenInterest>
  longShortRatio(symbol: string): Promise<PublicLongShortRatio>
}

export type PublicKline = {
  readonly openTimeMs: number
  /** Last millisecond of the candle. */
  readonly closeTimeMs: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** Base units. */
  readonly volume: number
  readonly quoteVolume: number
  readonly tradeCount: number
}

export type PublicPremium = {
  readonly symbol: string
  readonly markPrice: number
  readonly indexPrice: number
  /** Fraction of notional per interval; longs pay when positive. */
  readonly fundingRate: number
  /** 0 on markets without funding. */
  readonly nextFundingTimeMs: number
  readonly timeMs: number
}

export type PublicOpenInterest = {
  readonly symbol: string
  /** Base units, one side counted. */
  readonly openInterest: number
  readonly timeMs: number
}

export type PublicLongShortRatio = {
  readonly symbol: string
  /** Share of accounts that are long, 0 to 1. */
  readonly longShare: number
  readonly shortShare: number
  readonly longShortRatio: number
  readonly timeMs: number
}
