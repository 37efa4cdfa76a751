import { microsPerSecond } from '#shared/kernel/unit.ts'

/** How the mid is sampled. */
export type VolatilityConfig = {
  /** Time between samples of the mid. */
  readonly stepUs: number
  /** Length of the sliding window. */
  readonly windowUs: number
  /** No value before this many samples. */
  readonly samplesMin: number
  /** A silence longer than this is not a market that stood still: sampling starts anew after it. */
  readonly gapUsMax: number
}

export const volatilityConfig: VolatilityConfig = {
  stepUs: microsPerSecond / 2,
  windowUs: 600 * microsPerSecond,
  samplesMin: 30,
  gapUsMax: 30 * microsPerSecond,
}

/** Sliding window of squared mid changes. Integers in half ticks, so the running sum never drifts. */
export type VolatilityWindow = {
  readonly config: VolatilityConfig
  readonly squares: Float64Array
  sumSquares: number
  count: number
  next: number
  isSampling: boolean
  nextSampleUs: number
  lastSeenUs: number
  /** Best bid plus best ask, in ticks: twice the mid, a whole number. */
  sampledHalfTicks: number
  lastHalfTicks: number
}

export const createVolatilityWindow = (
  config: VolatilityConfig = volatilityConfig,
): VolatilityWindow => ({
  config,
  squares: new Float64Array(Math.max(1, Math.floor(config.windowUs / config.stepUs))),
  sumSquares: 0,
  count: 0,
  next: 0,
  isSampling: false,
  nextSampleUs: 0,
  lastSeenUs: 0,
  sampledHalfTicks: 0,
  lastHalfTicks: 0,
})

/** Takes every sample that fell due before `nowUs`; the mid stood still since the last event. */
export function advanceVolatility(window: VolatilityWindow, nowUs: number): void {
  if (!window.isSampling) return
  if (nowUs - window.lastSeenUs > window.config.gapUsMax) {
    window.isSampling = false
    return
  }
  while (window.nextSampleUs <= nowUs) {
    const change = window.lastHalfTicks - window.sampledHalfTicks
    const square = change * change
    window.sumSquares += square - (window.squares[window.next] ?? 0)
    window.squares[window.next] = square
    window.next = (window.next + 1) % window.squares.length
    window.count = Math.min(window.count + 1, window.squares.length)
    window.sampledHalfTicks = window.lastHalfTicks
    window.nextSampleUs += window.config.stepUs
  }
}

/** Sees the best prices after a book event. Call {@link advanceVolatility} with the same time first. */
export function observeMid(window: VolatilityWindow, nowUs: number, halfTicks: number): void {
  window.lastHalfTicks = halfTicks
  window.lastSeenUs = nowUs
  if (window.isSampling) return
  window.isSampling = true
  window.sampledHalfTicks = halfTicks
  window.nextSampleUs = nowUs + window.config.stepUs
}

/** The book was lost: the jump until it is back is no sample. */
export function breakVolatility(window: VolatilityWindow): void {
  window.isSampling = false
}

/**
 * Volatility of the mid, `σ = √(Σ Δmid² / (n · step))`. Dimensions: ticks / √s.
 *
 * The mean change is taken as zero: over minutes it is below its own error. Sampling the mid, not trades, keeps
 * the bounce between bid and ask out.
 *
 * @returns ticks per square root of a second; undefined before enough samples
 */
export function volatilityTicks({
  config,
  count,
  sumSquares,
}: VolatilityWindow): number | undefined {
  if (count < config.samplesMin) return undefined
  return Math.sqrt(sumSquares / 4 / (count * (config.stepUs / microsPerSecond)))
}
