import { overfittingOf } from '#shared/analytics/overfit/overfitting.ts'
import { sweepStatistics } from '#shared/analytics/overfit/sweep-statistics.ts'
import { periodsPerYear } from '#shared/analytics/period.ts'
import type { TrialSummary } from '#shared/analytics/result.ts'

/** How much of the best trial is luck, as numbers. Sharpe ratios are per period unless they say `Annual`. */
export type Honesty = {
  readonly trialCount: number
  /** Trials whose returns vary; only they have a Sharpe ratio. */
  readonly scoredCount: number
  readonly periodSeconds: number
  readonly bestSharpe: number | undefined
  readonly bestSharpeAnnual: number | undefined
  /** Sharpe ratio that the best of as many worthless trials has on average. */
  readonly luckSharpe: number | undefined
  /** Probability that the best trial's true Sharpe ratio is above 0, as if it were the only one. */
  readonly probabilisticSharpe: number | undefined
  /** The same above what luck gives the best of so many. */
  readonly deflatedSharpe: number | undefined
  /** Probability that the best in-sample trial is below the median out of sample. */
  readonly pbo: number | undefined
}

/** Least confidence at which a result is worth a second look. */
const confidence = 0.95
const pboMost = 0.5

/** Judges the best trial by Sharpe ratio, counting every trial that was tried. */
export function judgeSweep(trials: readonly TrialSummary[]): Honesty {
  const { trialCount, trialSharpes, pbo, best } = sweepStatistics(trials)
  const { periodSeconds } = trialSharpes
  const luck =
    best &&
    overfittingOf({
      returns: best.returns,
      periodSeconds,
      trialCount,
      trialSharpes,
      gatesInput: {},
    })
  // One trial was not chosen among others: there is nothing to deflate.
  const isChosen = trialCount > 1
  const bestSharpe = luck?.sharpePerPeriod
  return {
    trialCount,
    scoredCount: trialSharpes.perPeriod.length,
    periodSeconds,
    bestSharpe,
    bestSharpeAnnual:
      bestSharpe === undefined ? undefined : bestSharpe * Math.sqrt(periodsPerYear(periodSeconds)),
    luckSharpe: isChosen ? luck?.expectedMaxSharpe : undefined,
    probabilisticSharpe: luck?.probabilisticSharpe,
    deflatedSharpe: isChosen ? luck?.deflatedSharpe : undefined,
    pbo: pbo?.pbo,
  }
}

/** The numbers in plain words, the verdict first. */
export function honestyText(honesty: Honesty): readonly string[] {
  const { trialCount, bestSharpe, luckSharpe, pbo } = honesty
  const lines = [`${trialCount} trials were tried, and all of them count.`]
  if (bestSharpe === undefined)
    return ['NO RESULT: no trial has enough returns that vary.', ...lines]
  if (luckSharpe !== undefined && honesty.deflatedSharpe !== undefined)
    lines.push(
      `The best Sharpe ratio is ${bestSharpe.toFixed(4)} per period; the best of ${trialCount} worthless trials has ${luckSharpe.toFixed(4)} on average.`,
      `Deflated Sharpe ratio ${percent(honesty.deflatedSharpe)}: the probability that the best trial is better than that luck (wanted: ${percent(confidence)}).`,
    )
  else lines.push('Deflated Sharpe ratio: undefined with fewer than two different trials.')
  lines.push(
    pbo === undefined
      ? 'Probability of overfitting: undefined, the returns are too few for blocks.'
      : `Probability of overfitting ${percent(pbo)}: how often the best trial of one half of the time is worse than the median trial in the other half (wanted: below ${percent(pboMost)}; noise gives about 50 %).`,
  )
  return [verdictOf(honesty), ...lines]
}

function verdictOf({ deflatedSharpe: deflated, pbo, bestSharpe }: Honesty): string {
  const failed: string[] = []
  if (bestSharpe !== undefined && bestSharpe <= 0) failed.push('even the best trial loses')
  if (deflated === undefined || deflated < confidence)
    failed.push('the best trial may be luck (deflated Sharpe ratio)')
  if (pbo === undefined || pbo >= pboMost)
    failed.push('choosing the best does not help out of sample (probability of overfitting)')
  return failed.length === 0
    ? 'PASSES both gates. That is a reason to test further, not to trade.'
    : `FAILS: ${failed.join('; ')}.`
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
