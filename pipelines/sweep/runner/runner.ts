import type { TrialSummary } from '#shared/analytics/result.ts'
import { unreachable } from '#shared/kernel/error.ts'
import type { Parameters } from '../space.ts'
import type { ReplayMarket } from './replay.ts'

/**
 * Runs one strategy with several sets of parameters over the same market.
 *
 * A trial depends on its parameters alone, never on the others of the call: sweeps cut work into calls by the number
 * of threads. `trial` of the answers is the position in the call.
 */
export type TrialRunner = (parameters: readonly Parameters[]) => Promise<readonly TrialSummary[]>

export const runnerNames = ['replay', 'candle', 'analytic'] as const
export type RunnerName = (typeof runnerNames)[number]

/** All that a worker thread needs to build its runner; part of the header, so it is plain JSON. */
export type RunnerSpec = {
  readonly name: RunnerName
  readonly strategy: string
  /** Files of the market, in order. */
  readonly paths: readonly string[]
  /** Options of the runner and fixed parameters of the strategy. */
  readonly options: Readonly<Record<string, number | string | boolean>>
}

export type OpenedRunner = {
  readonly run: TrialRunner
  /** Trials that share one pass over the market; more per call gains nothing. */
  readonly variantsPerPass: number
}

/**
 * Reads what all threads share, once. The result is structured-cloneable and stays the same.
 *
 * @throws TradingError as the runner's options and files demand
 */
export async function prepareMarket(spec: RunnerSpec): Promise<unknown> {
  if (spec.name === 'replay') return await (await import('./replay.ts')).prepareReplay(spec)
  return undefined
}

/**
 * Each runner is loaded only where it is used.
 *
 * @param market - from {@link prepareMarket} of the same spec
 * @throws TradingError as the runner's options and files demand
 */
export async function openRunner(spec: RunnerSpec, market: unknown): Promise<OpenedRunner> {
  switch (spec.name) {
    case 'analytic':
      return (await import('./analytic.ts')).openAnalyticRunner(spec)
    case 'candle':
      return await (await import('./candle.ts')).openCandleRunner(spec)
    case 'replay':
      return (await import('./replay.ts')).openReplayRunner(spec, market as ReplayMarket)
    default:
      return unreachable(spec.name)
  }
}
