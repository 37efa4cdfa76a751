import { sharpeRatio } from '#shared/analytics/ratio.ts'
import type { TrialSummary } from '#shared/analytics/result.ts'
import type { ObjectiveName } from './header.ts'

/**
 * What the search maximises.
 *
 * @returns Sharpe ratio per period of the returns, or P&L in quote; undefined when the returns do not vary
 */
export function scoreOf(trial: TrialSummary, objective: ObjectiveName): number | undefined {
  if (objective === 'pnl') return trial.pnlQuote
  return sharpeRatio({ returns: trial.returns, periodSeconds: trial.periodSeconds })?.perPeriod
}

/** Best first; trials without a score last; equal ones by number. */
export function rankTrials(
  trials: readonly TrialSummary[],
  objective: ObjectiveName,
): readonly TrialSummary[] {
  const scored = trials.map((trial) => ({
    trial,
    score: scoreOf(trial, objective) ?? Number.NEGATIVE_INFINITY,
  }))
  scored.sort((a, b) => b.score - a.score || a.trial.trial - b.trial.trial)
  return scored.map(({ trial }) => trial)
}
