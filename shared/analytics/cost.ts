import type { BacktestResult } from './result.ts'

/** Fees that every report is recomputed at, in bps of notional; −0.5 is a rebate. */
export const sensitivityFeesBps = [-0.5, 0, 2, 5] as const

/** What the run would have earned had every fill paid one flat fee. */
export type CostRow = {
  readonly feeBps: number
  readonly pnlQuote: number
  /** Of the equity at the start. */
  readonly returnRatio: number
}

/** Profit apart from what the venue charges or pays for trading. */
export type CostSensitivity = {
  readonly pnlBeforeFeesQuote: number
  readonly tradedNotionalQuote: number
  /** Flat fee at which the run earns nothing; negative when it needs a rebate; undefined without trades. */
  readonly breakEvenFeeBps: number | undefined
  readonly rows: readonly CostRow[]
  /** What the venue paid us for resting, 0 or more. */
  readonly rebateQuote: number
  /** What we paid, 0 or more. */
  readonly feesPaidQuote: number
  /** Profit without the rebate but with the fees that were paid. */
  readonly alphaQuote: number
}

/**
 * `pnl(f) = pnl(0) − f × notional`: exact, as a flat fee changes no decision of a run that already happened.
 *
 * A strategy that looks at its fees would have traded otherwise; this is a sensitivity, not a second backtest.
 */
export function pnlAtFee(run: {
  readonly pnlBeforeFeesQuote: number
  readonly tradedNotionalQuote: number
  readonly feeBps: number
}): number {
  return run.pnlBeforeFeesQuote - (run.feeBps / 10_000) * run.tradedNotionalQuote
}

/** Profit at each of {@link sensitivityFeesBps}, and alpha apart from rebate. */
export function costSensitivity(
  result: Pick<BacktestResult, 'pnl' | 'tradedNotionalQuote' | 'fills' | 'startEquityQuote'>,
): CostSensitivity {
  const { pnl, tradedNotionalQuote, fills, startEquityQuote } = result
  // `feesQuote` is a gain, so taking it out leaves profit as if trading were free.
  const pnlBeforeFeesQuote = pnl.totalQuote - pnl.feesQuote
  const rebateQuote = fills.feeQuote.reduce((sum, fee) => sum - Math.min(0, fee), 0)
  return {
    pnlBeforeFeesQuote,
    tradedNotionalQuote,
    breakEvenFeeBps:
      tradedNotionalQuote > 0 ? (pnlBeforeFeesQuote / tradedNotionalQuote) * 10_000 : undefined,
    rows: sensitivityFeesBps.map((feeBps) => {
      const pnlQuote = pnlAtFee({ pnlBeforeFeesQuote, tradedNotionalQuote, feeBps })
      return { feeBps, pnlQuote, returnRatio: pnlQuote / startEquityQuote }
    }),
    rebateQuote,
    feesPaidQuote: rebateQuote - pnl.feesQuote,
    alphaQuote: pnl.totalQuote - rebateQuote,
  }
}
