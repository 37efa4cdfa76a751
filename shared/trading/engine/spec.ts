import type { Instrument, InstrumentId } from '#shared/market/instrument.ts'
import { createStrategy, type StrategyName } from '#shared/strategy/registry.ts'
import type { Strategy } from '#shared/strategy/strategy.ts'
import type { Limits } from '../risk/limits.ts'
import { createTrader, type Guard, type TraderState } from './trader.ts'

/** One strategy on one market. */
export type StrategyChoice = {
  readonly name: StrategyName
  readonly instrumentId: InstrumentId
  /** The other leg, for strategies that have one. */
  readonly hedgeId?: InstrumentId
  readonly config: Readonly<Record<string, number | boolean>>
  /** Instance names carry the symbol when a run trades several. */
  readonly withSymbol: boolean
}

/**
 * Everything a trader is made of, as plain JSON: written into the header of the run's tape, so that a replay
 * builds the same trader without asking anybody.
 */
export type TraderSpec = {
  readonly runId: string
  readonly epoch: number
  readonly mode: 'paper' | 'live'
  readonly strategies: readonly StrategyChoice[]
  /** Share of equity by instance name. */
  readonly weights: Readonly<Record<string, number>>
  readonly limits: Limits
  readonly staleAfterUs: number
  readonly requoteUsMin: number
  readonly deadManMs: number
  readonly guard?: Guard
}

export function createTraderFromSpec(
  spec: TraderSpec,
  instruments: readonly Instrument[],
): TraderState {
  return createTrader({
    instruments,
    strategies: spec.strategies.map((choice) => buildStrategy(choice, instruments)),
    weights: spec.weights,
    limits: spec.limits,
    epoch: spec.epoch,
    staleAfterUs: spec.staleAfterUs,
    requoteUsMin: spec.requoteUsMin,
    deadManMs: spec.deadManMs,
    ...(spec.guard ? { guard: spec.guard } : {}),
  })
}

function buildStrategy(choice: StrategyChoice, instruments: readonly Instrument[]): Strategy {
  const instrument = instruments[choice.instrumentId]!
  const hedge = choice.hedgeId === undefined ? undefined : instruments[choice.hedgeId]!
  return createStrategy(choice.name, {
    instrument,
    ...(hedge ? { hedge } : {}),
    config: choice.config,
    withSymbol: choice.withSymbol,
  })
}
