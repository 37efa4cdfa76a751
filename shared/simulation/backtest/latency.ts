import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'

/**
 * How long things are on their way, in µs and never negative. The backtest keeps one clock, the venue's: an event
 * happens there at its event time, and the trader hears of it `feedUs` later.
 */
export type LatencyModel = {
  /** Words for the report. */
  readonly description: string
  /** Market data, venue to trader. Both times are as recorded. */
  feedUs(eventTimeUs: number, receiveTimeUs: number): number
  /** An order or cancel sent at `nowUs`, trader to venue. */
  entryUs(nowUs: number): number
  /** A report that leaves the venue at `nowUs`. */
  responseUs(nowUs: number): number
}

export type LatencyUs = {
  readonly feedUs: number
  readonly entryUs: number
  readonly responseUs: number
}

const millis = (us: number): string => `${+(us / microsPerMilli).toFixed(3)}`

/** @throws TradingError OPTION_INVALID when a time is negative or not a number */
export function constantLatency(us: LatencyUs): LatencyModel {
  for (const value of [us.feedUs, us.entryUs, us.responseUs]) checkUs(value)
  return {
    description: `latency: feed ${millis(us.feedUs)} ms, entry ${millis(us.entryUs)} ms, response ${millis(us.responseUs)} ms, constant`,
    feedUs: () => us.feedUs,
    entryUs: () => us.entryUs,
    responseUs: () => us.responseUs,
  }
}

/**
 * Feed latency as recorded. The two clocks of a recording differ by an unknown amount, so its smallest difference is
 * taken for `floorUs`, and everything above it for real delay: `floor + (receive − event − smallest)`.
 *
 * @param base - gives entry and response
 * @param recorded.smallestUs - least `receive − event` over the tape; may be negative
 * @param recorded.floorUs - what the fastest message took
 */
export function recordedLatency(
  base: LatencyModel,
  recorded: { readonly smallestUs: number; readonly floorUs: number },
): LatencyModel {
  const { floorUs, smallestUs } = recorded
  checkUs(floorUs)
  return {
    ...base,
    description: `latency: feed as recorded, the fastest message taken for ${millis(floorUs)} ms (clock offset ${millis(smallestUs - floorUs)} ms removed); entry ${millis(base.entryUs(0))} ms, response ${millis(base.responseUs(0))} ms, constant`,
    feedUs: (eventTimeUs, receiveTimeUs) =>
      Math.max(0, floorUs + receiveTimeUs - eventTimeUs - smallestUs),
  }
}

/** Latencies that were measured at one time. */
export type LatencySample = LatencyUs & { readonly timeUs: number }

/**
 * Straight lines between samples; the first and the last hold beyond the ends.
 *
 * @throws TradingError OPTION_INVALID when there is no sample, a time is negative, or they are not in order
 */
export function interpolatedLatency(samples: readonly LatencySample[]): LatencyModel {
  if (samples.length === 0) throw new TradingError('OPTION_INVALID', 'no latency sample given')
  samples.forEach((sample, row) => {
    for (const value of [sample.feedUs, sample.entryUs, sample.responseUs]) checkUs(value)
    const before = samples[row - 1]
    if (before && before.timeUs >= sample.timeUs)
      throw new TradingError(
        'OPTION_INVALID',
        `latency sample ${row + 1} is not later than the one before it; sort them by time`,
      )
  })
  const times = Float64Array.from(samples, ({ timeUs }) => timeUs)
  const line = (pick: (sample: LatencySample) => number) => {
    const values = Float64Array.from(samples, pick)
    return (nowUs: number) => interpolate(times, values, nowUs)
  }
  const feed = line(({ feedUs }) => feedUs)
  return {
    description: `latency: interpolated between ${samples.length} samples`,
    feedUs: (eventTimeUs) => feed(eventTimeUs),
    entryUs: line(({ entryUs }) => entryUs),
    responseUs: line(({ responseUs }) => responseUs),
  }
}

/** Every latency of `base` times `factor`. */
export function amplifiedLatency(base: LatencyModel, factor: number): LatencyModel {
  if (!(factor > 0 && factor <= 1_000))
    throw new TradingError('OPTION_INVALID', `latency factor ${factor} is not between 0 and 1000`)
  return {
    description: `${base.description}, times ${factor}`,
    feedUs: (eventTimeUs, receiveTimeUs) => factor * base.feedUs(eventTimeUs, receiveTimeUs),
    entryUs: (nowUs) => factor * base.entryUs(nowUs),
    responseUs: (nowUs) => factor * base.responseUs(nowUs),
  }
}

function interpolate(times: Float64Array, values: Float64Array, nowUs: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! <= nowUs) low = middle + 1
    else high = middle
  }
  if (low === 0) return values[0]!
  if (low === times.length) return values[low - 1]!
  const part = (nowUs - times[low - 1]!) / (times[low]! - times[low - 1]!)
  return values[low - 1]! + part * (values[low]! - values[low - 1]!)
}

function checkUs(us: number): void {
  if (!(us >= 0 && us <= 60_000_000))
    throw new TradingError(
      'OPTION_INVALID',
      `a latency of ${millis(us)} ms is not between 0 and 60 s`,
    )
}
