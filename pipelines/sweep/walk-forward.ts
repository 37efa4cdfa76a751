import { maxDrawdownRatio } from '#shared/analytics/drawdown.ts'
import { kurtosisRaw, skewness } from '#shared/analytics/moments.ts'
import { probabilisticSharpe } from '#shared/analytics/overfit/sharpe-inference.ts'
import { walkForwardSplits } from '#shared/analytics/overfit/walk-forward.ts'
import { sharpeRatio } from '#shared/analytics/ratio.ts'
import type { TrialSummary } from '#shared/analytics/result.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerDay, microsPerSecond } from '#shared/kernel/unit.ts'
import type { Conclusion } from './conclude.ts'
import type { SweepHeader } from './header.ts'
import { textTable } from './trial-table.ts'

export type WalkForwardOptions = {
  readonly trainUs: number
  readonly testUs: number
  /** How long after its period a return still depends on what was held in it: such returns do not train. */
  readonly purgeUs: number
  readonly embargoUs: number
  readonly isExpanding: boolean
}

/** One step: the trial that was best in training, and what it then did. */
export type WalkForwardStep = {
  readonly trial: number
  readonly parameters: TrialSummary['parameters']
  readonly trainFromDay: number
  readonly testFromDay: number
  readonly trainPeriods: number
  readonly trainSharpe: number
  /** Undefined when the returns of the test do not vary. */
  readonly testSharpe: number | undefined
  readonly testReturns: readonly number[]
}

/**
 * Chooses the best trial of each train window by Sharpe ratio and keeps only what it did in the test window after it.
 *
 * Every trial ran once over the whole span, and a strategy knows only its past, so its returns within a window are what
 * it would have earned there; what it held at the start of the window came from the same parameters.
 *
 * @throws TradingError CONFIG_INVALID when the span holds no test window or the trials differ in length
 */
export function walkForwardSteps(
  trials: readonly TrialSummary[],
  options: WalkForwardOptions,
): readonly WalkForwardStep[] {
  const [first] = trials
  if (!first) throw new TradingError('CONFIG_INVALID', 'walk-forward: there is no trial')
  const { periodSeconds } = first
  const uneven = trials.find(({ returns }) => returns.length !== first.returns.length)
  if (uneven)
    throw new TradingError(
      'CONFIG_INVALID',
      `walk-forward: trial ${uneven.trial} has ${uneven.returns.length} returns, trial ${first.trial} ${first.returns.length}`,
    )
  const periodUs = periodSeconds * microsPerSecond
  const count = first.returns.length
  // One start more than there are returns: a window that ends with the last return is whole.
  const startUs = Array.from({ length: count + 1 }, (_, index) => index * periodUs)
  const endUs = startUs.map((start) => start + periodUs - 1 + options.purgeUs)
  const { trainUs, testUs, embargoUs, isExpanding } = options
  const folds = walkForwardSplits({ startUs, endUs, trainUs, testUs, embargoUs, isExpanding })
  const steps = folds.flatMap(({ train, test, trainStartUs, testStartUs }) => {
    const chosen = bestOn(trials, train)
    if (!chosen) return []
    const testReturns = test
      .filter((index) => index < count)
      .map((index) => chosen.trial.returns[index] as number)
    return [
      {
        trial: chosen.trial.trial,
        parameters: chosen.trial.parameters,
        trainFromDay: trainStartUs / microsPerDay,
        testFromDay: testStartUs / microsPerDay,
        trainPeriods: train.length,
        trainSharpe: chosen.sharpe,
        testSharpe: sharpeRatio({ returns: testReturns, periodSeconds })?.perPeriod,
        testReturns,
      },
    ]
  })
  if (steps.length === 0) {
    const days = (first.returns.length * periodSeconds) / 86_400
    throw new TradingError(
      'CONFIG_INVALID',
      `walk-forward: ${days.toFixed(1)} days hold no train and test window of ${trainUs / microsPerDay} + ${testUs / microsPerDay} days in which a trial trades; use shorter ones`,
    )
  }
  return steps
}

