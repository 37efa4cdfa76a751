import { TradingError } from '#shared/kernel/error.ts'

/**
 * Standard normal distribution function `Φ(x)`.
 *
 * Relative error below 1e-13 from −37 up; a Taylor series near zero, the continued fraction of Mills' ratio beyond.
 *
 * @see Marsaglia (2004), "Evaluating the Normal Distribution", Journal of Statistical Software 11(4)
 * @see Abramowitz & Stegun (1964), 26.2.14 for the fraction
 */
export function normalCdf(x: number): number {
  const lower = lowerTail(Math.abs(x))
  return x > 0 ? 1 - lower : lower
}

/** Standard normal density `φ(x)`. */
export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
}

/**
 * Standard normal quantile `z[p]`, the inverse of {@link normalCdf}; relative error below 1e-13.
 *
 * @param probability - strictly between 0 and 1
 * @throws TradingError STATISTIC_INVALID outside (0, 1)
 * @see Abramowitz & Stegun (1964), 26.2.23 for the first guess; then Halley's iteration
 */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1))
    throw new TradingError(
      'STATISTIC_INVALID',
      `probability ${probability} must be strictly between 0 and 1`,
    )
  if (probability === 0.5) return 0
  // The lower tail keeps its relative precision; the upper one is 1 minus it.
  const tail = Math.min(probability, 1 - probability)
  const t = Math.sqrt(-2 * Math.log(tail))
  let x =
    (2.515517 + t * (0.802853 + t * 0.010328)) /
      (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
    t
  for (let step = 0; step < 4; step++) {
    const miss = (normalCdf(x) - tail) / normalDensity(x)
    x -= miss / (1 + (x * miss) / 2)
  }
  return probability < 0.5 ? x : -x
}

/** Below it the series is exact enough; above it the fraction converges within {@link fractionTerms}. */
const seriesEnd = 1.5
const fractionTerms = 100

/** `Φ(−x)` for `x ≥ 0`. */
function lowerTail(x: number): number {
  if (x >= seriesEnd) {
    let fraction = x
    for (let term = fractionTerms; term >= 1; term--) fraction = x + term / fraction
    return normalDensity(x) / fraction
  }
  let term = x
  let sum = x
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (x * x) / odd
    sum += term
  }
  return 0.5 - normalDensity(x) * sum
}
