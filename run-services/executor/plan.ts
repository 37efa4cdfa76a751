import { quoteFromE8 } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { suggestSymbol } from '#shared/market/suggest-symbol.ts'
import { equalWeights, equityForCapitalE8 } from '#shared/strategy/allocation/allocation.ts'
import { instanceName, minimumEquityE8, type StrategyName } from '#shared/strategy/registry.ts'
import type { StrategyChoice, TraderSpec } from '#shared/trading/engine/spec.ts'
import type { TraderState } from '#shared/trading/engine/trader.ts'
import { markPriceE8 } from '#shared/trading/engine/trader.ts'
import { equityE8 } from '#shared/trading/ledger/ledger.ts'
import { limitsFor } from '#shared/trading/risk/limits.ts'
import type { InstrumentListing } from '#shared/venue/venue.ts'
import type { ExecutorPlan } from './app.ts'

export type PlanOptions = {
  readonly runId: string
  readonly mode: 'paper' | 'live'
  readonly symbols: readonly string[]
  readonly strategies: readonly StrategyName[]
  readonly equityQuote: number
  readonly report: (line: string) => void
}

const staleAfterUs = 5 * microsPerSecond
/** Leaves the larger half of the venue's request budget to cancels and reads, with two symbols quoted. */
const requoteUsMin = 500 * microsPerMilli
const deadManMs = 120_000

/** What a run trades, decided from what the venues list: account 0 perpetuals, account 1 (if any) the hedge markets. */
export function createPlan(options: PlanOptions): ExecutorPlan {
  return {
    choose(listings) {
      const { instruments, hedgeOf } = pickInstruments(options.symbols, listings)
      const { limits, name } = limitsFor(BigInt(options.equityQuote) * 10n ** 8n)
      options.report(
        `risk limits (${name}): position ${percent(limits.positionRatioMax)}, concentration ${percent(limits.concentrationRatioMax)}, leverage ${limits.leverageMax}, daily loss ${percent(limits.dailyLossRatioMax)}, drawdown ${percent(limits.drawdownRatioMax)}`,
      )
      const bare = pickStrategies(options, instruments, hedgeOf)
      const weight = 1 / bare.length
      const strategies = bare.map((choice) => ({
        ...choice,
        // Strategy and review agree on how much inventory is too much.
        config: {
          inventoryCapitalRatioMax: Math.min(3, limits.positionRatioMax / weight),
          ...paceOf(choice.name, instruments[choice.instrumentId]!),
        },
      }))
      const names = strategies.map((choice) =>
        instanceName(choice.name, instruments[choice.instrumentId]!, choice.withSymbol),
      )
      const spec: Omit<TraderSpec, 'epoch'> = {
        runId: options.runId,
        mode: options.mode,
        strategies,
        weights: equalWeights(names),
        limits,
        staleAfterUs,
        requoteUsMin,
        deadManMs,
      }
      return { instruments, spec }
    },
    admit: (state) => admit(state, options),
  }
}

/**
 * Carry plans in settlements. Where an invented market settles every few seconds, a plan of the usual number of them
 * would be over before it had paid for its own orders: it plans for half an hour instead.
 */
function paceOf(name: StrategyName, { fundingIntervalHours }: Instrument): Record<string, number> {
  if (name !== 'funding-carry' || fundingIntervalHours === undefined || fundingIntervalHours >= 1)
    return {}
  const periodsPlanned = Math.ceil(0.5 / fundingIntervalHours)
  return { periodsPlanned, periodsMax: 4 * periodsPlanned, decideEverySeconds: 10 }
}

function pickInstruments(
  symbols: readonly string[],
  [perpetuals = [], hedges = []]: readonly (readonly InstrumentListing[])[],
): { instruments: Instrument[]; hedgeOf: Map<number, number> } {
  const instruments: Instrument[] = []
  const hedgeOf = new Map<number, number>()
  for (const symbol of symbols) {
    const listing = perpetuals.find((each) => each.symbol === symbol)
    if (!listing) throw unlisted(symbol, perpetuals)
    const id = instruments.length
    instruments.push({ ...listing, id, accountId: 0 })
    const hedge = hedges.find(
      (each) => each.kind === 'spot' && each.baseAsset === listing.baseAsset,
    )
    if (!hedge) continue
    hedgeOf.set(id, id + 1)
    instruments.push({ ...hedge, id: id + 1, accountId: 1 })
  }
  return { instruments, hedgeOf }
}

