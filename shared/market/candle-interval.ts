import { microsPerDay, microsPerHour, microsPerMinute } from '#shared/kernel/unit.ts'

/** Lengths of the candles that venues give, in µs by their name; each divides a day. */
export const candleIntervalsUs = {
  '1m': microsPerMinute,
  '3m': 3 * microsPerMinute,
  '5m': 5 * microsPerMinute,
  '15m': 15 * microsPerMinute,
  '30m': 30 * microsPerMinute,
  '1h': microsPerHour,
  '2h': 2 * microsPerHour,
  '4h': 4 * microsPerHour,
  '6h': 6 * microsPerHour,
  '8h': 8 * microsPerHour,
  '12h': 12 * microsPerHour,
  '1d': microsPerDay,
} as const

export type CandleInterval = keyof typeof candleIntervalsUs

/** From the shortest to the longest. */
export const candleIntervals = Object.keys(candleIntervalsUs) as readonly CandleInterval[]

/** Length in µs; undefined for a name that no venue has. */
export function candleIntervalUsOf(name: string): number | undefined {
  return Object.hasOwn(candleIntervalsUs, name)
    ? candleIntervalsUs[name as CandleInterval]
    : undefined
}

/** Name of a length in µs; undefined when no venue has candles of it. */
export const candleIntervalOf = (intervalUs: number): CandleInterval | undefined =>
  candleIntervals.find((name) => candleIntervalsUs[name] === intervalUs)
