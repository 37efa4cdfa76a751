import { TradingError } from '#shared/kernel/error.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'

const millionths = 1_000_000

/** Splits the equity of an account between strategies. */
export type Allocation = {
  readonly weights: Readonly<Record<string, number>>
  /**
   * Capital of one strategy, `equity × weight`, rounded down; the sum over all strategies is never above the equity.
   *
   * @returns 0 when the equity is not positive
   * @throws TradingError CONFIG_INVALID when the strategy has no weight
   */
  capitalE8(strategy: string, equityE8: QuoteE8): QuoteE8
}

/**
 * Fixed weights by strategy name. Weights count to a millionth and are rounded down.
 *
 * @throws TradingError CONFIG_INVALID when a weight is not above 0 or their sum is above 1
 */
export function createAllocation(config: {
  readonly weights: Readonly<Record<string, number>>
}): Allocation {
  const parts = new Map<string, bigint>()
  let sum = 0
  for (const [strategy, weight] of Object.entries(config.weights)) {
    // A third of one as a double is a hair below a third; the margin keeps whole millionths whole.
    const part = Math.floor(weight * millionths + 1e-6)
    if (!(weight <= 1 && part > 0))
      throw new TradingError(
        'CONFIG_INVALID',
        `weight of ${strategy} is ${weight}, must be above 0 and at most 1`,
      )
    sum += part
    parts.set(strategy, BigInt(part))
  }
  if (sum > millionths)
    throw new TradingError(
      'CONFIG_INVALID',
      `weights sum to ${sum / millionths}, at most 1 is there`,
    )
  return {
    weights: config.weights,
    capitalE8(strategy, equityE8) {
      const part = parts.get(strategy)
      if (part === undefined)
        throw new TradingError('CONFIG_INVALID', `no weight for strategy ${strategy}`)
      return equityE8 > 0n ? (equityE8 * part) / BigInt(millionths) : 0n
    },
  }
}

/** The same weight for every strategy. */
export const equalWeights = (strategies: readonly string[]): Record<string, number> =>
  Object.fromEntries(strategies.map((strategy) => [strategy, 1 / strategies.length]))

/**
 * Smallest equity at which a strategy is granted `capitalE8`.
 *
 * @throws TradingError CONFIG_INVALID when the strategy has no weight
 */
export function equityForCapitalE8(
  allocation: Allocation,
  strategy: string,
  capitalE8: QuoteE8,
): QuoteE8 {
  const partE8 = allocation.capitalE8(strategy, BigInt(millionths))
  return (capitalE8 * BigInt(millionths) + partE8 - 1n) / partE8
}