function unlisted(symbol: string, listings: readonly InstrumentListing[]): TradingError {
  const known = listings.filter(({ kind }) => kind === 'perpetual').map((each) => each.symbol)
  const nearest = suggestSymbol(symbol, known)
  const hint = nearest ? `did you mean ${nearest}?` : `listed: ${known.slice(0, 8).join(', ')}`
  return new TradingError('SYMBOL_UNKNOWN', `the venue does not list '${symbol}'; ${hint}`)
}

function pickStrategies(
  { strategies, report }: PlanOptions,
  instruments: readonly Instrument[],
  hedgeOf: ReadonlyMap<number, number>,
): Omit<StrategyChoice, 'config'>[] {
  const traded = instruments.filter(({ accountId }) => accountId === 0)
  const choices: Omit<StrategyChoice, 'config'>[] = []
  for (const { id, symbol } of traded) {
    for (const name of strategies) {
      const hedgeId = hedgeOf.get(id)
      if (name === 'funding-carry' && hedgeId === undefined) {
        report(`funding-carry is not started on ${symbol}: there is no spot market to hedge on`)
        continue
      }
      const withHedge = name === 'funding-carry' && hedgeId !== undefined ? { hedgeId } : {}
      choices.push({ name, instrumentId: id, withSymbol: traded.length > 1, ...withHedge })
    }
  }
  if (choices.length === 0)
    throw new TradingError(
      'OPTION_INVALID',
      'none of the chosen strategies can run on this market; choose another with --strategies',
    )
  return choices
}

/**
 * Says which strategies the equity is too small for.
 *
 * @throws TradingError EQUITY_TOO_SMALL when it is too small for all of them, naming the least that would do
 */
function admit(state: TraderState, { report, strategies }: PlanOptions): void {
  const equity = equityE8(state.ledger, (id) => markPriceE8(state, id))
  if (equity === undefined)
    throw new TradingError('STATE_CORRUPT', 'the venue told no wallet balance at the start')
  let leastE8: bigint | undefined
  let leastSymbol = ''
  let admitted = 0
  for (const { strategy } of state.seats) {
    const name = strategies.find((kind) => strategy.name.startsWith(kind))!
    const [instrumentId, hedgeId] = strategy.instrumentIds
    const instrument = state.config.instruments[instrumentId!]!
    const hedge = hedgeId === undefined ? undefined : state.config.instruments[hedgeId]
    const priceTicks = state.books[instrumentId!]!.bestAskTicks
    const needs = minimumEquityE8(name, {
      instrument,
      priceTicks,
      ...(hedge ? { hedge, hedgePriceTicks: state.books[hedge.id]!.bestAskTicks } : {}),
      config: {
        inventoryCapitalRatioMax: Math.min(
          3,
          state.config.limits.positionRatioMax / state.config.weights[strategy.name]!,
        ),
      },
    })
    const equityNeeded = equityForCapitalE8(state.allocation, strategy.name, needs)
    if (leastE8 === undefined || equityNeeded < leastE8) {
      leastE8 = equityNeeded
      leastSymbol = instrument.symbol
    }
    if (equityNeeded <= equity) admitted++
    else
      report(
        `${strategy.name} may stay idle: with the smallest order of ${instrument.symbol} its full plan needs ${money(equityNeeded)} of equity, there is ${money(equity)}`,
      )
  }
  if (admitted === 0)
    throw new TradingError(
      'EQUITY_TOO_SMALL',
      `${money(equity)} of equity is below what any chosen strategy needs; the least is ${money(leastE8 ?? 0n)} on ${leastSymbol}: raise --equity, choose fewer --strategies, or a symbol with a smaller lot such as ASTERUSDT`,
    )
}

const money = (amountE8: bigint): string => `${quoteFromE8(amountE8).toFixed(2)} USDT`
const percent = (ratio: number): string => `${+(ratio * 100).toFixed(1)} %`
