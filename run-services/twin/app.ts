import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createExchange, type Exchange } from '#shared/simulation/exchange.ts'
import { createFaults, type FaultOptions } from '#shared/simulation/fault.ts'
import { createGenerator } from '#shared/simulation/generator.ts'
import type { Listing } from '#shared/simulation/listing.ts'
import type { MarketSource } from '#shared/simulation/market-source.ts'
import type { ExchangeSink } from '#shared/simulation/state.ts'
import { accountRoutes } from './account-routes.ts'
import { describeAccountUpdate } from './account-wire.ts'
import {
  publicMarketAt,
  publicTradesMax,
  settlementsMax,
  type TwinAccount,
  type TwinContext,
} from './context.ts'
import { createGate } from './gate.ts'
import { createLimitCounter, defaultLimits, type Limits } from './limit.ts'
import { marketRoutes } from './market-routes.ts'
import { createMarketStreams, type MarketStreams, tickUs } from './market-streams.ts'
import { createNonceBook } from './nonce.ts'
import { orderRoutes } from './order-routes.ts'
import { describeOrderUpdate } from './order-wire.ts'
import { createPublicMarket } from './public-market.ts'
import { createResponder, type TwinReply, type TwinRequest } from './respond.ts'
import { createStreamHub, type StreamHub } from './stream-hub.ts'
import { createUserStreams } from './user-stream.ts'

export type TwinOptions = {
  readonly seed: number
  readonly startUs: Micros
  readonly clock: Clock
  readonly listings: readonly Listing[]
  readonly accounts: readonly TwinAccount[]
  /** Where prices come from; the generator over all listings when absent. */
  readonly createSources?: (instruments: readonly Instrument[]) => readonly MarketSource[]
  /** Hours between funding settlements of every perpetual, may be a fraction; the listing's own when absent. */
  readonly fundingIntervalHours?: number
  /** Largest distance of a nonce from the twin's clock; 60 s when absent. */
  readonly nonceWindowMs?: number
  /** 1666 when absent. */
  readonly chainId?: number
  readonly limits?: Limits
  readonly faults?: FaultOptions
  /** Days of invented candles and funding before the start, where the generator makes the market; 7 when absent. */
  readonly historyDays?: number
}

/** A venue that speaks Aster's protocol, without sockets: a server or a virtual network carries its texts. */
export type Twin = {
  /** 'drop': the connection closes without an answer. */
  handleHttp(request: TwinRequest): TwinReply | 'drop'
  /** Opens `/ws/…` or `/stream?streams=…`. */
  openStream(
    path: string,
    send: (text: string) => void,
    close: (code: number, reason: string) => void,
  ): { receive(text: string): void; closed(): void }
  /** Lets everything happen that is due by `nowUs`. */
  advance(nowUs: Micros): void
  /** When {@link Twin.advance} has something to do next. */
  nextEventUs(): Micros
  /** The market behind the protocol, to look at. */
  readonly exchange: Exchange
}

const usualHistoryDays = 7
const usualNonceWindowMs = 60_000
const mainnetChainId = 1_666

export function createTwin(options: TwinOptions): Twin {
  const { seed, startUs, clock, listings, accounts } = options
  const instruments = listings.map((listing, id) => ({ ...listing, id, accountId: 0 }))
  const sources = options.createSources?.(instruments) ?? [
    createGenerator({ seed, startUs, instruments }),
  ]
  const faults = createFaults(seed, options.faults)
  const wiring: { streams: MarketStreams | undefined } = { streams: undefined }
  const hub = createStreamHub((stream, isListened) => wiring.streams?.listened(stream, isListened))
  const users = createUserStreams({
    seed,
    faults,
    publish: hub.publish,
    now: () => exchange.state.nowUs,
  })
  const exchange = createExchange({
    instruments,
    accounts,
    sources,
    startUs,
    sink: sinkOf(() => ({ context, streams })),
    ...(options.fundingIntervalHours !== undefined && {
      fundingIntervalHours: options.fundingIntervalHours,
    }),
  })
  const isInvented = options.createSources === undefined
  const historyDays = isInvented ? (options.historyDays ?? usualHistoryDays) : 0
  const markets = exchange.state.markets.map((market) =>
    createPublicMarket(market, { seed, startUs, historyDays }),
  )
  const limits = options.limits ?? defaultLimits
  const context: TwinContext = {
    exchange,
    state: exchange.state,
    markets,
    marketBySymbol: new Map(markets.map((view) => [view.instrument.symbol, view])),
    accounts,
    accountBySigner: new Map(
      accounts.flatMap(({ signers }, index) =>
        signers.map((signer) => [signer.toLowerCase(), index]),
      ),
    ),
    nonces: createNonceBook(options.nonceWindowMs ?? usualNonceWindowMs),
    limits,
    counter: createLimitCounter(limits),
    faults,
    users,
    placedByNonce: new Map(),
  }
  const streams = createMarketStreams(markets, hub, faults)
  wiring.streams = streams
  exchange.open()

  const ticker = createTicker({ context, hub, streams, startUs })
  const respond = createResponder({
    context,
    gate: createGate(options.chainId ?? mainnetChainId),
    routes: { ...marketRoutes, ...orderRoutes, ...accountRoutes },
  })
  return {
    exchange,
    advance: ticker.advance,
    nextEventUs: ticker.nextEventUs,
    handleHttp: (request) => {
      ticker.advance(clock.nowUs())
      const reply = respond(request)
      streams.flush(exchange.state.nowUs)
      return reply
    },
    openStream: (path, send, close) => {
      ticker.advance(clock.nowUs())
      const { names, isCombined } = readStreamPath(path)
      const client = hub.open(names, isCombined, { send, close })
      return {
        receive: (text) => hub.receive(client, text, clock.nowUs()),
        closed: () => hub.end(client),
      }
    },
  }
}

