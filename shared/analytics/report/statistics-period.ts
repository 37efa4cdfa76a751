import { TradingError } from '#shared/kernel/error.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { EquityColumns } from '../result.ts'
import { resampleEquity, returnsOf } from '../returns.ts'

/** Returns that every ratio of one report is taken on. */
export type StatisticsReturns = {
  readonly periodSeconds: number
  readonly returns: readonly number[]
  /** End of each return's period. */
  readonly timeUs: readonly number[]
}

/** Returns that a default period must leave. */
const pointsWanted = 60

/**
 * Period of returns by the length of a run: the longest of a day, an hour, a minute, ten seconds and a second that
 * leaves 60 returns. Whole sampling periods, and at least one.
 */
export function statisticsPeriod(spanSeconds: number, samplingSeconds: number): number {
  const fits = [86_400, 3_600, 60, 10, 1]
    .map((wanted) => Math.ceil(wanted / samplingSeconds) * samplingSeconds)
    .find((period) => spanSeconds / period >= pointsWanted)
  return fits ?? samplingSeconds
}

/**
 * Samples equity at the period of statistics and takes returns.
 *
 * @throws TradingError STATISTIC_INVALID when the period asked for is no multiple of the sampling period
 */
export function statisticsReturns(
  equity: EquityColumns,
  askedSeconds: number | undefined,
): StatisticsReturns {
  const { timeUs, periodSeconds: sampling } = equity
  const spanSeconds = ((timeUs.at(-1) ?? 0) - (timeUs[0] ?? 0)) / microsPerSecond
  const periodSeconds = askedSeconds ?? statisticsPeriod(spanSeconds, sampling)
  const multiple = periodSeconds / sampling
  if (!(multiple >= 1 && Math.abs(multiple - Math.round(multiple)) < 1e-9))
    throw new TradingError(
      'STATISTIC_INVALID',
      `a period of ${periodSeconds} s does not fit equity sampled every ${sampling} s; use a multiple of it`,
    )
  const path = resampleEquity(equity, periodSeconds)
  const returns = returnsOf(path.equityQuote)
  return { periodSeconds, returns, timeUs: path.timeUs.slice(1, returns.length + 1) }
}
