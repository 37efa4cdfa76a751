import { mean, momentsOf } from './moments.ts'
import { type PeriodReturns, periodsPerYear } from './period.ts'

/** A ratio that says what it was measured on. */
export type PeriodRatio = {
  /** Per observation: what PSR, DSR and MinTRL take. */
  readonly perPeriod: number
  /** `perPeriod × √(periods per 365-day year)`; assumes returns that do not follow each other. */
  readonly annual: number
  readonly periodSeconds: number
  /** Observations behind it. */
  readonly points: number
}

/**
 * Sharpe ratio over a zero risk-free rate, `mean / standard deviation` (n − 1).
 *
 * Changing the period changes the figure whenever returns follow each other: compare equal periods only.
 *
 * @returns undefined below two returns or when they do not vary
 * @see Sharpe (1994), "The Sharpe Ratio", Journal of Portfolio Management 21(1), 49–58
 */
export function sharpeRatio({ returns, periodSeconds }: PeriodReturns): PeriodRatio | undefined {
  const moments = momentsOf(returns)
  if (!moments) return undefined
  return annualised(moments.mean / moments.standardDeviation, returns.length, periodSeconds)
}

/**
 * Sortino ratio with target zero, `mean / √(Σ min(r, 0)² / n)`.
 *
 * @returns undefined below two returns or when none is negative
 * @see Sortino & Price (1994), "Performance Measurement in a Downside Risk Framework", Journal of Investing 3(3)
 */
export function sortinoRatio({ returns, periodSeconds }: PeriodReturns): PeriodRatio | undefined {
  const centre = mean(returns)
  if (centre === undefined || returns.length < 2) return undefined
  let squares = 0
  let largest = 0
  for (let index = 0; index < returns.length; index++) {
    squares += Math.min(0, returns[index]!) ** 2
    largest = Math.max(largest, Math.abs(returns[index]!))
  }
  const downside = Math.sqrt(squares / returns.length)
  if (!(downside > largest * 1e-12)) return undefined
  return annualised(centre / downside, returns.length, periodSeconds)
}

/** Standard deviation of returns, per period and per 365-day year; undefined when they do not vary. */
export function volatility({ returns, periodSeconds }: PeriodReturns): PeriodRatio | undefined {
  const moments = momentsOf(returns)
  return moments && annualised(moments.standardDeviation, returns.length, periodSeconds)
}

/** Returns below which a report shows no ratio: its error would be larger than the ratio. */
export const ratioPointsMin = 30

/** Compounding a shorter run to a year says more about the exponent than about the strategy. */
export const annualReturnDaysMin = 30

/**
 * Compound return per 365-day year, `(end / start)^(365 / days) − 1`.
 *
 * @returns undefined below {@link annualReturnDaysMin} days or when equity ended at or below zero
 */
export function annualReturnRatio(span: {
  readonly startEquityQuote: number
  readonly endEquityQuote: number
  readonly days: number
}): number | undefined {
  const { startEquityQuote, endEquityQuote, days } = span
  if (days < annualReturnDaysMin || startEquityQuote <= 0 || endEquityQuote <= 0) return undefined
  return (endEquityQuote / startEquityQuote) ** (365 / days) - 1
}

/**
 * Calmar ratio over the whole span: compound annual return (365 days) over the deepest drawdown.
 *
 * @returns undefined when the annual return is, or when equity never fell
 * @see Young (1991), "Calmar Ratio: A Smoother Tool", Futures 20(1)
 */
export function calmarRatio(figures: {
  readonly annualReturnRatio: number | undefined
  readonly maxDrawdownRatio: number | undefined
}): number | undefined {
  const { annualReturnRatio: annual, maxDrawdownRatio: depth } = figures
  return annual === undefined || !depth ? undefined : annual / depth
}

function annualised(perPeriod: number, points: number, periodSeconds: number): PeriodRatio {
  const annual = perPeriod * Math.sqrt(periodsPerYear(periodSeconds))
  return { perPeriod, annual, periodSeconds, points }
}
