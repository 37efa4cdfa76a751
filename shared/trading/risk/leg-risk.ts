import { microsPerSecond } from '#shared/kernel/unit.ts'
import { baseFromLots, type Instrument } from '#shared/market/instrument.ts'
import type { LegRiskBudget } from '#shared/strategy/strategy.ts'

/** Unhedged notional × time that a multi-leg strategy has used since its legs last matched. */
export type LegRisk = { quoteSeconds: number; unhedgedQuote: number; sinceUs: number }

export const createLegRisk = (): LegRisk => ({ quoteSeconds: 0, unhedgedQuote: 0, sinceUs: 0 })

/**
 * Adds up `|Σ base of the legs| × mark × seconds`. Legs that match within one lot of the coarser grid start anew.
 *
 * @param baseLegs - signed inventory of each leg in base units
 * @param markQuote - price of the base asset in quote
 * @returns true when the budget is spent: only orders that reduce may follow
 */
export function accrueLegRisk(
  risk: LegRisk,
  budget: LegRiskBudget,
  inputs: { baseLegs: readonly number[]; toleranceBase: number; markQuote: number; nowUs: number },
): boolean {
  const { baseLegs, toleranceBase, markQuote, nowUs } = inputs
  const elapsedSeconds = risk.sinceUs === 0 ? 0 : (nowUs - risk.sinceUs) / microsPerSecond
  risk.quoteSeconds += risk.unhedgedQuote * elapsedSeconds
  risk.sinceUs = nowUs
  const unhedgedBase = Math.abs(baseLegs.reduce((sum, leg) => sum + leg, 0))
  risk.unhedgedQuote = unhedgedBase <= toleranceBase ? 0 : unhedgedBase * markQuote
  if (risk.unhedgedQuote === 0) risk.quoteSeconds = 0
  return risk.quoteSeconds > budget.unhedgedQuoteSecondsMax
}

/** Largest mismatch that the grids of the legs force: one lot of the coarsest. */
export const legTolerance = (legs: readonly Instrument[]): number =>
  Math.max(...legs.map((leg) => baseFromLots(leg, 1))) * (1 + 1e-9)
