import { microsPerSecond } from '#shared/kernel/unit.ts'

export type RateLimit = {
  /** Requests that are let through at once after a pause. */
  readonly burst: number
  readonly requestsPerSecond: number
}

/** One bucket per key. Takes one token. @returns 0, or the whole seconds after which one is there again */
export type TakeToken = (key: string, nowUs: number) => number

/** Keys remembered; the one not seen for longest is forgotten, which gives it a full bucket. */
const keysMax = 10_000

export function createTokenBuckets({ burst, requestsPerSecond }: RateLimit): TakeToken {
  const buckets = new Map<string, { tokens: number; atUs: number }>()
  return (key, nowUs) => {
    const bucket = buckets.get(key) ?? { tokens: burst, atUs: nowUs }
    buckets.delete(key)
    buckets.set(key, bucket)
    if (buckets.size > keysMax)
      for (const oldest of buckets.keys()) {
        buckets.delete(oldest)
        break
      }
    const seconds = Math.max(0, nowUs - bucket.atUs) / microsPerSecond
    bucket.tokens = Math.min(burst, bucket.tokens + seconds * requestsPerSecond)
    bucket.atUs = Math.max(bucket.atUs, nowUs)
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / requestsPerSecond)
    bucket.tokens -= 1
    return 0
  }
}