function bestOn(trials: readonly TrialSummary[], train: readonly number[]) {
  let best: { trial: TrialSummary; sharpe: number } | undefined
  for (const trial of trials) {
    const returns = train.map((index) => trial.returns[index] as number)
    const sharpe = sharpeRatio({ returns, periodSeconds: trial.periodSeconds })?.perPeriod
    if (sharpe !== undefined && (best === undefined || sharpe > best.sharpe))
      best = { trial, sharpe }
  }
  return best
}

/** Test windows joined, with the fall from training to test. */
export function walkForward(
  header: SweepHeader,
  trials: readonly TrialSummary[],
  options: WalkForwardOptions,
): Conclusion {
  const steps = walkForwardSteps(trials, options)
  const periodSeconds = trials[0]?.periodSeconds as number
  const returns = steps.flatMap(({ testReturns }) => testReturns)
  const joined = sharpeRatio({ returns, periodSeconds })
  const trainSharpe = steps.reduce((sum, step) => sum + step.trainSharpe, 0) / steps.length
  const growth = returns.reduce((equity, value) => equity * (1 + value), 1)
  const certainty =
    joined &&
    probabilisticSharpe({
      sharpe: joined.perPeriod,
      sharpeBenchmark: 0,
      points: returns.length,
      skewness: skewness(returns) ?? 0,
      kurtosisRaw: kurtosisRaw(returns) ?? 3,
    })
  const drawdown = maxDrawdownRatio(equityOf(returns))
  const rows = steps.map((step) => [
    step.testFromDay.toFixed(2),
    String(step.trial),
    ...header.space.map(({ name }) => String(Number(step.parameters[name]?.toPrecision(5)))),
    step.trainSharpe.toFixed(4),
    step.testSharpe?.toFixed(4) ?? '–',
    (100 * (growthOf(step.testReturns) - 1)).toFixed(2),
  ])
  const names = header.space.map(({ name }) => name)
  return {
    text: [
      joined && joined.perPeriod > 0 && (certainty ?? 0) >= 0.95
        ? 'HOLDS out of sample with 95 % confidence.'
        : 'FAILS out of sample: the test windows do not show a Sharpe ratio above 0 with 95 % confidence.',
      '',
      ...textTable([
        ['test from day', 'trial', ...names, 'train Sharpe/period', 'test Sharpe/period', 'test %'],
        ...rows,
      ]),
      '',
      `Test windows joined: ${returns.length} returns of ${periodSeconds} s, ${(100 * (growth - 1)).toFixed(2)} %, drawdown ${(100 * (drawdown ?? 0)).toFixed(2)} %, Sharpe ${joined ? `${joined.perPeriod.toFixed(4)} per period, ${joined.annual.toFixed(2)} over 365 days` : 'undefined'}; probability that it is above 0: ${certainty === undefined ? 'undefined' : `${(100 * certainty).toFixed(1)} %`}.`,
      `In training the chosen trials had ${trainSharpe.toFixed(4)} per period on average. ${trials.length} trials, windows ${options.trainUs / microsPerDay} + ${options.testUs / microsPerDay} days, purge ${options.purgeUs / microsPerDay}, embargo ${options.embargoUs / microsPerDay} days. Costs of changing parameters between windows are not included.`,
    ],
    json: {
      steps: steps.map((step) => ({ ...step, testReturns: undefined })),
      testPeriods: returns.length,
      periodSeconds,
      testReturnRatio: growth - 1,
      testSharpe: joined,
      testMaxDrawdownRatio: drawdown,
      probabilityAboveZero: certainty,
      trainSharpePerPeriod: trainSharpe,
      trials: trials.length,
    },
  }
}

const growthOf = (returns: readonly number[]): number =>
  returns.reduce((equity, value) => equity * (1 + value), 1)

function equityOf(returns: readonly number[]): readonly number[] {
  const equity = [1]
  for (const value of returns) equity.push((equity.at(-1) as number) * (1 + value))
  return equity
}
