import { quoteFromE8 } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli, microsPerSecond, type QuoteE8 } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { suggestSymbol } from '#shared/market/suggest-symbol.ts'
import { equalWeights, equityForCapitalE8 } from '#shared/strategy/allocation/allocation.ts'
import { readFundingCarryConfig } from '#shared/strategy/funding-carry/config.ts'
import { readGlftConfig } from '#shared/strategy/glft/config.ts'
import { readGridConfig } from '#shared/strategy/grid/config.ts'
import { instanceName, minimumEquityE8, type StrategyName } from '#shared/strategy/registry.ts'
import type { StrategyChoice, TraderSpec } from '#shared/trading/engine/spec.ts'
import { markPriceE8, type TraderState } from '#shared/trading/engine/trader.ts'
import { equityE8 } from '#shared/trading/ledger/ledger.ts'
import { limitsFor } from '#shared/trading/risk/limits.ts'
import type { Selection, TapeGroup } from './tape-set.ts'

export type Fees = { readonly makerFeePpm?: number; readonly takerFeePpm?: number }
export type GivenParameters = Readonly<Record<string, number | boolean>>

/** As a live session has them. */
const staleAfterUs = 5 * microsPerSecond
const requoteUsMin = 500 * microsPerMilli
const deadManMs = 120_000
/** Part of the equity that lies in the account of the hedge. */
const hedgeShare = 0.4

/**
 * Picks the markets that a strategy trades. Tapes with several of them need a choice.
 *
 * @throws TradingError OPTION_INVALID when several markets are there and none was chosen, SYMBOL_UNKNOWN
 */
export function selectMarkets(
  groups: readonly TapeGroup[],
  options: {
    readonly strategy: StrategyName
    readonly symbols: readonly string[] | 'all' | undefined
    readonly fees: Fees
  },
): Selection {
  const held = groups.flatMap(({ header }) => header.instruments)
  const traded = pickTraded(held, options.symbols)
  const wanted = new Set(traded.map(({ symbol }) => symbol))
  if (options.strategy === 'funding-carry')
    for (const each of traded) {
      const hedge = hedgeFor(each, held)
      if (!hedge)
        throw new TradingError(
          'OPTION_INVALID',
          `funding-carry needs a spot market of ${each.baseAsset} to hedge ${each.symbol} on; the tapes hold ${held.map(({ symbol }) => symbol).join(', ')}`,
        )
      wanted.add(hedge.symbol)
    }
  const instruments: Instrument[] = []
  const idsByGroup = groups.map(({ header }) =>
    header.instruments.map((instrument) => {
      if (!wanted.has(instrument.symbol)) return undefined
      const id = instruments.length
      const accountId = options.strategy === 'funding-carry' && instrument.kind === 'spot' ? 1 : 0
      instruments.push({ ...instrument, ...options.fees, id, accountId })
      return id
    }),
  )
  return { instruments, idsByGroup }
}

function pickTraded(
  held: readonly Instrument[],
  symbols: readonly string[] | 'all' | undefined,
): readonly Instrument[] {
  const perpetuals = held.filter(({ kind }) => kind === 'perpetual')
  const tradable = perpetuals.length > 0 ? perpetuals : held
  if (symbols === 'all') return tradable
  const names = held.map(({ symbol }) => symbol)
  if (symbols === undefined) {
    if (tradable.length === 1) return tradable
    throw new TradingError(
      'OPTION_INVALID',
      `the tapes hold ${names.join(', ')}; choose with --symbols, e.g. --symbols ${tradable[0]?.symbol}, or --symbols all`,
    )
  }
  return symbols.map((symbol) => {
    const found = held.find((each) => each.symbol === symbol)
    if (found) return found
    const nearest = suggestSymbol(symbol, names)
    throw new TradingError(
      'SYMBOL_UNKNOWN',
      `no tape holds ${symbol}; ${nearest ? `did you mean ${nearest}?` : `they hold ${names.join(', ')}`}`,
    )
  })
}

