import { TradingError } from '#shared/kernel/error.ts'
import { suggest } from '#shared/kernel/suggest.ts'
import type { ConfigFields, GivenConfig } from '#shared/strategy/config.ts'
import { gridFields, gridMinimumCapitalE8, readGridConfig } from '#shared/strategy/grid/config.ts'
import { createGrid } from '#shared/strategy/grid/grid.ts'
import type { BarInstrument } from '../state.ts'
import type { BarStrategy } from '../strategy.ts'
import { buyAndHoldFields, createBuyAndHold, readBuyAndHoldConfig } from './buy-and-hold.ts'
import { barsFromLive, instrumentFromBars, type LiveTerms } from './live.ts'
import { createRsiReversal, readRsiReversalConfig, rsiReversalFields } from './rsi-reversal.ts'
import { createSmaCross, readSmaCrossConfig, smaCrossFields } from './sma-cross.ts'

export const barStrategyNames = ['grid', 'sma-cross', 'rsi-reversal', 'buy-and-hold'] as const
export type BarStrategyName = (typeof barStrategyNames)[number]

/** The settings of each strategy: their defaults and bounds. */
export const barStrategyFields: Readonly<Record<BarStrategyName, ConfigFields>> = {
  grid: gridFields,
  'sma-cross': smaCrossFields,
  'rsi-reversal': rsiReversalFields,
  'buy-and-hold': buyAndHoldFields,
}

/** @throws TradingError CONFIG_INVALID when there is no such strategy */
export function readBarStrategyName(text: string): BarStrategyName {
  const name = barStrategyNames.find((known) => known === text)
  if (name) return name
  const nearest = suggest(text, barStrategyNames)
  throw new TradingError(
    'CONFIG_INVALID',
    `no strategy '${text}' runs on candles; ${nearest ? `did you mean ${nearest}?` : `known are ${barStrategyNames.join(', ')}`}`,
  )
}

/** A strategy for the symbols of a run. @throws TradingError CONFIG_INVALID, INSTRUMENT_UNSUPPORTED */
export function createBarStrategy(
  name: BarStrategyName,
  inputs: {
    readonly instruments: readonly BarInstrument[]
    readonly config?: GivenConfig | undefined
    readonly terms: LiveTerms
  },
): BarStrategy {
  const { instruments, config, terms } = inputs
  switch (name) {
    case 'sma-cross':
      return createSmaCross(instruments.length, readSmaCrossConfig(config))
    case 'rsi-reversal':
      return createRsiReversal(instruments.length, readRsiReversalConfig(config))
    case 'buy-and-hold':
      return createBuyAndHold(instruments.length, readBuyAndHoldConfig(config))
    case 'grid': {
      const grid = readGridConfig(config)
      const lives = instruments.map((one, id) => instrumentFromBars(one, id, terms))
      const strategies = lives.map((live) => createGrid(`grid:${live.symbol}`, live, grid))
      return barsFromLive('grid', grid, strategies, lives, terms)
    }
  }
}

/** Least capital (equity × leverage) with which the strategy can work one symbol at a price; 0 when any will do. */
export function minimumCapitalQuote(
  name: BarStrategyName,
  inputs: {
    readonly instrument: BarInstrument
    readonly priceQuote: number
    readonly config?: GivenConfig | undefined
    readonly terms: LiveTerms
  },
): number {
  if (name !== 'grid') return 0
  const live = instrumentFromBars(inputs.instrument, 0, inputs.terms)
  const ticks = Math.round(inputs.priceQuote * inputs.instrument.ticksPerQuote)
  return Number(gridMinimumCapitalE8(live, ticks, readGridConfig(inputs.config))) / 1e8
}
