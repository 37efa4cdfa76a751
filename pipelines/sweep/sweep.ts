import type { TrialSummary } from '#shared/analytics/result.ts'
import type { SweepHeader, SweepTask } from './header.ts'
import type { Journal } from './journal.ts'
import type { PlannedTrial, Pool } from './pool.ts'
import { proposeParameters, type ScoredTrial } from './sampler.ts'
import { scoreOf } from './score.ts'

export type SweepRun = {
  readonly header: SweepHeader
  /** Trial numbers run from 0 to this, over all tasks together. */
  readonly trialCount: number
  readonly journal: Journal
  readonly pool: Pick<Pool, 'run'>
  readonly isStopped: () => boolean
  /** Told after every piece of work; `best` is the best score so far. */
  readonly onProgress: (done: number, best: TrialSummary | undefined) => void
}

/** Numbers of one task: its index, then every `count`-th. */
export function taskTrials({ index, count }: SweepTask, trialCount: number): readonly number[] {
  const numbers: number[] = []
  for (let trial = index; trial < trialCount; trial += count) numbers.push(trial)
  return numbers
}

/**
 * Runs what is missing. Batch by batch for samplers that learn: a batch is proposed from the whole batches before it,
 * never from part of itself, so that a sweep that was cut off proposes the same trials again.
 *
 * @returns all finished trials, ascending by number
 * @throws TradingError of the first trial that failed
 */
export async function runSweep(run: SweepRun): Promise<readonly TrialSummary[]> {
  const { header, journal, pool } = run
  const finished = new Map(journal.trials.map((trial) => [trial.trial, trial]))
  const numbers = taskTrials(header.task, run.trialCount)
  const isLearning = header.sampler === 'tpe'
  const batch = isLearning ? header.batch : Math.max(1, numbers.length)
  const history: ScoredTrial[] = []
  let best: TrialSummary | undefined
  let bestScore = Number.NEGATIVE_INFINITY
  const observe = (trial: TrialSummary): void => {
    const score = scoreOf(trial, header.objective)
    if (score === undefined || score <= bestScore) return
    bestScore = score
    best = trial
  }
  for (const trial of finished.values()) observe(trial)

  for (let from = 0; from < numbers.length && !run.isStopped(); from += batch) {
    const own = numbers.slice(from, from + batch)
    const missing = own.some((trial) => !finished.has(trial))
    if (missing) {
      const planned = planTrials(header, own, history).filter(({ trial }) => !finished.has(trial))
      await pool.run(planned, (summaries) => {
        journal.append(summaries)
        for (const summary of summaries) {
          finished.set(summary.trial, summary)
          observe(summary)
        }
        run.onProgress(finished.size, best)
      })
    }
    if (isLearning) for (const trial of own) learn(finished.get(trial), header, history)
  }
  return [...finished.values()].sort((a, b) => a.trial - b.trial)
}

function planTrials(
  header: SweepHeader,
  trials: readonly number[],
  history: readonly ScoredTrial[],
): readonly PlannedTrial[] {
  const { space, sampler, seed } = header
  return proposeParameters({ space, sampler, seed, trials, history }).map((parameters, index) => ({
    trial: trials[index] as number,
    parameters,
  }))
}

function learn(
  summary: TrialSummary | undefined,
  { objective }: SweepHeader,
  history: ScoredTrial[],
): void {
  // Only a stopped batch lacks trials, and nothing is proposed after it.
  if (!summary) return
  const { trial, parameters } = summary
  history.push({ trial, parameters, score: scoreOf(summary, objective) })
}
