import { TradingError } from '#shared/kernel/error.ts'
import { momentsOf, variance } from '../moments.ts'
import { type PeriodReturns, periodsPerYear } from '../period.ts'
import { ratioPointsMin } from '../ratio.ts'
import {
  deflatedSharpe,
  expectedMaxSharpe,
  minBacktestYears,
  minTrackRecordPoints,
  probabilisticSharpe,
} from './sharpe-inference.ts'
import type { TrialSharpes } from './sweep-statistics.ts'

/** How much of a Sharpe ratio luck explains. */
export type Overfitting = {
  readonly points: number
  readonly periodSeconds: number
  readonly trialCount: number
  /** Over trials, per observation of this period. */
  readonly trialSharpeVariance: number | undefined
  /** `SR₀` per observation. */
  readonly expectedMaxSharpe: number | undefined
  readonly sharpePerPeriod: number | undefined
  /** Chance that the true Sharpe ratio is above zero. */
  readonly probabilisticSharpe: number | undefined
  /** Chance that it is above `SR₀`. */
  readonly deflatedSharpe: number | undefined
  /** Observations needed to tell the Sharpe ratio from zero at 95 %; undefined when it is not above zero. */
  readonly minTrackRecordPoints: number | undefined
  readonly minBacktestYears: number | undefined
  readonly pbo: number | undefined
}

/**
 * Probabilistic and deflated Sharpe ratio and the lengths they ask for.
 *
 * Sharpe ratios of trials taken at another period are scaled by the root of time. Several trials without their Sharpe
 * ratios leave the deflated one undefined: their spread is not guessed. Below {@link ratioPointsMin} returns nothing is
 * defined.
 *
 * @throws TradingError STATISTIC_INVALID when the trial count is no whole number of at least 1, or below the ratios given
 */
export function overfittingOf(
  run: PeriodReturns & {
    readonly trialCount: number
    readonly trialSharpes?: TrialSharpes
    readonly gatesInput: { readonly pbo?: number }
  },
): Overfitting {
  const { returns, periodSeconds, trialCount, trialSharpes } = run
  const given = trialSharpes?.perPeriod.length ?? 0
  if (!Number.isInteger(trialCount) || trialCount < 1 || given > trialCount)
    throw new TradingError(
      'STATISTIC_INVALID',
      `${trialCount} trials with ${given} Sharpe ratios; count every trial, at least this one`,
    )
  const trialSharpeVariance = varianceAt(run)
  const moments = returns.length < ratioPointsMin ? undefined : momentsOf(returns)
  const estimate = moments && {
    sharpe: moments.mean / moments.standardDeviation,
    skewness: moments.skewness,
    kurtosisRaw: moments.kurtosisRaw,
    points: moments.count,
  }
  const spread = trialSharpeVariance === undefined ? undefined : { trialCount, trialSharpeVariance }
  const sharpeAnnual = estimate && estimate.sharpe * Math.sqrt(periodsPerYear(periodSeconds))
  return {
    points: returns.length,
    periodSeconds,
    trialCount,
    trialSharpeVariance,
    expectedMaxSharpe: spread && expectedMaxSharpe(spread),
    sharpePerPeriod: estimate?.sharpe,
    probabilisticSharpe: estimate && probabilisticSharpe({ ...estimate, sharpeBenchmark: 0 }),
    deflatedSharpe: estimate && spread && deflatedSharpe({ ...estimate, ...spread }),
    minTrackRecordPoints:
      estimate && minTrackRecordPoints({ ...estimate, sharpeBenchmark: 0, confidence: 0.95 }),
    minBacktestYears:
      sharpeAnnual === undefined || trialCount === 1
        ? undefined
        : minBacktestYears({ trialCount, sharpeAnnual }),
    pbo: run.gatesInput.pbo,
  }
}

/** A single trial has nothing to deflate by. */
function varianceAt(run: {
  readonly periodSeconds: number
  readonly trialCount: number
  readonly trialSharpes?: TrialSharpes
}): number | undefined {
  if (run.trialCount === 1) return 0
  const { trialSharpes } = run
  const spread = trialSharpes && variance(trialSharpes.perPeriod)
  return spread === undefined
    ? undefined
    : (spread * run.periodSeconds) / trialSharpes!.periodSeconds
}
