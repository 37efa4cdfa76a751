import { microsPerSecond } from '#shared/kernel/unit.ts'
import {
  emptyIntensityFit,
  fitIntensity,
  type IntensityFit,
} from '#shared/signal/feature/intensity-fit.ts'

/** How volatility and fill intensity are measured, in decision steps. */
export type EstimateConfig = {
  /** Length of the sliding window. No estimate before it is full. */
  readonly windowSteps: number
  /** Steps between refits. */
  readonly refitSteps: number
  /** Bins of one tick; deeper trades are left out. */
  readonly binCount: number
  /** Only the nearest bins are fitted. */
  readonly fitBins: number
}

/** Ten minutes of 100 ms steps, refitted every 5 s, as in hftbacktest's notebook. */
export const estimateConfig: EstimateConfig = {
  windowSteps: 6_000,
  refitSteps: 50,
  binCount: 500,
  fitBins: 70,
}

/** Sliding window over steps. Sums of whole half ticks, so they never drift. */
export type MarketEstimate = {
  readonly config: EstimateConfig
  readonly stepUs: number
  /** Change of twice the mid per step; {@link none} where a mid was missing. */
  readonly changes: Int32Array
  /** Bin of the deepest trade per step; {@link none} without one. */
  readonly bins: Int32Array
  readonly histogram: Float64Array
  readonly ratesPerSecond: Float64Array
  readonly unitWeights: Float64Array
  readonly fit: IntensityFit
  step: number
  lastHalfTicks: number | undefined
  changeCount: number
  changeSum: number
  changeSquares: number
  /** `σ`, ticks per square root of a second, and whether `fit` holds a usable law. */
  volatilityTicks: number
  isFitted: boolean
}

const none = -(2 ** 31)

export const createMarketEstimate = (config: EstimateConfig, stepUs: number): MarketEstimate => ({
  config,
  stepUs,
  changes: new Int32Array(config.windowSteps).fill(none),
  bins: new Int32Array(config.windowSteps).fill(none),
  histogram: new Float64Array(config.binCount),
  ratesPerSecond: new Float64Array(config.binCount),
  unitWeights: new Float64Array(config.binCount).fill(1),
  fit: emptyIntensityFit(),
  step: 0,
  lastHalfTicks: undefined,
  changeCount: 0,
  changeSum: 0,
  changeSquares: 0,
  volatilityTicks: 0,
  isFitted: false,
})

/**
 * Takes one step into the window.
 *
 * @param halfTicks - twice the mid now; undefined while the book is not two-sided
 * @param deepestHalfTicks - deepest trade of the step from the mid at its start, in half ticks; −∞ without one
 * @returns whether the estimates were renewed
 */
export function observeStep(
  estimate: MarketEstimate,
  halfTicks: number | undefined,
  deepestHalfTicks: number,
): boolean {
  const { config, step, lastHalfTicks, histogram } = estimate
  const at = step % config.windowSteps
  forget(estimate, at)

  const change =
    halfTicks === undefined || lastHalfTicks === undefined ? none : halfTicks - lastHalfTicks
  estimate.changes[at] = change
  if (change !== none) {
    estimate.changeCount++
    estimate.changeSum += change
    estimate.changeSquares += change * change
  }
  // A trade at depth d reaches every order that rests at d or nearer; the nearest rests half a tick from the mid.
  const bin = deepestHalfTicks >= 1 ? (deepestHalfTicks - 1) >> 1 : none
  const isCounted = bin !== none && bin < config.binCount
  estimate.bins[at] = isCounted ? bin : none
  if (isCounted) histogram[bin]!++

  estimate.lastHalfTicks = halfTicks
  estimate.step = step + 1
  const isFull = step >= config.windowSteps - 1
  return isFull && step % config.refitSteps === 0 && refit(estimate)
}

function forget(estimate: MarketEstimate, at: number): void {
  const change = estimate.changes[at]!
  if (change !== none) {
    estimate.changeCount--
    estimate.changeSum -= change
    estimate.changeSquares -= change * change
  }
  const bin = estimate.bins[at]!
  if (bin !== none) estimate.histogram[bin]!--
}

/**
 * `σ = √(Var(Δmid) / step)`; `ln λ(δ) = ln A − kδ` by plain least squares over the nearest bins, `λ` the share of steps
 * in which a trade reached depth `δ`, per second.
 *
 * @see hftbacktest, notebook "GLFT Market Making Model and Grid Trading"; its bins are half ticks, these are whole ones
 */
function refit(estimate: MarketEstimate): boolean {
  const { config, histogram, ratesPerSecond, changeCount, changeSum, changeSquares } = estimate
  const stepSeconds = estimate.stepUs / microsPerSecond
  const meanChange = changeSum / changeCount
  const variance = changeSquares / changeCount - meanChange * meanChange
  // Half ticks to ticks; rounding may leave a zero variance just below zero.
  estimate.volatilityTicks = Math.sqrt(Math.max(0, variance) / stepSeconds) / 2

  let binCount = config.binCount
  while (binCount > 0 && histogram[binCount - 1] === 0) binCount--
  if (binCount <= 2) return estimate.isFitted
  let reached = 0
  const windowSeconds = config.windowSteps * stepSeconds
  for (let bin = binCount - 1; bin >= 0; bin--) {
    reached += histogram[bin]!
    ratesPerSecond[bin] = reached / windowSeconds
  }
  const fitBins = Math.min(binCount, config.fitBins)
  const { perSecond, perTick } = estimate.fit
  if (fitIntensity(ratesPerSecond, estimate.unitWeights, fitBins, estimate.fit))
    estimate.isFitted = true
  else {
    // Keep the last law: a window in which deeper fills are not rarer says nothing.
    estimate.fit.perSecond = perSecond
    estimate.fit.perTick = perTick
  }
  return estimate.isFitted
}
