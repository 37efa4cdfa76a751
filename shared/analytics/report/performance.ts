import { maxDrawdownRatio } from '../drawdown.ts'
import { momentsOf } from '../moments.ts'
import {
  annualReturnRatio,
  calmarRatio,
  type PeriodRatio,
  ratioPointsMin,
  sharpeRatio,
  sortinoRatio,
  volatility,
} from '../ratio.ts'
import type { EquityColumns } from '../result.ts'
import { historicalTailRisk, type TailRisk } from '../var/value-at-risk.ts'
import type { StatisticsReturns } from './statistics-period.ts'

/** Return and risk. Ratios carry their period; figures that are not defined are absent. */
export type Performance = {
  readonly startEquityQuote: number
  readonly endEquityQuote: number
  readonly returnRatio: number
  /** Compound, 365 days; only from 30 days on. */
  readonly annualReturnRatio: number | undefined
  /** Period of the returns behind every ratio here. */
  readonly periodSeconds: number
  readonly points: number
  readonly sharpe: PeriodRatio | undefined
  readonly sortino: PeriodRatio | undefined
  readonly calmar: number | undefined
  readonly volatility: PeriodRatio | undefined
  readonly skewness: number | undefined
  /** 3 for a normal sample. */
  readonly kurtosisRaw: number | undefined
  readonly maxDrawdownRatio: number | undefined
  /** 95 %, one period, from history. */
  readonly tailRisk: TailRisk | undefined
}

/** Return and risk of one equity path; ratios and shape only from {@link ratioPointsMin} returns on. */
export function performanceOf(
  run: StatisticsReturns & {
    readonly equity: EquityColumns
    readonly startEquityQuote: number
    readonly days: number
  },
): Performance {
  const { equity, startEquityQuote, days, periodSeconds } = run
  const returns = run.returns.length < ratioPointsMin ? [] : run.returns
  const endEquityQuote = equity.equityQuote.at(-1) ?? startEquityQuote
  const moments = momentsOf(returns)
  const depth = maxDrawdownRatio(equity.equityQuote)
  const annual = annualReturnRatio({ startEquityQuote, endEquityQuote, days })
  return {
    startEquityQuote,
    endEquityQuote,
    returnRatio: endEquityQuote / startEquityQuote - 1,
    annualReturnRatio: annual,
    periodSeconds,
    points: run.returns.length,
    sharpe: sharpeRatio({ returns, periodSeconds }),
    sortino: sortinoRatio({ returns, periodSeconds }),
    calmar: calmarRatio({ annualReturnRatio: annual, maxDrawdownRatio: depth }),
    volatility: volatility({ returns, periodSeconds }),
    skewness: moments?.skewness,
    kurtosisRaw: moments?.kurtosisRaw,
    maxDrawdownRatio: depth,
    tailRisk: historicalTailRisk(returns, 0.95),
  }
}
