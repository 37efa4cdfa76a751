import { TradingError } from '#shared/kernel/error.ts'
import { normalDensity, normalQuantile } from '../distribution/normal.ts'

/** Losses are positive: 0.05 is a loss of 5 % of equity in one period. */
export type TailRisk = {
  readonly valueAtRiskRatio: number
  /** Mean loss in the worst `1 − confidence` of the periods. */
  readonly expectedShortfallRatio: number
}

/**
 * Historical value at risk and expected shortfall of one period.
 *
 * With `n` returns the tail holds `m = (1 − c) n` of them; the value at risk is the `⌈m⌉`-th worst loss and the last,
 * partly counted one has the weight that is left, so that the shortfall is coherent.
 *
 * @param confidence - e.g. 0.95
 * @returns undefined when the tail holds less than one return
 * @see Acerbi & Tasche (2002), "On the coherence of expected shortfall", Journal of Banking & Finance 26(7), 1487–1503
 */
export function historicalTailRisk(
  returns: ArrayLike<number>,
  confidence: number,
): TailRisk | undefined {
  checkConfidence(confidence)
  // 0.05 × 100 is a hair above 5 in floating point, and would take a sixth loss.
  const tail = Number(((1 - confidence) * returns.length).toPrecision(12))
  if (tail < 1) return undefined
  const losses = Float64Array.from(returns, (value) => -value)
    .sort()
    .reverse()
  const last = Math.ceil(tail) - 1
  let sum = 0
  for (let rank = 0; rank < last; rank++) sum += losses[rank]!
  return {
    valueAtRiskRatio: losses[last]!,
    expectedShortfallRatio: (sum + losses[last]! * (tail - last)) / tail,
  }
}

/** Value at risk and expected shortfall of a normal return: `−(μ + σ z)` and `−μ + σ φ(z)/(1 − c)`. */
export function normalTailRisk(input: {
  readonly mean: number
  readonly standardDeviation: number
  readonly confidence: number
}): TailRisk {
  checkConfidence(input.confidence)
  const { mean, standardDeviation, confidence } = input
  const z = normalQuantile(1 - confidence)
  return {
    valueAtRiskRatio: -(mean + standardDeviation * z),
    expectedShortfallRatio: -mean + (standardDeviation * normalDensity(z)) / (1 - confidence),
  }
}

/** Shape of a return distribution. */
export type TailShape = {
  readonly skewness: number
  /** RAW, 3 for a normal distribution. */
  readonly kurtosisRaw: number
}

/**
 * Cornish-Fisher quantile `z + (z²−1)S/6 + (z³−3z)K/24 − (2z³−5z)S²/36` with excess kurtosis `K = raw − 3`.
 *
 * Gives a number for any shape; outside {@link isCornishFisherDomain} it is no quantile of anything.
 *
 * @see Cornish & Fisher (1938), "Moments and Cumulants in the Specification of Distributions", Revue de l'Institut
 *   International de Statistique 5(4), 307–320
 */
export function cornishFisherQuantile(probability: number, shape: TailShape): number {
  const z = normalQuantile(probability)
  const skew = shape.skewness
  const excess = shape.kurtosisRaw - 3
  return (
    z +
    ((z ** 2 - 1) * skew) / 6 +
    ((z ** 3 - 3 * z) * excess) / 24 -
    ((2 * z ** 3 - 5 * z) * skew ** 2) / 36
  )
}

/**
 * Whether the expansion rises with the probability everywhere, as a quantile must.
 *
 * Its slope in `z` is `a z² + b z + c` with `a = K/8 − S²/6`, `b = S/3`, `c = 1 − K/8 + 5S²/36`.
 *
 * @see Maillard (2012), "A User's Guide to the Cornish Fisher Expansion", SSRN 1997178
 */
export function isCornishFisherDomain({ skewness, kurtosisRaw }: TailShape): boolean {
  const excess = kurtosisRaw - 3
  const a = excess / 8 - skewness ** 2 / 6
  const b = skewness / 3
  const c = 1 - excess / 8 + (5 * skewness ** 2) / 36
  return a === 0 ? b === 0 && c > 0 : a > 0 && b * b <= 4 * a * c
}

/**
 * Cornish-Fisher value at risk `−(μ + σ z_cf)` of one period; losses are positive.
 *
 * @returns undefined outside the domain where the expansion is a quantile
 */
export function cornishFisherValueAtRisk(
  input: TailShape & {
    readonly mean: number
    readonly standardDeviation: number
    readonly confidence: number
  },
): number | undefined {
  checkConfidence(input.confidence)
  if (!isCornishFisherDomain(input)) return undefined
  return -(
    input.mean +
    input.standardDeviation * cornishFisherQuantile(1 - input.confidence, input)
  )
}

function checkConfidence(confidence: number): void {
  if (!(confidence > 0.5 && confidence < 1))
    throw new TradingError(
      'STATISTIC_INVALID',
      `confidence ${confidence} must lie between 0.5 and 1, e.g. 0.95`,
    )
}
