import { TradingError } from '#shared/kernel/error.ts'
import { type ConfigOf, type GivenConfig, readConfig } from '#shared/strategy/config.ts'
import type { BarStrategy, BarView } from '../strategy.ts'
import { type BarSizing, entryBase } from './sizing.ts'

export const smaCrossFields = {
  /** Bars of the fast mean. */
  fast: { default: 24, min: 1, max: 10_000, isInteger: true },
  /** Bars of the slow mean. */
  slow: { default: 96, min: 2, max: 20_000, isInteger: true },
  /** Share of the buying power; below 1, so that the next open and the fee still fit. */
  investedRatio: { default: 0.95, min: 0.001, max: 1 },
  /** Also sells short when the fast mean is below the slow one. */
  allowShort: { default: false },
} as const

export type SmaCrossConfig = ConfigOf<typeof smaCrossFields>

/** @throws TradingError CONFIG_INVALID also when `fast` is not below `slow` */
export function readSmaCrossConfig(given?: GivenConfig): SmaCrossConfig {
  const config = readConfig('sma-cross', smaCrossFields, given)
  if (config.fast < config.slow) return config
  throw new TradingError(
    'CONFIG_INVALID',
    `sma-cross: fast ${config.fast} must be below slow ${config.slow}`,
  )
}

/** Means this close, relative, count as equal: running sums differ from fresh ones in the last digits. */
const equalRatio = 1e-9

/**
 * Holds a long while the mean of the last `fast` closes is above that of the last `slow`. A market order at the next
 * open follows each change; means that are equal change nothing. The first decision comes after `slow + 1` bars.
 */
export function createSmaCross(
  symbols: number,
  config: SmaCrossConfig,
  sizing: BarSizing = { kind: 'share', ratio: config.investedRatio },
): BarStrategy {
  const { fast, slow, allowShort } = config
  const above = 1 + equalRatio
  const below = 1 - equalRatio
  const fastSums = new Float64Array(symbols)
  const slowSums = new Float64Array(symbols)
  const sides = new Int8Array(symbols)
  const turn = (view: BarView, symbol: number): number => {
    const seen = view.barsSeen(symbol)
    const close = view.close(symbol, 0)
    const fastSum =
      (fastSums[symbol] as number) + close - (seen > fast ? view.close(symbol, fast) : 0)
    const slowSum =
      (slowSums[symbol] as number) + close - (seen > slow ? view.close(symbol, slow) : 0)
    fastSums[symbol] = fastSum
    slowSums[symbol] = slowSum
    if (seen <= slow) return 0
    // Both means times fast × slow: products instead of quotients.
    const fastScaled = fastSum * slow
    const slowScaled = slowSum * fast
    if (fastScaled > slowScaled * above) return 1
    return fastScaled < slowScaled * below ? -1 : 0
  }
  return {
    name: 'sma-cross',
    parameters: config,
    onBar(view, orders) {
      for (let symbol = 0; symbol < symbols; symbol++) {
        if (!view.hasBar(symbol)) continue
        const side = turn(view, symbol)
        if (side === 0 || side === sides[symbol]) continue
        sides[symbol] = side
        const position = view.positionBase(symbol)
        const wanted = side > 0 || allowShort ? side * entryBase(sizing, view, symbol) : 0
        if (wanted !== position) orders.market(symbol, wanted - position)
      }
    },
  }
}
