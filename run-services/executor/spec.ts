import type { Instrument } from '#shared/market/instrument.ts'
import { createStrategy, type StrategyChoice } from '#shared/strategy/registry.ts'
import { createTrader, type TraderState } from '#shared/trading/engine/trader.ts'
import type { Limits } from '#shared/trading/risk/limits.ts'

/**
 * Everything a trader is made of, as plain JSON: written into the header of the run's tape, so that a replay
 * builds the same trader without asking anybody.
 */
export type TraderSpec = {
  readonly runId: string
  readonly epoch: number
  readonly mode: 'paper' | 'live'
  readonly strategies: readonly StrategyChoice[]
  readonly weights: Readonly<Record<string, number>>
  readonly limits: Limits
  readonly staleAfterUs: number
  readonly requoteUsMin: number
  readonly deadManMs: number
}

export function createTraderFromSpec(
  spec: TraderSpec,
  instruments: readonly Instrument[],
): TraderState {
  return createTrader({
    instruments,
    strategies: spec.strategies.map((choice) => createStrategy(choice, instruments)),
    weights: spec.weights,
    limits: spec.limits,
    epoch: spec.epoch,
    staleAfterUs: spec.staleAfterUs,
    requoteUsMin: spec.requoteUsMin,
    deadManMs: spec.deadManMs,
  })
}
