import { microsPerHour, microsPerMinute } from '#shared/kernel/unit.ts'

/** Settled funding rates of one symbol, oldest first. */
export type FundingColumns = {
  /** Settlement times, microseconds UTC; may be some ms late. */
  readonly timeUs: Float64Array
  /** Fraction of notional per settlement; longs pay when positive. */
  readonly rate: Float64Array
}

/** The longest interval in use on any of the venues; a longer silence is missing data. */
const intervalUsMax = 8 * microsPerHour
const latenessUs = 5 * microsPerMinute

/** A stretch of time without funding rates that should have some. */
export type FundingHole = { readonly fromUs: number; readonly toUs: number }

/**
 * Stretches of [fromUs, toUs) that the rates do not cover.
 *
 * Intervals differ by symbol (1, 4, 8 h) and change over time, so a step is a hole when it is longer than 8 h, or
 * longer than both its neighbours: a change of interval is like one of them.
 */
export function fundingHoles(
  { timeUs }: FundingColumns,
  fromUs: number,
  toUs: number,
): readonly FundingHole[] {
  const holes: FundingHole[] = []
  const count = timeUs.length
  if (count === 0) return [{ fromUs, toUs }]
  const first = timeUs[0] as number
  const last = timeUs[count - 1] as number
  if (first - fromUs > intervalUsMax + latenessUs)
    holes.push({ fromUs, toUs: Math.min(first, toUs) })
  for (let i = 1; i < count; i++) {
    const from = timeUs[i - 1] as number
    const to = timeUs[i] as number
    if (to <= fromUs || from >= toUs) continue
    const step = to - from
    const before = i > 1 ? from - (timeUs[i - 2] as number) : step
    const after = i < count - 1 ? (timeUs[i + 1] as number) - to : step
    const isOdd = step > before * 1.5 && step > after * 1.5
    if (step > intervalUsMax + latenessUs || isOdd) holes.push({ fromUs: from, toUs: to })
  }
  if (toUs - last > intervalUsMax + latenessUs) holes.push({ fromUs: Math.max(last, fromUs), toUs })
  return holes
}

/** Funding of one position at one settlement: `−q × price × rate`. Positive is received. */
export const fundingQuote = (positionBase: number, priceQuote: number, rate: number): number =>
  -(positionBase * priceQuote * rate)