const hedgeFor = (perpetual: Instrument, held: readonly Instrument[]): Instrument | undefined =>
  held.find(({ baseAsset, kind }) => kind === 'spot' && baseAsset === perpetual.baseAsset)

/** The trader of a backtest: one strategy on each market, with the limits and paces of a live session. */
export function specFor(options: {
  readonly strategy: StrategyName
  readonly instruments: readonly Instrument[]
  readonly equityQuote: number
  readonly parameters: GivenParameters
}): TraderSpec {
  const { equityQuote, instruments, parameters, strategy } = options
  const isCarry = strategy === 'funding-carry'
  const traded = instruments.filter(({ accountId }) => accountId === 0)
  const { limits } = limitsFor(toE8(equityQuote))
  const inventoryCapitalRatioMax = Math.min(3, limits.positionRatioMax * traded.length)
  const strategies: StrategyChoice[] = traded.map((instrument) => {
    const hedge = isCarry ? hedgeFor(instrument, instruments) : undefined
    return {
      name: strategy,
      instrumentId: instrument.id,
      // Strategy and review agree on how much inventory is too much.
      config: { inventoryCapitalRatioMax, ...parameters },
      withSymbol: traded.length > 1,
      ...(hedge ? { hedgeId: hedge.id } : {}),
    }
  })
  const names = strategies.map(({ instrumentId, name, withSymbol }) =>
    instanceName(name, instruments[instrumentId]!, withSymbol),
  )
  return {
    runId: `backtest-${strategy}`,
    epoch: 1,
    mode: 'paper',
    strategies,
    weights: equalWeights(names),
    limits,
    staleAfterUs,
    requoteUsMin,
    deadManMs,
  }
}

/** Every setting of a strategy, the defaults included. @throws TradingError CONFIG_INVALID */
export function settingsOf(
  strategy: StrategyName,
  config: GivenParameters,
): Readonly<Record<string, number | boolean>> {
  switch (strategy) {
    case 'glft':
      return readGlftConfig(config)
    case 'grid':
      return readGridConfig(config)
    case 'funding-carry':
      return readFundingCarryConfig(config)
  }
}

/** First deposits by account id; the hedge has an account of its own. */
export function walletsFor(
  equityQuote: number,
  instruments: readonly Instrument[],
): readonly QuoteE8[] {
  const hasHedge = instruments.some(({ accountId }) => accountId === 1)
  const total = toE8(equityQuote)
  if (!hasHedge) return [total]
  const hedge = toE8(equityQuote * hedgeShare)
  return [total - hedge, hedge]
}

const toE8 = (quote: number): QuoteE8 => BigInt(Math.round(quote * 1e8))

/**
 * Refuses equity with which nothing could ever be ordered.
 *
 * @throws TradingError EQUITY_TOO_SMALL
 */
export function admitEquity(trader: TraderState, spec: TraderSpec): void {
  const equity = equityE8(trader.ledger, (id) => markPriceE8(trader, id))
  if (equity === undefined) return
  const needs = spec.strategies.map(({ config, hedgeId, instrumentId, name, withSymbol }) => {
    const { instruments } = trader.config
    const instrument = instruments[instrumentId]!
    const hedge = hedgeId === undefined ? undefined : instruments[hedgeId]!
    const needed = minimumEquityE8(name, {
      instrument,
      priceTicks: trader.books[instrumentId]!.bestAskTicks,
      ...(hedge ? { hedge, hedgePriceTicks: trader.books[hedge.id]!.bestAskTicks } : {}),
      config,
    })
    const instance = instanceName(name, instrument, withSymbol)
    return {
      symbol: instrument.symbol,
      e8: equityForCapitalE8(trader.allocation, instance, needed),
    }
  })
  const least = needs.reduce((a, b) => (b.e8 < a.e8 ? b : a))
  if (least.e8 <= equity) return
  throw new TradingError(
    'EQUITY_TOO_SMALL',
    `${quoteFromE8(equity).toFixed(2)} USDT of equity is too little: the smallest order of ${least.symbol} needs ${quoteFromE8(least.e8).toFixed(2)}; raise --equity`,
  )
}
