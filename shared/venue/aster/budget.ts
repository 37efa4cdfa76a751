import type { Clock } from '#shared/kernel/runtime.ts'
import {
  microsPerDay,
  microsPerHour,
  microsPerMinute,
  microsPerSecond,
} from '#shared/kernel/unit.ts'

/** Who asks: cancels may use the whole budget, placing less, reading least. */
export type Lane = 'cancel' | 'place' | 'read'

export type RateLimit = {
  readonly resource: 'weight' | 'orders'
  readonly intervalUs: number
  readonly limit: number
  /** Header suffix the venue reports this limit under: `1m`. */
  readonly headerSuffix: string
}

export type RateBudget = {
  /** Adopts the limits the venue states; spending so far is kept. */
  setLimits(limits: readonly RateLimit[]): void
  /**
   * Spends the cost when every limit allows it.
   *
   * @returns 0 when spent, otherwise microseconds until it is worth asking again
   */
  take(lane: Lane, cost: Cost): number
  /** Adopts what the venue says was used: somebody else may spend from the same address. */
  observe(headers: Readonly<Record<string, string>>): void
  /** Nothing may be sent before this long has passed. */
  pause(durationUs: number): void
}

export type Cost = { readonly weight: number; readonly orders: number }

const shareByLane: Readonly<Record<Lane, number>> = { cancel: 1, place: 0.9, read: 0.6 }
const bucketsPerInterval = 60

/** Until the venue has told: what its documentation promises. */
const documentedLimits: readonly RateLimit[] = [
  { resource: 'weight', intervalUs: microsPerMinute, limit: 2_400, headerSuffix: '1m' },
  { resource: 'orders', intervalUs: microsPerMinute, limit: 1_200, headerSuffix: '1m' },
]

/**
 * Local accounting of the venue's rate limits, by the clock it is given.
 *
 * The venue does not say where its windows begin, so each limit holds over every window of its length, plus one
 * sixtieth for requests that bunch up on the way: whatever the alignment, the venue never counts more than the limit.
 */
export function createRateBudget(clock: Clock): RateBudget {
  let windows = documentedLimits.map(createWindow)
  let pausedUntilUs = 0
  return {
    setLimits: (limits) => {
      windows = limits.map((limit) => {
        const before = windows.find(
          (w) => w.limit.resource === limit.resource && w.limit.intervalUs === limit.intervalUs,
        )
        return before ? { ...before, limit } : createWindow(limit)
      })
    },
    take: (lane, cost) => {
      const nowUs = clock.nowUs()
      if (nowUs < pausedUntilUs) return pausedUntilUs - nowUs
      let waitUs = 0
      for (const window of windows) {
        roll(window, nowUs)
        const wanted = cost[window.limit.resource]
        // An idle window lets any single request through, or one dearer than its lane's share would wait forever.
        const isOver = window.used + wanted > window.limit.limit * shareByLane[lane]
        if (wanted > 0 && window.used > 0 && isOver) waitUs = Math.max(waitUs, window.bucketUs)
      }
      if (waitUs > 0) return waitUs
      for (const window of windows) spend(window, cost[window.limit.resource])
      return 0
    },
    observe: (headers) => {
      const nowUs = clock.nowUs()
      for (const window of windows) {
        const name = window.limit.resource === 'weight' ? 'used-weight' : 'order-count'
        const stated = Number(headers[`x-mbx-${name}-${window.limit.headerSuffix}`])
        if (!Number.isFinite(stated)) continue
        roll(window, nowUs)
        if (stated > window.used) spend(window, stated - window.used)
      }
    },
    pause: (durationUs) => {
      pausedUntilUs = Math.max(pausedUntilUs, clock.nowUs() + durationUs)
    },
  }
}

type Window = {
  readonly limit: RateLimit
  readonly bucketUs: number
  /** One more than the interval has, so the oldest is still counted while it is partly inside. */
  readonly buckets: Float64Array
  bucket: number
  used: number
}

const createWindow = (limit: RateLimit): Window => ({
  limit,
  bucketUs: Math.ceil(limit.intervalUs / bucketsPerInterval),
  buckets: new Float64Array(bucketsPerInterval + 1),
  bucket: 0,
  used: 0,
})

/** Forgets what has left the window. */
function roll(window: Window, nowUs: number): void {
  const bucket = Math.floor(nowUs / window.bucketUs)
  const steps = Math.min(bucket - window.bucket, window.buckets.length)
  for (let step = 1; step <= steps; step++) {
    const index = (bucket - steps + step) % window.buckets.length
    window.used -= window.buckets[index] ?? 0
    window.buckets[index] = 0
  }
  if (bucket > window.bucket) window.bucket = bucket
}

function spend(window: Window, cost: number): void {
  const index = window.bucket % window.buckets.length
  window.buckets[index] = (window.buckets[index] ?? 0) + cost
  window.used += cost
}

const intervalUsByName: Readonly<Record<string, number>> = {
  SECOND: microsPerSecond,
  TEN_SECONDS: 10 * microsPerSecond,
  MINUTE: microsPerMinute,
  HOUR: microsPerHour,
  DAY: microsPerDay,
}

/** One entry of `exchangeInfo.rateLimits`; undefined for kinds that are not weight or orders. */
export function rateLimitFromWire(entry: {
  readonly rateLimitType: string
  readonly interval: string
  readonly intervalNum: number
  readonly limit: number
}): RateLimit | undefined {
  const unitUs = intervalUsByName[entry.interval]
  const resource =
    entry.rateLimitType === 'REQUEST_WEIGHT'
      ? 'weight'
      : entry.rateLimitType === 'ORDERS'
        ? 'orders'
        : undefined
  if (unitUs === undefined || resource === undefined) return undefined
  const count = entry.interval === 'TEN_SECONDS' ? entry.intervalNum * 10 : entry.intervalNum
  const letter = entry.interval === 'TEN_SECONDS' ? 's' : entry.interval.slice(0, 1).toLowerCase()
  return {
    resource,
    intervalUs: unitUs * entry.intervalNum,
    limit: entry.limit,
    headerSuffix: `${count}${letter}`,
  }
}
