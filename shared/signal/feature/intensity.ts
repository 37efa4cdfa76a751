import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Side } from '#shared/market/instrument.ts'
import { emptyIntensityFit, fitIntensity, type IntensityFit } from './intensity-fit.ts'

/** How fills of resting orders are counted. */
export type IntensityConfig = {
  /** An order is assumed to rest at a fixed distance from the mid for this long, then to be renewed. */
  readonly stepUs: number
  /** Length of the sliding window. */
  readonly windowUs: number
  /** No value before the window covers this much time … */
  readonly exposureUsMin: number
  /** … and holds this many steps with a trade, both sides together. */
  readonly arrivalsMin: number
  /** Time between fits. */
  readonly refitUs: number
  /** Bins of one tick; deeper trades count in the last. */
  readonly binCount: number
  /** Deeper bins than the one that still holds this share of the arrivals are tail and left out of the fit. */
  readonly tailRatio: number
}

export const intensityConfig: IntensityConfig = {
  stepUs: microsPerSecond / 10,
  windowUs: 600 * microsPerSecond,
  exposureUsMin: 15 * microsPerSecond,
  arrivalsMin: 20,
  refitUs: microsPerSecond,
  binCount: 1_024,
  tailRatio: 0.02,
}

const none = -1
/** A step in which nothing deeper traded counts as half a fill, so that one busy bin still bounds `k`. */
const emptyBinCount = 0.5

/** Depth that trades reached in each step and side of a sliding window, and how often each depth was the deepest. */
export type IntensityWindow = {
  readonly config: IntensityConfig
  /** Deepest bin per step, `[buy, sell]` pairs; −1 for no trade. */
  readonly deepest: Int16Array
  /** How many steps and sides had this bin as their deepest. */
  readonly histogram: Float64Array
  readonly counts: Float64Array
  readonly ratesPerSecond: Float64Array
  readonly fit: IntensityFit
  isFitted: boolean
  arrivals: number
  stepCount: number
  next: number
  /** End of the step that is being filled; 0 while the book is not live. */
  stepEndUs: number
  stepHalfTicks: number
  lastHalfTicks: number
  buyBin: number
  sellBin: number
  nextFitUs: number
}

export function createIntensityWindow(config: IntensityConfig = intensityConfig): IntensityWindow {
  const steps = Math.max(1, Math.floor(config.windowUs / config.stepUs))
  return {
    config,
    deepest: new Int16Array(2 * steps).fill(none),
    histogram: new Float64Array(config.binCount),
    counts: new Float64Array(config.binCount),
    ratesPerSecond: new Float64Array(config.binCount),
    fit: emptyIntensityFit(),
    isFitted: false,
    arrivals: 0,
    stepCount: 0,
    next: 0,
    stepEndUs: 0,
    stepHalfTicks: 0,
    lastHalfTicks: 0,
    buyBin: none,
    sellBin: none,
    nextFitUs: 0,
  }
}

/** Closes every step that ended by `nowUs` and renews the fit when it is due. */
export function advanceIntensity(window: IntensityWindow, nowUs: number): void {
  if (window.stepEndUs === 0) return
  const { stepUs, windowUs, refitUs } = window.config
  // A silence as long as the window leaves nothing to slide over.
  if (nowUs - window.stepEndUs > windowUs) window.stepEndUs = nowUs - windowUs
  while (window.stepEndUs <= nowUs) {
    closeStep(window)
    window.stepEndUs += stepUs
    window.stepHalfTicks = window.lastHalfTicks
  }
  if (nowUs < window.nextFitUs) return
  window.nextFitUs = nowUs + refitUs
  window.isFitted = refit(window)
}

/** Sees twice the mid after a book event. Call {@link advanceIntensity} with the same time first. */
export function observeIntensityMid(
  window: IntensityWindow,
  nowUs: number,
  halfTicks: number,
): void {
  window.lastHalfTicks = halfTicks
  if (window.stepEndUs !== 0) return
  window.stepEndUs = nowUs + window.config.stepUs
  window.stepHalfTicks = halfTicks
}

/** Sees one trade. A trade at depth `d` from the mid of the step fills every order that rested nearer. */
export function observeIntensityTrade(
  window: IntensityWindow,
  priceTicks: number,
  aggressor: Side,
): void {
  if (window.stepEndUs === 0) return
  const fromMid = priceTicks - window.stepHalfTicks / 2
  const depthTicks = aggressor === 'buy' ? fromMid : -fromMid
  if (depthTicks < 0.5) return
  const bin = Math.min(Math.floor(depthTicks - 0.5), window.config.binCount - 1)
  if (aggressor === 'buy') window.buyBin = Math.max(window.buyBin, bin)
  else window.sellBin = Math.max(window.sellBin, bin)
}

/** The book was lost: the running step is dropped, time without a book is no exposure. */
export function breakIntensity(window: IntensityWindow): void {
  window.stepEndUs = 0
  window.buyBin = none
  window.sellBin = none
}

function closeStep(window: IntensityWindow): void {
  const { deepest, next } = window
  if (window.stepCount === deepest.length / 2) {
    forget(window, deepest[2 * next]!)
    forget(window, deepest[2 * next + 1]!)
  } else window.stepCount++
  remember(window, window.buyBin)
  remember(window, window.sellBin)
  deepest[2 * next] = window.buyBin
  deepest[2 * next + 1] = window.sellBin
  window.next = (next + 1) % (deepest.length / 2)
  window.buyBin = none
  window.sellBin = none
}

function remember(window: IntensityWindow, bin: number): void {
  if (bin === none) return
  window.histogram[bin]!++
  window.arrivals++
}

function forget(window: IntensityWindow, bin: number): void {
  if (bin === none) return
  window.histogram[bin]!--
  window.arrivals--
}

/**
 * Turns the histogram into rates per side and fits them.
 *
 * A step shows at most one arrival, so the share `p` of steps with one is taken back to a rate by
 * `λ = −ln(1 − p) / step`; for rare arrivals that is count / time. Both sides are one sample: exposure is twice the time.
 */
function refit(window: IntensityWindow): boolean {
  const { config, histogram, counts, ratesPerSecond, arrivals, stepCount } = window
  if (arrivals < config.arrivalsMin || stepCount * config.stepUs < config.exposureUsMin)
    return false

  const countMin = Math.max(2, config.tailRatio * arrivals)
  let reaching = arrivals
  let binCount = 0
  for (; binCount < config.binCount && reaching >= countMin; binCount++) {
    setBin(window, binCount, reaching)
    reaching -= histogram[binCount]!
  }
  if (binCount === 1) setBin(window, binCount++, emptyBinCount)
  return fitIntensity(ratesPerSecond, counts, binCount, window.fit)
}

function setBin(window: IntensityWindow, bin: number, count: number): void {
  const trials = 2 * window.stepCount
  const share = Math.min(count, trials - emptyBinCount) / trials
  window.counts[bin] = count
  window.ratesPerSecond[bin] = (-Math.log1p(-share) * microsPerSecond) / window.config.stepUs
}
