import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createAccount, transfer } from './account.ts'
import { settleFunding } from './funding.ts'
import { dropEmpty, setExternal, visibleLots } from './level-book.ts'
import { liquidateIfNeeded } from './liquidation.ts'
import type { MarketSource } from './market-source.ts'
import { applyExternalTrade, uncross } from './matching.ts'
import {
  createMarket,
  type ExchangeSink,
  type ExchangeState,
  type Market,
  marketOf,
  touchLevel,
} from './state.ts'
import { cancelAll } from './trading.ts'

export type AccountOptions = {
  readonly name: string
  /** First deposit. */
  readonly walletE8: QuoteE8
  /** Leverage on every market until it is changed; 20 when absent. */
  readonly leverage?: number
}

export type ExchangeOptions = {
  /** `id` must be the place in this list. */
  readonly instruments: readonly Instrument[]
  readonly accounts: readonly AccountOptions[]
  readonly sources: readonly MarketSource[]
  readonly startUs: Micros
  readonly sink: ExchangeSink
  /** Hours between settlements on every perpetual, may be a fraction; the instruments' own when absent. */
  readonly fundingIntervalHours?: number
}

/** A simulated exchange: outside world in, orders of several accounts matched against it and each other. */
export type Exchange = {
  readonly state: ExchangeState
  /** Due time of the next thing that happens by itself. */
  nextEventUs(): Micros
  /** Lets everything happen that is due at or before `nowUs`, in time order. Time never goes back. */
  advance(nowUs: Micros): void
  /** First deposits; call once the sink listens. */
  open(): void
}

const defaultLeverage = 20
const markIntervalUs = 1_000_000
const microsPerHour = 3_600_000_000

export function createExchange(options: ExchangeOptions): Exchange {
  const { instruments, accounts, sources, startUs, sink } = options
  const markets = instruments.map((instrument) => {
    const hours =
      instrument.fundingIntervalHours === undefined
        ? undefined
        : (options.fundingIntervalHours ?? instrument.fundingIntervalHours)
    return createMarket(instrument, startUs, hours && Math.round(hours * microsPerHour))
  })
  const state: ExchangeState = {
    nowUs: startUs,
    markets,
    accounts: accounts.map(({ name, leverage }, index) =>
      createAccount(name, index, markets.length, leverage ?? defaultLeverage),
    ),
    sink,
    countdowns: new Map(),
    nextMarkUs: (Math.ceil(startUs / markIntervalUs) * markIntervalUs) as Micros,
    nextOrderId: 1,
    nextTransactionId: 1,
    positionsTouched: new Set(),
  }
  const emit = (event: MarketEvent) => applyMarketEvent(state, event)
  const nextEventUs = () => earliest(state, sources)

  return {
    state,
    nextEventUs,
    open: () => {
      accounts.forEach(({ walletE8 }, index) => {
        transfer(state, index, walletE8, startUs)
      })
    },
    advance: (nowUs) => {
      for (;;) {
        const dueUs = nextEventUs()
        if (dueUs > nowUs) break
        if (dueUs > state.nowUs) state.nowUs = dueUs
        // A fed source may hand in events late; they count as happening now.
        for (const source of sources) source.advance(dueUs, emit)
        runCountdowns(state)
        for (const market of markets) settleFunding(state, market)
        if (state.nextMarkUs <= state.nowUs) publishMarks(state)
      }
      if (nowUs > state.nowUs) state.nowUs = nowUs
    },
  }
}

function earliest(state: ExchangeState, sources: readonly MarketSource[]): Micros {
  let dueUs: number = state.nextMarkUs
  for (const source of sources) dueUs = Math.min(dueUs, source.nextTimeUs() ?? dueUs)
  for (const timeUs of state.countdowns.values()) dueUs = Math.min(dueUs, timeUs)
  for (const market of state.markets) dueUs = Math.min(dueUs, market.nextFundingTimeUs ?? dueUs)
  return dueUs as Micros
}

/** Lets the outside world change a market, and our resting orders with it. */
export function applyMarketEvent(state: ExchangeState, event: MarketEvent): void {
  const market = marketOf(state, event.instrumentId)
  switch (event.kind) {
    case 'book-snapshot':
      clearExternal(state, market)
      applyLevels(state, market, event)
      return
    case 'book-delta':
      applyLevels(state, market, event)
      return
    case 'trade':
      applyExternalTrade(state, market, event)
      return
    case 'mark-price':
      market.markPriceE8 = event.markPriceE8
      market.indexPriceE8 = event.indexPriceE8
      market.fundingRate = event.fundingRate
      return
    case 'book-lost':
      clearExternal(state, market)
      return
    case 'candle':
      return
  }
}

function applyLevels(
  state: ExchangeState,
  market: Market,
  event: Extract<MarketEvent, { levels: Int32Array }>,
): void {
  const { levels, bidCount, askCount, eventTimeUs } = event
  for (let index = 0; index < bidCount + askCount; index++) {
    const priceTicks = levels[2 * index] ?? 0
    const sizeLots = levels[2 * index + 1] ?? 0
    setLevel(state, market, { isBid: index < bidCount, priceTicks, sizeLots, eventTimeUs })
  }
  uncross(state, market)
}

function setLevel(
  state: ExchangeState,
  market: Market,
  change: { isBid: boolean; priceTicks: number; sizeLots: number; eventTimeUs: number },
): void {
  const book = change.isBid ? market.bids : market.asks
  const known = book.byPrice.get(change.priceTicks)
  if (!known && change.sizeLots === 0) return
  const before = known ? visibleLots(known) : 0
  const level = setExternal(book, change.priceTicks, change.sizeLots, change.eventTimeUs)
  if (visibleLots(level) !== before) touchLevel(state, market, book.side, change.priceTicks)
  dropEmpty(book, level)
}

function clearExternal(state: ExchangeState, market: Market): void {
  for (const book of [market.bids, market.asks])
    for (const level of [...book.byPrice.values()])
      setLevel(state, market, {
        isBid: book.side === 'bid',
        priceTicks: level.priceTicks,
        sizeLots: 0,
        eventTimeUs: level.externalTimeUs,
      })
}

/** Once a second: marks go out, and accounts that fell below maintenance margin are liquidated. */
function publishMarks(state: ExchangeState): void {
  state.nextMarkUs = ((Math.floor(state.nowUs / markIntervalUs) + 1) * markIntervalUs) as Micros
  for (const market of state.markets) state.sink.mark(market.instrument.id)
  for (const account of state.accounts) liquidateIfNeeded(state, account)
}

function runCountdowns(state: ExchangeState): void {
  for (const [key, dueUs] of state.countdowns) {
    if (dueUs > state.nowUs) continue
    state.countdowns.delete(key)
    const instrumentId = key % state.markets.length
    cancelAll(state, Math.floor(key / state.markets.length), instrumentId)
  }
}
