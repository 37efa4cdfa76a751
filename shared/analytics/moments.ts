/** Sum, spread and shape of a sample. A figure is undefined where the sample does not define it. */
export type Moments = {
  readonly count: number
  readonly mean: number
  /** Root of the unbiased variance, `n − 1`. */
  readonly standardDeviation: number
  /** `m3 / m2^1.5` with moments over `n`. */
  readonly skewness: number
  /** `m4 / m2²` with moments over `n`. RAW: a normal sample has 3, not 0. */
  readonly kurtosisRaw: number
}

/** Squares of anything smaller lose their digits in floating point; no return is. */
const smallestSpread = 1e-100

/** Arithmetic mean; undefined when there is nothing to average. */
export function mean(sample: ArrayLike<number>): number | undefined {
  if (sample.length === 0) return undefined
  let sum = 0
  for (let index = 0; index < sample.length; index++) sum += sample[index]!
  return sum / sample.length
}

/** Unbiased variance (`n − 1`); undefined below two points. */
export function variance(sample: ArrayLike<number>): number | undefined {
  const centre = mean(sample)
  if (centre === undefined || sample.length < 2) return undefined
  let squares = 0
  for (let index = 0; index < sample.length; index++) squares += (sample[index]! - centre) ** 2
  return squares / (sample.length - 1)
}

/**
 * First four moments of a sample.
 *
 * @returns undefined below two points, and when the sample does not vary beyond rounding
 */
export function momentsOf(sample: ArrayLike<number>): Moments | undefined {
  const count = sample.length
  const centre = mean(sample)
  if (centre === undefined || count < 2) return undefined
  let largest = 0
  let squares = 0
  for (let index = 0; index < count; index++) {
    largest = Math.max(largest, Math.abs(sample[index]!))
    squares += (sample[index]! - centre) ** 2
  }
  const standardDeviation = Math.sqrt(squares / (count - 1))
  // Equal values leave a residue of rounding that would make any ratio to it look enormous.
  if (!(standardDeviation > Math.max(largest * 1e-12, smallestSpread))) return undefined
  // Offsets in units of their spread: the fourth power of a small return would underflow.
  const spread = Math.sqrt(squares / count)
  let third = 0
  let fourth = 0
  for (let index = 0; index < count; index++) {
    const offset = (sample[index]! - centre) / spread
    third += offset ** 3
    fourth += offset ** 4
  }
  return {
    count,
    mean: centre,
    standardDeviation,
    skewness: third / count,
    kurtosisRaw: fourth / count,
  }
}

/** Skewness `m3 / m2^1.5`; undefined when the sample does not vary. */
export const skewness = (sample: ArrayLike<number>): number | undefined =>
  momentsOf(sample)?.skewness

/** RAW kurtosis `m4 / m2²`, 3 for a normal sample; undefined when the sample does not vary. */
export const kurtosisRaw = (sample: ArrayLike<number>): number | undefined =>
  momentsOf(sample)?.kurtosisRaw
