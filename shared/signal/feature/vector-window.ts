import { microsPerSecond } from '#shared/kernel/unit.ts'

/** Length of one bucket of time. */
export const bucketUs = microsPerSecond / 10
/** The longest window, 60 s. */
export const windowBuckets = 600
/** One more than the window, because a change needs both its ends. */
const slots = windowBuckets + 1

/**
 * What happened to one market in the last minute, in buckets of 0.1 s. Mid and spread are those at the end of a
 * bucket, so a quiet bucket repeats the one before: the book stood still.
 */
export type VectorWindow = {
  readonly midTicks: Float64Array
  readonly spreadTicks: Float64Array
  /** Order flow imbalance, lots. */
  readonly flowLots: Float64Array
  readonly flowSizeLots: Float64Array
  /** Bought − sold, lots. */
  readonly tradeLots: Float64Array
  readonly tradeSizeLots: Float64Array
  readonly tradeCount: Float64Array
  /** The bucket that is being filled, counted since 1970. */
  bucket: number
  /** The first bucket of unbroken history; 0 while there is none. */
  firstBucket: number
}

export const createVectorWindow = (): VectorWindow => ({
  midTicks: new Float64Array(slots),
  spreadTicks: new Float64Array(slots),
  flowLots: new Float64Array(slots),
  flowSizeLots: new Float64Array(slots),
  tradeLots: new Float64Array(slots),
  tradeSizeLots: new Float64Array(slots),
  tradeCount: new Float64Array(slots),
  bucket: 0,
  firstBucket: 0,
})

/** Slot of the bucket `ago` before the running one, 0 to `windowBuckets`. */
export const slotAgo = (window: VectorWindow, ago: number): number => (window.bucket - ago) % slots

/** Opens every bucket that began by `nowUs`. */
export function advanceWindow(window: VectorWindow, nowUs: number): void {
  const bucket = Math.floor(nowUs / bucketUs)
  if (window.firstBucket === 0 || bucket <= window.bucket) return
  const last = slotAgo(window, 0)
  const midTicks = window.midTicks[last]!
  const spreadTicks = window.spreadTicks[last]!
  const begun = Math.min(bucket - window.bucket, slots)
  for (let ago = 0; ago < begun; ago++) {
    const slot = (bucket - ago) % slots
    clearSlot(window, slot)
    window.midTicks[slot] = midTicks
    window.spreadTicks[slot] = spreadTicks
  }
  window.bucket = bucket
}

/** Starts history anew with the book as it is at `nowUs`. */
export function beginWindow(window: VectorWindow, nowUs: number): void {
  window.bucket = Math.floor(nowUs / bucketUs)
  window.firstBucket = window.bucket
  clearSlot(window, slotAgo(window, 0))
}

/** What was seen no longer joins what comes. */
export function breakWindow(window: VectorWindow): void {
  window.firstBucket = 0
}

/** A whole minute of unbroken history lies behind the running bucket. */
export const isWindowFull = ({ bucket, firstBucket }: VectorWindow): boolean =>
  firstBucket !== 0 && bucket - firstBucket > windowBuckets

/** Sum over the running bucket and those before it, `count` in all. */
export function sumOver(window: VectorWindow, values: Float64Array, count: number): number {
  let sum = 0
  for (let ago = 0; ago < count; ago++) sum += values[slotAgo(window, ago)]!
  return sum
}

/**
 * Volatility of the mid over the last `count` buckets in steps of `stepBuckets`. Dimensions: ticks / √s.
 *
 * `σ = √(Σ Δmid² / time)`; the mean change is taken as zero, as in the long window.
 */
export function volatilityOver(window: VectorWindow, count: number, stepBuckets: number): number {
  let squares = 0
  for (let ago = 0; ago < count; ago += stepBuckets) {
    const change =
      window.midTicks[slotAgo(window, ago)]! - window.midTicks[slotAgo(window, ago + stepBuckets)]!
    squares += change * change
  }
  return Math.sqrt(squares / ((count * bucketUs) / microsPerSecond))
}

function clearSlot(window: VectorWindow, slot: number): void {
  window.flowLots[slot] = 0
  window.flowSizeLots[slot] = 0
  window.tradeLots[slot] = 0
  window.tradeSizeLots[slot] = 0
  window.tradeCount[slot] = 0
}
