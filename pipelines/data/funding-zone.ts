import { TradingError } from '#shared/kernel/error.ts'
import { microsPerHour } from '#shared/kernel/unit.ts'

/** UTC hours, modulo 8, at which venues settle their 8-hour funding of BTC. */
const settlementHours: Readonly<Record<string, number>> = {
  binance: 0,
  bybit: 0,
  htx: 0,
  mexc: 0,
  gate: 0,
  kucoin: 4,
}

/** Least share of settlements at one hour of the day, modulo 8. */
const shareMin = 0.95

/**
 * Zone of funding times that name none, from when the venue settles.
 *
 * A schedule of 8 hours tells the zone modulo 8 only. Three hours are read as UTC+3. No shift is refused: UTC and
 * UTC+8 look the same. So is an hourly schedule, which tells nothing.
 *
 * @param path - names the venue
 * @returns hours east of UTC
 * @throws TradingError OPTION_INVALID when the zone is unclear
 */
export function fundingOffsetHours(
  path: string,
  rows: readonly { readonly timeUs: number }[],
): number {
  const unclear = (why: string) =>
    new TradingError(
      'OPTION_INVALID',
      `${path}, row 2: times name no zone and ${why}; add --utc-offset HOURS, e.g. --utc-offset 0`,
    )
  const venue = Object.keys(settlementHours).find((name) =>
    new RegExp(`(^|[^a-z])${name}([^a-z]|$)`).test(path.split('/').pop() ?? ''),
  )
  if (venue === undefined) throw unclear('the file name shows no venue whose schedule is known')
  const counts = new Array<number>(8).fill(0)
  for (const { timeUs } of rows) {
    const hour = Math.round(timeUs / microsPerHour) % 8
    counts[hour] = (counts[hour] as number) + 1
  }
  const most = counts.indexOf(Math.max(...counts))
  if ((counts[most] as number) < shareMin * rows.length)
    throw unclear('it does not settle every 8 hours')
  const shift = (most - (settlementHours[venue] as number) + 8) % 8
  if (shift === 3) return 3
  throw unclear(
    shift === 0
      ? `${venue} settles at these hours both in UTC and in UTC+8`
      : `a shift of ${shift} h from the settlements of ${venue} fits several zones`,
  )
}
