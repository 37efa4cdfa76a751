import type { TrialSummary } from '#shared/analytics/result.ts'
import type { SweepHeader } from './header.ts'
import { honestyText, judgeSweep } from './honesty.ts'
import { rankTrials, scoreOf } from './score.ts'
import { trialTable } from './trial-table.ts'

export type Conclusion = {
  /** Lines for people. */
  readonly text: readonly string[]
  /** The same for programs. */
  readonly json: Readonly<Record<string, unknown>>
}

/** Table of the best trials and how far to trust them; without a result when no trial's returns vary. */
export function concludeSweep(
  header: SweepHeader,
  trials: readonly TrialSummary[],
  trialCount: number,
): Conclusion & { readonly hasResult: boolean } {
  const ranked = rankTrials(trials, header.objective)
  const honesty = judgeSweep(trials)
  const isComplete = trials.length === trialCount
  const [verdict = '', ...words] = honestyText(honesty)
  const span = trials[0]
    ? `${trials[0].returns.length} returns of ${trials[0].periodSeconds} s each, years of 365 days`
    : 'no returns'
  return {
    hasResult: honesty.bestSharpe !== undefined,
    text: [
      verdict,
      ...(isComplete ? [] : [`UNFINISHED: ${trials.length} of ${trialCount} trials.`]),
      '',
      ...trialTable(ranked, header.space),
      '',
      ...words,
      `${header.runner.strategy} on the ${header.runner.name} engine · ${header.sampler} · seed ${header.seed} · best by ${header.objective} · ${span} · code ${header.commit}`,
    ],
    json: {
      trials: trials.length,
      trialCount,
      isComplete,
      sampler: header.sampler,
      seed: header.seed,
      objective: header.objective,
      commit: header.commit,
      honesty,
      best: ranked.slice(0, 10).map((trial) => ({
        ...trial,
        returns: undefined,
        score: scoreOf(trial, header.objective),
      })),
    },
  }
}
