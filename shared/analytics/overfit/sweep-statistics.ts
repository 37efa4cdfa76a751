import { TradingError } from '#shared/kernel/error.ts'
import { sharpeRatio } from '../ratio.ts'
import type { TrialSummary } from '../result.ts'
import { type PboResult, probabilityOfOverfitting } from './pbo.ts'

/** Sharpe ratios of all trials of a sweep, per observation. */
export type TrialSharpes = {
  readonly perPeriod: readonly number[]
  readonly periodSeconds: number
}

/** What a sweep says about its own winner. */
export type SweepStatistics = {
  readonly trialCount: number
  readonly trialSharpes: TrialSharpes
  /** Trials whose returns do not vary, for example because they never traded; they have no Sharpe ratio. */
  readonly trialsWithoutSharpe: number
  /** Undefined with fewer than two trials or fewer returns than blocks. */
  readonly pbo: PboResult | undefined
  /** Highest Sharpe ratio; undefined when no trial has one. The first one wins a tie. */
  readonly best: TrialSummary | undefined
}

/**
 * Collects from a sweep what deflation and the probability of overfitting need. Counts every trial, winners or not.
 *
 * @param options.blocks - `S` of the cross-validation, even
 * @throws TradingError STATISTIC_INVALID when trials were sampled at different periods or lengths
 */
export function sweepStatistics(
  trials: readonly TrialSummary[],
  { blocks = 16 }: { readonly blocks?: number } = {},
): SweepStatistics {
  const periodSeconds = trials[0]?.periodSeconds ?? 0
  const perPeriod: number[] = []
  let best: TrialSummary | undefined
  let bestSharpe = Number.NEGATIVE_INFINITY
  for (const trial of trials) {
    if (trial.periodSeconds !== periodSeconds)
      throw new TradingError(
        'STATISTIC_INVALID',
        `trial ${trial.trial} is sampled every ${trial.periodSeconds} s, the first one every ${periodSeconds} s; run the sweep again with one period`,
      )
    const sharpe = sharpeRatio(trial)?.perPeriod
    if (sharpe === undefined) continue
    perPeriod.push(sharpe)
    if (sharpe > bestSharpe) {
      bestSharpe = sharpe
      best = trial
    }
  }
  const canCross = trials.length >= 2 && (trials[0]?.returns.length ?? 0) >= blocks
  return {
    trialCount: trials.length,
    trialSharpes: { perPeriod, periodSeconds },
    trialsWithoutSharpe: trials.length - perPeriod.length,
    pbo: canCross
      ? probabilityOfOverfitting({ trials: trials.map(({ returns }) => returns), blocks })
      : undefined,
    best,
  }
}
