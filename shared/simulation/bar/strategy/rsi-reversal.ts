import { TradingError } from '#shared/kernel/error.ts'
import { type ConfigOf, type GivenConfig, readConfig } from '#shared/strategy/config.ts'
import type { BarOrders, BarStrategy, BarView } from '../strategy.ts'
import { type BarSizing, entryBase } from './sizing.ts'

export const rsiReversalFields = {
  /** Bars of Wilder's smoothing. */
  period: { default: 14, min: 2, max: 1_000, isInteger: true },
  /** A rise through this buys. */
  oversold: { default: 30, min: 1, max: 50 },
  /** A close above this sells. */
  overbought: { default: 70, min: 50, max: 99 },
  /** Stop below, and target above, the close that decided. */
  stopBps: { default: 500, min: 10, max: 9_000 },
  targetBps: { default: 500, min: 10, max: 90_000 },
  investedRatio: { default: 0.95, min: 0.001, max: 1 },
} as const

export type RsiReversalConfig = ConfigOf<typeof rsiReversalFields>

/** @throws TradingError CONFIG_INVALID also when `oversold` is not below `overbought` */
export function readRsiReversalConfig(given?: GivenConfig): RsiReversalConfig {
  const config = readConfig('rsi-reversal', rsiReversalFields, given)
  if (config.oversold < config.overbought) return config
  throw new TradingError(
    'CONFIG_INVALID',
    `rsi-reversal: oversold ${config.oversold} must be below overbought ${config.overbought}`,
  )
}

const stopSlot = 0
const targetSlot = 1

/** Wilder's relative strength of one symbol. */
export type Rsi = { seen: number; gain: number; loss: number; last: number }

export const createRsi = (): Rsi => ({ seen: 0, gain: 0, loss: 0, last: 0 })

/**
 * Takes one close. `RSI = 100 − 100 / (1 + gain / loss)`, gains and losses smoothed by `1 / period`, begun with the
 * plain mean of the first `period` changes.
 *
 * @returns 0 to 100; undefined before `period` changes
 * @see Wilder (1978), "New Concepts in Technical Trading Systems", section VI
 */
export function updateRsi(rsi: Rsi, close: number, period: number): number | undefined {
  const change = rsi.seen === 0 ? 0 : close - rsi.last
  rsi.last = close
  if (rsi.seen++ === 0) return undefined
  const gain = Math.max(0, change)
  const loss = Math.max(0, -change)
  const changes = rsi.seen - 1
  const weight = 1 / Math.min(changes, period)
  rsi.gain += (gain - rsi.gain) * weight
  rsi.loss += (loss - rsi.loss) * weight
  if (changes < period) return undefined
  const moved = rsi.gain + rsi.loss
  return moved === 0 ? 50 : (100 * rsi.gain) / moved
}

/** Buys when the RSI rises back through `oversold`, with a stop and a target; sells when it is overbought. */
export function createRsiReversal(
  symbols: number,
  config: RsiReversalConfig,
  sizing: BarSizing = { kind: 'share', ratio: config.investedRatio },
): BarStrategy {
  const states = Array.from({ length: symbols }, createRsi)
  const before: (number | undefined)[] = Array.from({ length: symbols })
  const enter = (view: BarView, orders: BarOrders, symbol: number): void => {
    const sizeBase = entryBase(sizing, view, symbol)
    const close = view.close(symbol, 0)
    const exit = { symbol, side: 'sell', sizeBase, isReduceOnly: true } as const
    orders.market(symbol, sizeBase)
    const triggerQuote = close * (1 - config.stopBps / 1e4)
    orders.stop({ ...exit, slot: stopSlot, triggerQuote })
    const priceQuote = close * (1 + config.targetBps / 1e4)
    orders.limit({ ...exit, slot: targetSlot, priceQuote })
  }
  return {
    name: 'rsi-reversal',
    parameters: config,
    onBar(view, orders) {
      for (let symbol = 0; symbol < symbols; symbol++) {
        if (!view.hasBar(symbol)) continue
        const last = before[symbol]
        const rsi = updateRsi(states[symbol]!, view.close(symbol, 0), config.period)
        before[symbol] = rsi
        const position = view.positionBase(symbol)
        if (position === 0) orders.cancelAll(symbol)
        if (rsi === undefined || last === undefined) continue
        if (position === 0 && last < config.oversold && rsi >= config.oversold)
          enter(view, orders, symbol)
        else if (position > 0 && rsi > config.overbought) {
          orders.cancelAll(symbol)
          orders.market(symbol, -position)
        }
      }
    },
  }
}
