import { type ConfigOf, type GivenConfig, readConfig } from '#shared/strategy/config.ts'
import type { BarStrategy } from '../strategy.ts'
import { type BarSizing, entryBase } from './sizing.ts'

export const buyAndHoldFields = {
  /** Share of the buying power; below 1, so that the next open and the fee still fit. */
  investedRatio: { default: 0.95, min: 0.001, max: 1 },
} as const

export type BuyAndHoldConfig = ConfigOf<typeof buyAndHoldFields>

export const readBuyAndHoldConfig = (given?: GivenConfig): BuyAndHoldConfig =>
  readConfig('buy-and-hold', buyAndHoldFields, given)

/** Buys every symbol with its share of the capital after its first bar, and holds. */
export function createBuyAndHold(
  symbols: number,
  config: BuyAndHoldConfig,
  sizing: BarSizing = { kind: 'share', ratio: config.investedRatio },
): BarStrategy {
  return {
    name: 'buy-and-hold',
    parameters: config,
    onBar(view, orders) {
      for (let symbol = 0; symbol < symbols; symbol++)
        if (view.hasBar(symbol) && view.barsSeen(symbol) === 1)
          orders.market(symbol, entryBase(sizing, view, symbol))
    },
  }
}
