import { microsPerDay, microsPerSecond } from '#shared/kernel/unit.ts'
import { mean } from './moments.ts'
import {
  type EquityColumns,
  type FillColumns,
  markoutSeconds,
  type RoundTripColumns,
} from './result.ts'

/** What round trips say. */
export type RoundTripStatistics = {
  readonly count: number
  /** Share that earned more than nothing, 0 to 1; undefined without round trips. */
  readonly hitRatio: number | undefined
  /** Sum of wins over sum of losses; undefined without a loss. */
  readonly profitFactor: number | undefined
  readonly meanPnlQuote: number | undefined
  readonly meanHoldingSeconds: number | undefined
}

/** Figures over round trips from flat to flat. */
export function roundTripStatistics(trips: RoundTripColumns): RoundTripStatistics {
  const { pnlQuote } = trips
  const wins = pnlQuote.filter((pnl) => pnl > 0)
  const wonQuote = wins.reduce((sum, pnl) => sum + pnl, 0)
  const lostQuote = pnlQuote.reduce((sum, pnl) => sum - Math.min(0, pnl), 0)
  const holding = trips.closeUs.map((closeUs, index) => closeUs - trips.openUs[index]!)
  const meanHoldingUs = mean(holding)
  return {
    count: pnlQuote.length,
    hitRatio: pnlQuote.length === 0 ? undefined : wins.length / pnlQuote.length,
    profitFactor: lostQuote > 0 ? wonQuote / lostQuote : undefined,
    meanPnlQuote: mean(pnlQuote),
    meanHoldingSeconds: meanHoldingUs === undefined ? undefined : meanHoldingUs / microsPerSecond,
  }
}

/** How much was at risk and how often. */
export type ExposureStatistics = {
  /** Share of samples with any position, 0 to 1. */
  readonly timeInMarketRatio: number | undefined
  /** Mean of gross notional over equity; samples without positive equity are left out. */
  readonly meanLeverage: number | undefined
  readonly maxLeverage: number | undefined
}

/** Exposure over the samples of the equity columns. */
export function exposureStatistics(equity: EquityColumns): ExposureStatistics {
  const { exposureQuote, equityQuote } = equity
  const leverages = exposureQuote.flatMap((exposure, index) =>
    equityQuote[index]! > 0 ? [exposure / equityQuote[index]!] : [],
  )
  return {
    timeInMarketRatio: mean(exposureQuote.map((exposure) => (exposure > 0 ? 1 : 0))),
    meanLeverage: mean(leverages),
    maxLeverage:
      leverages.length === 0
        ? undefined
        : leverages.reduce((most, leverage) => Math.max(most, leverage), 0),
  }
}

/**
 * Turnover: traded notional per day as a multiple of mean equity; 2 means the whole book was bought and sold once.
 *
 * @returns undefined when the span is empty or mean equity is not positive
 */
export function dailyTurnover(run: {
  readonly tradedNotionalQuote: number
  readonly equityQuote: readonly number[]
  readonly startUs: number
  readonly endUs: number
}): number | undefined {
  const meanEquityQuote = mean(run.equityQuote)
  const days = (run.endUs - run.startUs) / microsPerDay
  if (meanEquityQuote === undefined || meanEquityQuote <= 0 || days <= 0) return undefined
  return run.tradedNotionalQuote / meanEquityQuote / days
}

/** Mean move of the mid in our favour after a fill. */
export type MarkoutRow = {
  readonly seconds: number
  readonly meanBps: number | undefined
  readonly makerMeanBps: number | undefined
  readonly takerMeanBps: number | undefined
  /** Fills that had a mid at that horizon. */
  readonly fills: number
}

/** Markouts by horizon, each fill weighing the same; negative means the market moved against our fills. */
export function markoutStatistics(fills: FillColumns): readonly MarkoutRow[] {
  return markoutSeconds.map((seconds, horizon) => {
    const column = fills.markoutBps.map((row) => row[horizon])
    const known = (liquidity?: 'maker' | 'taker') =>
      column.filter(
        (bps, fill) => bps !== undefined && (!liquidity || fills.liquidity[fill] === liquidity),
      ) as readonly number[]
    return {
      seconds,
      meanBps: mean(known()),
      makerMeanBps: mean(known('maker')),
      takerMeanBps: mean(known('taker')),
      fills: known().length,
    }
  })
}
