/**
 * What a backtest hands to statistics and report. Columns of one table have one length; money and prices are floats
 * in quote units because nothing of this is booked. Positive P&L parts are gains, so
 * `total = spread + price + fees + funding + slippage + liquidation` with fees usually negative.
 */
export type BacktestResult = {
  readonly engine: 'tick' | 'candle'
  readonly strategy: string
  readonly parameters: Readonly<Record<string, number | boolean | string>>
  readonly symbols: readonly string[]
  readonly startUs: number
  readonly endUs: number
  readonly seed: number
  readonly startEquityQuote: number
  /** Where every row came from. A synthetic source marks the whole result. */
  readonly sources: readonly BacktestSource[]
  /** The command that gives the same result again. */
  readonly command: string
  readonly commit: string
  /** Assumptions in words: latency, queue, fill path within a bar, missing funding that was waived. */
  readonly assumptions: readonly string[]
  readonly equity: EquityColumns
  readonly pnl: PnlParts
  readonly fills: FillColumns
  readonly roundTrips: RoundTripColumns
  readonly orders: number
  readonly tradedNotionalQuote: number
  readonly makerNotionalQuote: number
  /** Share of placed orders that filled at least in part, 0 to 1; undefined when nothing was placed. */
  readonly fillRatio: number | undefined
  readonly liquidations: readonly LiquidationRow[]
  /** Equity of buy-and-hold (first symbol) and equal-weight (all symbols) from the same start, same times. */
  readonly benchmarks: readonly { readonly name: string; readonly equityQuote: readonly number[] }[]
  readonly warnings: readonly string[]
}

export type BacktestSource = {
  readonly path: string
  readonly sha256: string
  readonly rows: number
  readonly isSynthetic: boolean
}

export type PnlParts = {
  readonly totalQuote: number
  readonly spreadQuote: number
  readonly priceQuote: number
  readonly feesQuote: number
  readonly fundingQuote: number
  readonly slippageQuote: number
  readonly liquidationQuote: number
}

/** Sampled on a regular grid; `periodSeconds` apart. */
export type EquityColumns = {
  readonly periodSeconds: number
  readonly timeUs: readonly number[]
  readonly equityQuote: readonly number[]
  /** Gross notional of all positions. */
  readonly exposureQuote: readonly number[]
}

export type FillColumns = {
  readonly timeUs: readonly number[]
  readonly symbol: readonly string[]
  readonly side: readonly ('buy' | 'sell')[]
  readonly priceQuote: readonly number[]
  readonly sizeBase: readonly number[]
  readonly liquidity: readonly ('maker' | 'taker')[]
  /** Positive is a cost. */
  readonly feeQuote: readonly number[]
  /** Mid at the fill; undefined where no book exists (candles). */
  readonly midQuote: readonly (number | undefined)[]
  /**
   * One row per fill with a value per {@link markoutSeconds}: signed mid move in our favour, in bps of the price;
   * undefined past the end.
   */
  readonly markoutBps: readonly (readonly (number | undefined)[])[]
}

export const markoutSeconds = [1, 5, 30] as const

/** From flat to flat, per symbol. */
export type RoundTripColumns = {
  readonly symbol: readonly string[]
  readonly side: readonly ('long' | 'short')[]
  readonly openUs: readonly number[]
  readonly closeUs: readonly number[]
  readonly openPriceQuote: readonly number[]
  readonly closePriceQuote: readonly number[]
  readonly sizeBase: readonly number[]
  readonly pnlQuote: readonly number[]
}

export type LiquidationRow = {
  readonly timeUs: number
  readonly symbol: string
  readonly priceQuote: number
  readonly sizeBase: number
  readonly lossQuote: number
}

/** One trial of a sweep: what statistics over many trials need. */
export type TrialSummary = {
  readonly trial: number
  readonly parameters: Readonly<Record<string, number>>
  readonly pnlQuote: number
  readonly feesQuote: number
  readonly tradedNotionalQuote: number
  readonly fills: number
  readonly maxDrawdownRatio: number
  /** Returns per sampling period, for Sharpe, PBO and deflation. */
  readonly periodSeconds: number
  readonly returns: readonly number[]
}
