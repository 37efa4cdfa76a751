import { microsPerDay, type QuoteE8 } from '#shared/kernel/unit.ts'
import type { Limits } from './limits.ts'

/** Equity marks that the portfolio stops are measured from. */
export type Watch = {
  dayStartUs: number
  dayStartEquityE8: QuoteE8 | undefined
  peakEquityE8: QuoteE8 | undefined
}

export const createWatch = (): Watch => ({
  dayStartUs: Number.NEGATIVE_INFINITY,
  dayStartEquityE8: undefined,
  peakEquityE8: undefined,
})

/**
 * Follows equity and says when a portfolio stop is reached.
 *
 * @returns the reason to kill trading, or undefined
 */
export function watchEquity(
  watch: Watch,
  equityE8: QuoteE8,
  nowUs: number,
  limits: Limits,
): string | undefined {
  const dayStartUs = Math.floor(nowUs / microsPerDay) * microsPerDay
  if (watch.dayStartEquityE8 === undefined || dayStartUs !== watch.dayStartUs) {
    watch.dayStartUs = dayStartUs
    watch.dayStartEquityE8 = equityE8
  }
  if (watch.peakEquityE8 === undefined || equityE8 > watch.peakEquityE8)
    watch.peakEquityE8 = equityE8

  if (fallRatio(watch.dayStartEquityE8, equityE8) >= limits.dailyLossRatioMax)
    return `daily loss reached ${percent(limits.dailyLossRatioMax)} of equity`
  if (fallRatio(watch.peakEquityE8, equityE8) >= limits.drawdownRatioMax)
    return `drawdown reached ${percent(limits.drawdownRatioMax)} of peak equity`
  return undefined
}

/** Fall from `fromE8` as a fraction of it; an account without equity has lost everything. */
const fallRatio = (fromE8: QuoteE8, toE8: QuoteE8): number =>
  fromE8 <= 0n ? 1 : Number(fromE8 - toE8) / Number(fromE8)

const percent = (ratio: number): string => `${+(ratio * 100).toFixed(2)} %`
