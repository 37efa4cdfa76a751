import { venueRefusal } from './refusal.ts'

export type Limits = {
  readonly weightPerMinute: number
  readonly ordersPerMinute: number
}

export const defaultLimits: Limits = { weightPerMinute: 2_400, ordersPerMinute: 1_200 }

/** Counts request weight per address and orders per account in windows of one minute. */
export type LimitCounter = {
  /**
   * @returns weight used in this minute
   * @throws TradingError VENUE_REFUSED 429 over the limit, 418 while banned
   */
  addWeight(ip: string, weight: number, nowUs: number): number
  /** @throws TradingError VENUE_REFUSED 429 / -1015 over the limit */
  addOrders(account: number, count: number, nowUs: number): number
}

const minuteUs = 60_000_000
/** Requests over the limit that the venue forgives before it bans. */
const forgivenMax = 10
const firstBanUs = 2 * minuteUs
const longestBanUs = 3 * 24 * 60 * minuteUs

type Visitor = {
  minute: number
  weight: number
  ignored: number
  bans: number
  bannedUntilUs: number
}

export function createLimitCounter(limits: Limits): LimitCounter {
  const visitors = new Map<string, Visitor>()
  const orders = new Map<number, { minute: number; count: number }>()
  return {
    addWeight: (ip, weight, nowUs) => {
      const visitor = visitors.get(ip) ?? newVisitor()
      visitors.set(ip, visitor)
      if (nowUs < visitor.bannedUntilUs) throw banned(visitor, nowUs)
      const minute = Math.floor(nowUs / minuteUs)
      if (minute !== visitor.minute) Object.assign(visitor, { minute, weight: 0, ignored: 0 })
      visitor.weight += weight
      if (visitor.weight <= limits.weightPerMinute) return visitor.weight
      visitor.ignored++
      if (visitor.ignored > forgivenMax) {
        visitor.bannedUntilUs = nowUs + Math.min(longestBanUs, firstBanUs * 2 ** visitor.bans++)
        throw banned(visitor, nowUs)
      }
      throw limited(-1003, 'Too many requests; current limit is exceeded.', {
        seconds: secondsToNextMinute(nowUs),
      })
    },
    addOrders: (account, count, nowUs) => {
      const minute = Math.floor(nowUs / minuteUs)
      const known = orders.get(account)
      const used = known?.minute === minute ? known : { minute, count: 0 }
      orders.set(account, used)
      used.count += count
      if (used.count <= limits.ordersPerMinute) return used.count
      throw limited(-1015, 'Too many new orders.', { seconds: undefined })
    },
  }
}

const newVisitor = (): Visitor => ({
  minute: -1,
  weight: 0,
  ignored: 0,
  bans: 0,
  bannedUntilUs: 0,
})

const secondsToNextMinute = (nowUs: number): number =>
  Math.ceil((minuteUs - (nowUs % minuteUs)) / 1_000_000)

function limited(code: number, message: string, { seconds }: { seconds: number | undefined }) {
  const refusal = venueRefusal(code, message, 429)
  return seconds === undefined ? refusal : withRetryAfter(refusal, seconds)
}

function banned(visitor: Visitor, nowUs: number) {
  const untilMs = Math.ceil(visitor.bannedUntilUs / 1_000)
  const refusal = venueRefusal(-1003, `Way too many requests; IP banned until ${untilMs}.`, 418)
  return withRetryAfter(refusal, Math.ceil((visitor.bannedUntilUs - nowUs) / 1_000_000))
}

function withRetryAfter(refusal: ReturnType<typeof venueRefusal>, seconds: number) {
  Object.assign(refusal.details, { retryAfterSeconds: seconds })
  return refusal
}
