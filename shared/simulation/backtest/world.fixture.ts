import type { Lots, Micros, QuoteE8, Ticks } from '#shared/kernel/unit.ts'
import type { Fill, MarketEvent, Timer } from '#shared/market/event.ts'
import type { Instrument, Side } from '#shared/market/instrument.ts'
import type { StrategyView, Wants } from '#shared/strategy/strategy.ts'
import { createTrader } from '#shared/trading/engine/trader.ts'
import type { Intent } from '#shared/trading/order/order.ts'
import { testInstrument } from '#shared/trading/testing/fixture.ts'
import {
  type Backtest,
  type BacktestOptions,
  type BacktestOutcome,
  createBacktest,
} from './backtest.ts'
import { constantLatency } from './latency.ts'

/** 2026-01-01 00:00 UTC. */
export const zeroUs = 1_767_225_600_000_000
export const second = 1_000_000
/** A time in seconds after zero. */
export const at = (seconds: number): Micros => (zeroUs + Math.round(seconds * second)) as Micros

const stamp = (seconds: number) => ({ eventTimeUs: at(seconds), receiveTimeUs: at(seconds) })
type Level = readonly [priceTicks: number, sizeLots: number]

const levelsOf = (bids: readonly Level[], asks: readonly Level[]) => ({
  levels: Int32Array.from([...bids, ...asks].flat()),
  bidCount: bids.length,
  askCount: asks.length,
})

/** Numbers the updates of one market, so that books can follow them. */
export function createTapeMaker(instrumentId = 0) {
  let sequence = 1
  let tradeId = 0
  return {
    snapshot(seconds: number, bids: readonly Level[], asks: readonly Level[]): MarketEvent {
      const book = { instrumentId, ...stamp(seconds), ...levelsOf(bids, asks), sequence }
      return { kind: 'book-snapshot', ...book }
    },
    delta(seconds: number, bids: readonly Level[], asks: readonly Level[]): MarketEvent {
      const sequencePrevious = sequence++
      return {
        kind: 'book-delta',
        instrumentId,
        ...stamp(seconds),
        ...levelsOf(bids, asks),
        sequenceFirst: sequence,
        sequence,
        sequencePrevious,
      }
    },
    trade(seconds: number, aggressor: Side, priceTicks: number, sizeLots: number): MarketEvent {
      return {
        kind: 'trade',
        instrumentId,
        ...stamp(seconds),
        tradeId: ++tradeId,
        priceTicks: priceTicks as Ticks,
        sizeLots: sizeLots as Lots,
        aggressor,
      }
    },
    mark(seconds: number, priceQuote: number, fundingRate = 0, nextSeconds = 28_800): MarketEvent {
      return {
        kind: 'mark-price',
        instrumentId,
        ...stamp(seconds),
        markPriceE8: Math.round(priceQuote * 1e8),
        indexPriceE8: Math.round(priceQuote * 1e8),
        fundingRate,
        nextFundingTimeUs: at(nextSeconds),
      }
    },
  }
}

export type Script = (event: MarketEvent | Fill | Timer, view: StrategyView, wants: Wants) => void

export type Made = { readonly intent: Intent; readonly seconds: number }

/** Nothing is limited but by the exchange: tests of the exchange go where a trader must not. */
const unlimited = {
  positionRatioMax: 1e6,
  concentrationRatioMax: 1e6,
  leverageMax: 1e6,
  dailyLossRatioMax: 1e6,
  drawdownRatioMax: 1e6,
}

export type ScriptOptions = {
  readonly script: Script
  readonly startUs: Micros
  readonly instruments?: readonly Instrument[]
  readonly walletE8?: QuoteE8
  readonly latencyMs?: readonly [feed: number, entry: number, response: number]
  readonly more?: Partial<BacktestOptions>
}

/** A backtest of a script. Prices are about 64,000 quote, a tick is 0.1, a lot 0.001. */
export function openScript(options: ScriptOptions): Backtest {
  const { script, walletE8 = 10_000n * 10n ** 8n } = options
  const instruments = options.instruments ?? [testInstrument()]
  const [feed, entry, response] = options.latencyMs ?? [10, 20, 30]
  const trader = createTrader({
    instruments,
    strategies: [
      { name: 'script', instrumentIds: instruments.map(({ id }) => id), inputs: {}, on: script },
    ],
    weights: { script: 1 },
    limits: unlimited,
    epoch: 1,
    staleAfterUs: 1e12,
    requoteUsMin: 0,
    deadManMs: 0,
  })
  return createBacktest({
    trader,
    walletsE8: [walletE8],
    startUs: options.startUs,
    latency: constantLatency({
      feedUs: feed * 1_000,
      entryUs: entry * 1_000,
      responseUs: response * 1_000,
    }),
    queueModel: 'behind',
    missingFunding: 'refuse',
    schedule: 'own',
    markoutSeconds: [1, 5, 30],
    ...options.more,
  })
}

/** Runs a script over a tape to its end. */
export function runScript(
  options: Omit<ScriptOptions, 'startUs'> & { readonly tape: readonly MarketEvent[] },
): BacktestOutcome & { readonly made: readonly Made[] } {
  const made: Made[] = []
  const backtest = openScript({
    ...options,
    startUs: options.tape[0]!.eventTimeUs,
    more: {
      onIntent: (intent, madeUs) => made.push({ intent, seconds: (madeUs - zeroUs) / second }),
      ...options.more,
    },
  })
  for (const event of options.tape) backtest.market(event)
  return { ...backtest.end(), made }
}

/** Wants one quote from a moment on; the size is asked for once. */
export const quoteFrom = (
  seconds: number,
  want: { readonly side: Side; readonly priceTicks: number; readonly sizeLots: number },
): Script => {
  let isDone = false
  return (_event, view, wants) => {
    if (isDone || view.nowUs < at(seconds)) return
    isDone = true
    wants.quote({ instrumentId: 0, slot: 0, reason: 'test', ...want })
  }
}

/** Wants a position from a moment on. */
export const targetFrom =
  (seconds: number, targetLots: number, limitTicks: number): Script =>
  (_event, view, wants) => {
    if (view.nowUs >= at(seconds))
      wants.target({ instrumentId: 0, targetLots, limitTicks, reason: 'test' })
  }
