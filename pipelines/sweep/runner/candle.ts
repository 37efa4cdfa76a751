import { maxDrawdownRatio } from '#shared/analytics/drawdown.ts'
import { secondsPerDay } from '#shared/analytics/period.ts'
import type { TrialSummary } from '#shared/analytics/result.ts'
import { resampleEquity, returnsOf } from '#shared/analytics/returns.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import { type BarRun, runBars } from '#shared/simulation/bar/run.ts'
import { alignBars } from '#shared/simulation/bar/series.ts'
import { createBarStrategy } from '#shared/simulation/bar/strategy/registry.ts'
import type { CheckedCandles } from '../../backtest/candle-check.ts'
import { findCandleFiles } from '../../backtest/candle-file.ts'
import { readFundingFile } from '../../backtest/candle-funding.ts'
import { instrumentFrom } from '../../backtest/candle-instrument.ts'
import { type CandleBacktestOptions, planCandles } from '../../backtest/candle-options.ts'
import { readCandleFiles } from '../../backtest/candle-read.ts'
import { readTiersFile } from '../../backtest/candle-tiers.ts'
import type { Parameters } from '../space.ts'
import { isSetForAll } from './candle-setting.ts'
import type { OpenedRunner, RunnerSpec } from './runner.ts'

/**
 * The candle engine with candles, funding and tiers read once, a strategy of its own per trial.
 *
 * @throws TradingError as the candle backtest does
 */
export async function openCandleRunner(spec: RunnerSpec): Promise<OpenedRunner> {
  const options = optionsOf(spec)
  const plan = planCandles(options)
  const files = findCandleFiles(options.candles, options.symbols, plan.intervalUs)
  const { candles } = await readCandleFiles(files, {
    symbols: options.symbols,
    intervalUs: plan.intervalUs,
    nowUs: options.nowUs,
    allowGaps: options.allowGaps ?? false,
  })
  const { intervalUs } = candles[0] as CheckedCandles
  const table = alignBars(
    candles.map(({ columns }) => columns),
    intervalUs,
  )
  const tiers = options.tiers === undefined ? undefined : await readTiersFile(options.tiers)
  const funding = options.funding === undefined ? undefined : await readFundingFile(options.funding)
  const instruments = candles.map(
    (one) => instrumentFrom(one, one.columns, { table, tiers, funding, options }).instrument,
  )
  const terms = {
    makerFeePpm: Math.round(plan.rules.makerFeeRatio * 1e6),
    takerFeePpm: Math.round(plan.rules.takerFeeRatio * 1e6),
    intervalUs: table.intervalUs,
  }
  const fixed = Object.fromEntries(
    Object.entries(spec.options).filter(([name]) => !isSetForAll(name)),
  )
  const returnSeconds =
    spec.options.returnSeconds === undefined
      ? periodFor(table.steps * intervalUs, intervalUs)
      : Number(spec.options.returnSeconds)
  const one = (parameters: Parameters, trial: number): TrialSummary => {
    const config = { ...fixed, ...parameters }
    const strategy = createBarStrategy(plan.strategy, { instruments, config, terms })
    const run = runBars({ table, instruments, rules: plan.rules, strategy })
    return summaryOf(run, { trial, parameters, returnSeconds })
  }
  return { variantsPerPass: 4, run: async (parameters) => parameters.map(one) }
}

function optionsOf({ paths, strategy, options }: RunnerSpec): CandleBacktestOptions {
  const given = Object.fromEntries(
    Object.entries(options).filter(([name]) => isSetForAll(name) && name !== 'symbols'),
  )
  const symbols = options.symbols === undefined ? 'all' : String(options.symbols).split(',')
  return {
    ...given,
    candles: paths,
    symbols,
    strategy,
    nowUs: Date.now() * microsPerMilli,
    command: '',
    commit: '',
  }
}

/** Daily returns over two months and more, hourly over three days and more, else those of the bars. */
function periodFor(spanUs: number, intervalUs: number): number {
  const days = spanUs / microsPerSecond / secondsPerDay
  const wanted = days >= 60 ? secondsPerDay : days >= 3 ? 3_600 : 60
  return Math.max(wanted, intervalUs / microsPerSecond)
}

function summaryOf(
  { table, record }: BarRun,
  trial: {
    readonly trial: number
    readonly parameters: Parameters
    readonly returnSeconds: number
  },
): TrialSummary {
  const equityQuote = [...record.equityQuote]
  const timeUs = equityQuote.map((_, step) => table.startUs + step * table.intervalUs)
  const { returnSeconds } = trial
  if (!(returnSeconds * microsPerSecond >= table.intervalUs))
    throw new TradingError('OPTION_INVALID', `returnSeconds ${returnSeconds} is shorter than a bar`)
  const sampled = resampleEquity({ timeUs, equityQuote }, returnSeconds).equityQuote
  const returns = [...returnsOf(sampled)]
  // After ruin nothing is earned or lost; equal lengths keep the trials comparable.
  while (returns.length < sampled.length - 1) returns.push(0)
  const start = equityQuote[0] as number
  return {
    trial: trial.trial,
    parameters: trial.parameters,
    pnlQuote: (equityQuote.at(-1) as number) - start,
    feesQuote: record.fees,
    tradedNotionalQuote: record.turnover,
    fills: record.fillStep.length,
    maxDrawdownRatio: maxDrawdownRatio(equityQuote) ?? 0,
    periodSeconds: returnSeconds,
    returns,
  }
}