/** Tells streams and memories what happens on the exchange. */
function sinkOf(parts: () => { context: TwinContext; streams: MarketStreams }): ExchangeSink {
  return {
    level: (instrumentId, side, priceTicks) =>
      parts().streams.levelChanged(instrumentId, side, priceTicks),
    trade: (trade) => {
      const { context, streams } = parts()
      const view = publicMarketAt(context, trade.instrumentId)
      view.candles.add(trade)
      view.trades.push(trade)
      if (view.trades.length > 2 * publicTradesMax) view.trades.splice(0, publicTradesMax)
      streams.traded(view, trade)
    },
    mark: (instrumentId) => {
      const { context, streams } = parts()
      streams.marked(publicMarketAt(context, instrumentId), context.state.nowUs)
    },
    funding: (settlement) => {
      const { settlements } = publicMarketAt(parts().context, settlement.instrumentId)
      settlements.push(settlement)
      if (settlements.length > 2 * settlementsMax) settlements.splice(0, settlementsMax)
    },
    order: (update) => {
      const { context, streams } = parts()
      const { accountIndex, instrumentId, type } = update.order
      const view = publicMarketAt(context, instrumentId)
      const payload = describeOrderUpdate(context.state, view.instrument, update)
      context.users.send(accountIndex, payload)
      if (type === 'LIQUIDATION') streams.liquidated(view, update)
    },
    account: (update) => {
      const { context } = parts()
      context.users.send(update.accountIndex, describeAccountUpdate(context, update))
    },
  }
}

/** Interleaves the exchange with the clocks of the streams, in time order. */
function createTicker(parts: {
  context: TwinContext
  hub: StreamHub
  streams: MarketStreams
  startUs: Micros
}) {
  const { context, hub, streams, startUs } = parts
  const { exchange, users } = context
  let nextTickUs = Math.ceil(startUs / tickUs) * tickUs
  const streamsDueUs = () =>
    Math.min(hub.clientCount > 0 ? nextTickUs : Number.POSITIVE_INFINITY, users.dueUs)
  const nextEventUs = () => Math.min(exchange.nextEventUs(), streamsDueUs()) as Micros

  return {
    nextEventUs,
    advance: (nowUs: Micros) => {
      if (hub.clientCount === 0)
        nextTickUs = Math.max(nextTickUs, Math.ceil(nowUs / tickUs) * tickUs)
      for (let dueUs = nextEventUs(); dueUs <= nowUs; dueUs = nextEventUs()) {
        exchange.advance(dueUs)
        streams.flush(dueUs)
        if (users.dueUs <= dueUs) users.tick(dueUs)
        if (hub.clientCount > 0 && nextTickUs <= dueUs) {
          streams.tick(nextTickUs)
          nextTickUs += tickUs
        }
      }
      exchange.advance(nowUs)
    },
  }
}

function readStreamPath(path: string): { names: readonly string[]; isCombined: boolean } {
  const url = new URL(path, 'ws://twin')
  if (url.pathname.startsWith('/ws')) {
    const names = url.pathname.slice('/ws'.length).split('/').filter(Boolean)
    return { names, isCombined: false }
  }
  if (url.pathname === '/stream') {
    const names = (url.searchParams.get('streams') ?? '').split('/').filter(Boolean)
    return { names, isCombined: true }
  }
  throw new TradingError(
    'OPTION_INVALID',
    `no stream at '${path}'; use /ws/NAME or /stream?streams=A/B`,
  )
}
