import { microsPerDay } from '#shared/kernel/unit.ts'
import { accountingProblems } from '../accounting.ts'
import { type CostSensitivity, costSensitivity } from '../cost.ts'
import { type Drawdown, maxDrawdownRatio, worstDrawdowns } from '../drawdown.ts'
import { quoteUnitOf } from '../format.ts'
import { type Gate, type GatesInput, judgeGates } from '../gates.ts'
import { type MonthReturn, monthlyReturns } from '../month.ts'
import { type Overfitting, overfittingOf } from '../overfit/overfitting.ts'
import type { TrialSharpes } from '../overfit/sweep-statistics.ts'
import type { BacktestResult, PnlParts } from '../result.ts'
import { returnsOf } from '../returns.ts'
import {
  dailyTurnover,
  type ExposureStatistics,
  exposureStatistics,
  type MarkoutRow,
  markoutStatistics,
  type RoundTripStatistics,
  roundTripStatistics,
} from '../trade.ts'
import { type Performance, performanceOf } from './performance.ts'
import { statisticsReturns } from './statistics-period.ts'

/** What a summary needs besides the result. */
export type SummaryOptions = {
  /** All trials this run was chosen from, itself included; 1 when nothing was tried. */
  readonly trialCount: number
  /** Sharpe ratios per observation of all trials; needed for deflation when there were several. */
  readonly trialSharpes?: TrialSharpes
  /** Period of returns behind every ratio; a default by the length of the run unless told. */
  readonly statisticsPeriodSeconds?: number
  readonly gatesInput: GatesInput
}

/** A benchmark over the same time. */
export type BenchmarkRow = {
  readonly name: string
  readonly returnRatio: number | undefined
  readonly maxDrawdownRatio: number | undefined
}

/** Everything a report says in figures. Plain JSON; a figure that is not defined is absent. */
export type BacktestSummary = {
  readonly engine: BacktestResult['engine']
  readonly strategy: string
  readonly symbols: readonly string[]
  readonly parameters: BacktestResult['parameters']
  readonly startUs: number
  readonly endUs: number
  readonly days: number
  readonly seed: number
  readonly commit: string
  readonly command: string
  readonly isSynthetic: boolean
  /** Failed ones first. */
  readonly gates: readonly Gate[]
  readonly performance: Performance
  readonly overfitting: Overfitting
  readonly pnl: PnlParts
  readonly costs: CostSensitivity
  readonly trading: RoundTripStatistics &
    ExposureStatistics & {
      readonly orders: number
      readonly fills: number
      readonly fillRatio: number | undefined
      /** Share of traded notional that rested, 0 to 1. */
      readonly makerRatio: number | undefined
      readonly dailyTurnover: number | undefined
      readonly liquidations: number
    }
  readonly markouts: readonly MarkoutRow[]
  readonly worstDrawdowns: readonly Drawdown[]
  readonly months: readonly MonthReturn[]
  readonly benchmarks: readonly BenchmarkRow[]
}

/**
 * Turns a backtest result into the figures of its report and judges it by the honesty gates.
 *
 * Ratios are on returns of one named period; drawdowns are on every sample of the equity.
 *
 * @throws TradingError STATISTIC_INVALID for equity that is no number, a period that the samples do not divide, or
 *   trial Sharpe ratios without a period
 */
export function summariseBacktest(
  result: BacktestResult,
  options: SummaryOptions,
): BacktestSummary {
  const { equity, pnl, startEquityQuote } = result
  const days = (result.endUs - result.startUs) / microsPerDay
  const sample = statisticsReturns(equity, options.statisticsPeriodSeconds)
  const performance = performanceOf({ ...sample, equity, startEquityQuote, days })
  const overfitting = overfittingOf({ ...sample, ...options })
  const costs = costSensitivity(result)
  const roundTrips = roundTripStatistics(result.roundTrips)
  const benchmarks = result.benchmarks.map(({ name, equityQuote }) => ({
    name,
    returnRatio: totalReturn(equityQuote),
    maxDrawdownRatio: maxDrawdownRatio(equityQuote),
  }))
  const syntheticSources = result.sources.filter((s) => s.isSynthetic).map(({ path }) => path)
  const gates = judgeGates({
    ...options.gatesInput,
    syntheticSources,
    accountingProblems: accountingProblems(result),
    quoteUnit: quoteUnitOf(result.symbols),
    liquidations: result.liquidations.length,
    liquidationLossQuote: result.liquidations.reduce((sum, row) => sum + row.lossQuote, 0),
    endEquityQuote: performance.endEquityQuote,
    totalPnlQuote: pnl.totalQuote,
    alphaQuote: costs.alphaQuote,
    rebateQuote: costs.rebateQuote,
    roundTrips: roundTrips.count,
    trialCount: options.trialCount,
    deflatedSharpe: overfitting.deflatedSharpe,
    trackRecordPoints: overfitting.points,
    minTrackRecordPoints: overfitting.minTrackRecordPoints,
    periodSeconds: sample.periodSeconds,
    sharpePerPeriod: overfitting.sharpePerPeriod,
    returnRatio: performance.returnRatio,
    benchmarks,
  })
  return {
    engine: result.engine,
    strategy: result.strategy,
    symbols: result.symbols,
    parameters: result.parameters,
    startUs: result.startUs,
    endUs: result.endUs,
    days,
    seed: result.seed,
    commit: result.commit,
    command: result.command,
    isSynthetic: syntheticSources.length > 0,
    gates,
    performance,
    overfitting,
    pnl,
    costs,
    trading: {
      ...roundTrips,
      ...exposureStatistics(equity),
      orders: result.orders,
      fills: result.fills.timeUs.length,
      fillRatio: result.fillRatio,
      makerRatio:
        result.tradedNotionalQuote > 0
          ? result.makerNotionalQuote / result.tradedNotionalQuote
          : undefined,
      dailyTurnover: dailyTurnover({ ...result, equityQuote: equity.equityQuote }),
      liquidations: result.liquidations.length,
    },
    markouts: markoutStatistics(result.fills),
    worstDrawdowns: worstDrawdowns(equity),
    months: monthlyReturns(equity),
    benchmarks,
  }
}

function totalReturn(equityQuote: readonly number[]): number | undefined {
  const first = equityQuote[0]
  const last = equityQuote.at(-1)
  if (first === undefined || last === undefined || first <= 0) return undefined
  // Reading the returns refuses a sample that is no number.
  returnsOf(equityQuote)
  return last / first - 1
}
