import { TradingError } from '#shared/kernel/error.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { GivenConfig } from './config.ts'
import { fundingCarryMinimumCapitalE8, readFundingCarryConfig } from './funding-carry/config.ts'
import { createFundingCarry } from './funding-carry/funding-carry.ts'
import { glftMinimumCapitalE8, readGlftConfig } from './glft/config.ts'
import { createGlft } from './glft/glft.ts'
import { gridMinimumCapitalE8, readGridConfig } from './grid/config.ts'
import { createGrid } from './grid/grid.ts'
import type { Strategy } from './strategy.ts'

export const strategyNames = ['glft', 'grid', 'funding-carry'] as const
export type StrategyName = (typeof strategyNames)[number]

/** @throws TradingError CONFIG_INVALID when there is no such strategy */
export function readStrategyName(text: string): StrategyName {
  const name = strategyNames.find((known) => known === text)
  if (name) return name
  throw new TradingError(
    'CONFIG_INVALID',
    `unknown strategy '${text}'; known are ${strategyNames.join(', ')}`,
  )
}

/** What a strategy trades. */
export type StrategyLegs = {
  readonly instrument: Instrument
  /** The same coin without funding; only `funding-carry` has and needs it. */
  readonly hedge?: Instrument
}

/** `glft`, or `glft:ETHUSDT` when a run trades several symbols. */
export const instanceName = (
  name: StrategyName,
  instrument: Instrument,
  withSymbol: boolean,
): string => (withSymbol ? `${name}:${instrument.symbol}` : name)

/**
 * A strategy in its initial state.
 *
 * @throws TradingError CONFIG_INVALID for an unknown or impossible setting, or a missing hedge
 */
export function createStrategy(
  name: StrategyName,
  options: StrategyLegs & { readonly config?: GivenConfig; readonly withSymbol?: boolean },
): Strategy {
  const { instrument, config, withSymbol = false } = options
  const instance = instanceName(name, instrument, withSymbol)
  switch (name) {
    case 'glft':
      return createGlft(instance, instrument, readGlftConfig(config))
    case 'grid':
      return createGrid(instance, instrument, readGridConfig(config))
    case 'funding-carry':
      return createFundingCarry(
        instance,
        instrument,
        requireHedge(options),
        readFundingCarryConfig(config),
      )
  }
}

/**
 * Least capital with which a strategy can trade at these prices, given the venue's minimum order. It is the capital
 * of this strategy alone; `equityForCapitalE8` of the allocation turns it into equity of the account.
 *
 * @throws TradingError CONFIG_INVALID as {@link createStrategy}
 */
export function minimumEquityE8(
  name: StrategyName,
  options: StrategyLegs & {
    readonly priceTicks: number
    /** Price of the hedge; needed with one. */
    readonly hedgePriceTicks?: number
    readonly config?: GivenConfig
  },
): QuoteE8 {
  const { instrument, priceTicks, config } = options
  switch (name) {
    case 'glft':
      return glftMinimumCapitalE8(instrument, priceTicks, readGlftConfig(config))
    case 'grid':
      return gridMinimumCapitalE8(instrument, priceTicks, readGridConfig(config))
    case 'funding-carry': {
      const { hedgePriceTicks } = options
      if (hedgePriceTicks === undefined)
        throw new TradingError('CONFIG_INVALID', 'funding-carry: the price of the hedge is missing')
      return fundingCarryMinimumCapitalE8(
        instrument,
        priceTicks,
        requireHedge(options),
        hedgePriceTicks,
        readFundingCarryConfig(config),
      )
    }
  }
}

function requireHedge({ hedge, instrument }: StrategyLegs): Instrument {
  if (hedge) return hedge
  throw new TradingError(
    'CONFIG_INVALID',
    `funding-carry: ${instrument.symbol} needs a hedge, the same coin in a market without funding`,
  )
}
