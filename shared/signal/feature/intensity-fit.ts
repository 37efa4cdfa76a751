/** Result of {@link fitIntensity}; written in place. */
export type IntensityFit = {
  /** `A`, per second. */
  perSecond: number
  /** `k`, per tick. */
  perTick: number
  /** Standard error of `ln A`. */
  logPerSecondError: number
  /** Standard error of `k`, per tick. */
  perTickError: number
}

export const emptyIntensityFit = (): IntensityFit => ({
  perSecond: 0,
  perTick: 0,
  logPerSecondError: 0,
  perTickError: 0,
})

/** Depth that bin `index` stands for: the middle between two whole ticks, where an order of a one-tick market rests. */
export const binDepthTicks = (index: number): number => index + 0.5

/**
 * Fits `ln λ(δ) = ln A − kδ` by least squares weighted with the counts, because the variance of the log of a
 * Poisson count `n` is about `1/n`; the errors assume independent counts and are too small for nested ones.
 *
 * @param ratesPerSecond - `λ` of each bin, per second, positive; shape [binCount]
 * @param counts - arrivals behind each rate, positive; shape [binCount]
 * @param binCount - bins to use, from the mid outwards
 * @returns false when fewer than two bins are given or `λ` does not fall with depth; `out` is then meaningless
 * @see Avellaneda & Stoikov (2008) for the law; the regression is the one of hftbacktest's notebook
 *   "GLFT Market Making Model and Grid Trading", with depths in whole ticks
 */
export function fitIntensity(
  ratesPerSecond: Float64Array,
  counts: Float64Array,
  binCount: number,
  out: IntensityFit,
): boolean {
  if (binCount < 2) return false
  let weight = 0
  let depthSum = 0
  let logSum = 0
  for (let bin = 0; bin < binCount; bin++) {
    const count = counts[bin]!
    weight += count
    depthSum += count * binDepthTicks(bin)
    logSum += count * Math.log(ratesPerSecond[bin]!)
  }
  const depthMean = depthSum / weight
  const logMean = logSum / weight
  let depthSquares = 0
  let products = 0
  for (let bin = 0; bin < binCount; bin++) {
    const depth = binDepthTicks(bin) - depthMean
    depthSquares += counts[bin]! * depth * depth
    products += counts[bin]! * depth * (Math.log(ratesPerSecond[bin]!) - logMean)
  }
  const slope = products / depthSquares
  out.perTick = -slope
  out.perSecond = Math.exp(logMean - slope * depthMean)
  out.perTickError = Math.sqrt(1 / depthSquares)
  out.logPerSecondError = Math.sqrt(1 / weight + (depthMean * depthMean) / depthSquares)
  return out.perTick > 0 && Number.isFinite(out.perTick) && Number.isFinite(out.perSecond)
}
