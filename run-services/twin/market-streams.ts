import type { BookSide, Instrument } from '#shared/market/instrument.ts'
import { markE8 } from '#shared/simulation/account.ts'
import type { Faults } from '#shared/simulation/fault.ts'
import { type SideBook, visibleLots } from '#shared/simulation/level-book.ts'
import type { OrderUpdate, PublicTrade } from '#shared/simulation/state.ts'
import type { CandleRow } from './candle-store.ts'
import type { PublicMarket } from './context.ts'
import { type WireLevel, wireBest, wireLevels } from './depth.ts'
import { createForceOrders } from './force-orders.ts'
import type { StreamHub } from './stream-hub.ts'
import { dayOf, quoteText } from './ticker.ts'
import { millis, priceE8Text, priceText, rateText, sizeText } from './wire.ts'

/** Turns what happens on the exchange into the public streams. */
export type MarketStreams = {
  levelChanged(instrumentId: number, side: BookSide, priceTicks: number): void
  traded(view: PublicMarket, trade: PublicTrade): void
  marked(view: PublicMarket, nowUs: number): void
  /** Something became of an order that closes a liquidated position. */
  liquidated(view: PublicMarket, update: OrderUpdate): void
  /** Sends what goes out at once: best prices that changed. */
  flush(nowUs: number): void
  /** Sends what goes out at intervals; to be called at every multiple of {@link tickUs}. */
  tick(nowUs: number): void
  /** A stream has a listener, or lost its last one. */
  listened(stream: string, isListened: boolean): void
}

export const tickUs = 50_000

/** Diff streams by their suffix and interval. */
const depthSpeeds = [
  { suffix: '@100ms', intervalUs: 100_000 },
  { suffix: '', intervalUs: 250_000 },
  { suffix: '@500ms', intervalUs: 500_000 },
] as const
const partialDepths = [5, 10, 20] as const
const minuteUs = 60_000_000

type DepthStream = {
  readonly stream: string
  readonly intervalUs: number
  readonly bids: Set<number>
  readonly asks: Set<number>
  /** Last id of the event before; undefined while nobody listens. */
  previousId: number | undefined
}

type PartialStream = { stream: string; intervalUs: number; levels: number; sentId: number }

type MarketState = {
  readonly view: PublicMarket
  readonly stem: string
  readonly depths: readonly DepthStream[]
  readonly partials: readonly PartialStream[]
  isTouched: boolean
  best: string
  candleTrade: number
  candleOpenUs: number
  dayTrade: number
}

export function createMarketStreams(
  views: readonly PublicMarket[],
  hub: StreamHub,
  faults: Faults,
): MarketStreams {
  const states = views.map(createState)
  const depthByStream = new Map(
    states.flatMap((state) => state.depths.map((depth) => [depth.stream, { state, depth }])),
  )
  const forceOrders = createForceOrders(hub)
  return {
    levelChanged: (instrumentId, side, priceTicks) => {
      const state = states[instrumentId]
      if (!state) return
      state.isTouched = true
      for (const depth of state.depths)
        if (depth.previousId !== undefined)
          (side === 'bid' ? depth.bids : depth.asks).add(priceTicks)
    },
    traded: ({ instrument }, trade) => {
      const stream = `${instrument.symbol.toLowerCase()}@aggTrade`
      if (hub.has(stream)) hub.publish(stream, describeTrade(instrument, trade))
    },
    marked: (view, nowUs) => publishMark(hub, view, nowUs),
    liquidated: ({ instrument }, update) => forceOrders.changed(instrument, update),
    flush: (nowUs) => {
      for (const state of states) {
        if (!state.isTouched) continue
        state.isTouched = false
        publishBest(hub, state, nowUs)
      }
    },
    tick: (nowUs) => {
      forceOrders.tick(nowUs)
      for (const state of states) {
        for (const depth of state.depths)
          if (nowUs % depth.intervalUs === 0) publishDepth(hub, state, { depth, nowUs, faults })
        for (const partial of state.partials)
          if (nowUs % partial.intervalUs === 0) publishPartial(hub, state, { partial, nowUs })
        if (nowUs % 250_000 === 0) publishCandle(hub, state, nowUs)
        if (nowUs % 500_000 === 0) publishDay(hub, state, nowUs)
      }
    },
    listened: (stream, isListened) => {
      const found = depthByStream.get(stream)
      if (!found) return
      const { depth, state } = found
      depth.bids.clear()
      depth.asks.clear()
      depth.previousId = isListened ? state.view.market.updateId : undefined
    },
  }
}

function createState(view: PublicMarket): MarketState {
  const stem = view.instrument.symbol.toLowerCase()
  return {
    view,
    stem,
    depths: depthSpeeds.map(({ suffix, intervalUs }) => ({
      stream: `${stem}@depth${suffix}`,
      intervalUs,
      bids: new Set<number>(),
      asks: new Set<number>(),
      previousId: undefined,
    })),
    partials: partialDepths.flatMap((levels) =>
      depthSpeeds.map(({ suffix, intervalUs }) => ({
        stream: `${stem}@depth${levels}${suffix}`,
        intervalUs,
        levels,
        sentId: 0,
      })),
    ),
    isTouched: false,
    best: '',
    candleTrade: 0,
    candleOpenUs: 0,
    dayTrade: 0,
  }
}

function publishDepth(
  hub: StreamHub,
  { view }: MarketState,
  { depth, nowUs, faults }: { depth: DepthStream; nowUs: number; faults: Faults },
): void {
  const { instrument, market } = view
  const { previousId } = depth
  if (previousId === undefined || previousId === market.updateId) return
  if (!faults.losesDepth()) {
    const time = millis(nowUs)
    hub.publish(depth.stream, {
      e: 'depthUpdate',
      E: time,
      T: time,
      s: instrument.symbol,
      U: previousId + 1,
      u: market.updateId,
      pu: previousId,
      b: changedLevels(instrument, market.bids, depth.bids),
      a: changedLevels(instrument, market.asks, depth.asks),
    })
  }
  depth.bids.clear()
  depth.asks.clear()
  depth.previousId = market.updateId
}

function changedLevels(
  instrument: Instrument,
  book: SideBook,
  changed: ReadonlySet<number>,
): WireLevel[] {
  const levels: WireLevel[] = []
  for (const priceTicks of changed) {
    const level = book.byPrice.get(priceTicks)
    const size = sizeText(instrument, level ? visibleLots(level) : 0)
    levels.push([priceText(instrument, priceTicks), size])
  }
  return levels
}

function publishPartial(
  hub: StreamHub,
  { view }: MarketState,
  { partial, nowUs }: { partial: PartialStream; nowUs: number },
): void {
  const { instrument, market } = view
  if (!hub.has(partial.stream) || partial.sentId === market.updateId) return
  const time = millis(nowUs)
  hub.publish(partial.stream, {
    e: 'depthUpdate',
    E: time,
    T: time,
    s: instrument.symbol,
    U: partial.sentId + 1,
    u: market.updateId,
    pu: partial.sentId,
    b: wireLevels(instrument, market.bids, partial.levels),
    a: wireLevels(instrument, market.asks, partial.levels),
  })
  partial.sentId = market.updateId
}

function publishBest(hub: StreamHub, state: MarketState, nowUs: number): void {
  const stream = `${state.stem}@bookTicker`
  if (!hub.has(stream) && !hub.has('!bookTicker')) return
  const { instrument, market } = state.view
  const [b, B] = wireBest(instrument, market.bids)
  const [a, A] = wireBest(instrument, market.asks)
  const best = `${b} ${B} ${a} ${A}`
  if (best === state.best) return
  state.best = best
  const time = millis(nowUs)
  const payload = {
    e: 'bookTicker',
    u: market.updateId,
    s: instrument.symbol,
    b,
    B,
    a,
    A,
    T: time,
    E: time,
  }
  hub.publish(stream, payload)
  hub.publish('!bookTicker', payload)
}

function describeTrade(instrument: Instrument, trade: PublicTrade) {
  const time = millis(trade.timeUs)
  return {
    e: 'aggTrade',
    E: time,
    s: instrument.symbol,
    a: trade.tradeId,
    p: priceText(instrument, trade.priceTicks),
    q: sizeText(instrument, trade.sizeLots),
    f: trade.tradeId,
    l: trade.tradeId,
    T: time,
    m: trade.aggressor === 'sell',
  }
}

function publishMark(hub: StreamHub, { instrument, market }: PublicMarket, nowUs: number): void {
  const stem = instrument.symbol.toLowerCase()
  const slow = nowUs % 3_000_000 < 1_000_000
  const streams = [`${stem}@markPrice@1s`, ...(slow ? [`${stem}@markPrice`] : [])]
  const mark = streams.some((stream) => hub.has(stream)) ? markE8(market) : undefined
  if (mark === undefined) return
  const payload = {
    e: 'markPriceUpdate',
    E: millis(nowUs),
    s: instrument.symbol,
    p: priceE8Text(mark),
    i: priceE8Text(market.indexPriceE8 ?? mark),
    P: priceE8Text(market.indexPriceE8 ?? mark),
    r: rateText(market.fundingRate),
    T: millis(market.nextFundingTimeUs ?? 0),
  }
  for (const stream of streams) hub.publish(stream, payload)
}

/** The open candle when it traded; before the first one of a new minute, the closed one once more. */
function publishCandle(hub: StreamHub, state: MarketState, nowUs: number): void {
  const stream = `${state.stem}@kline_1m`
  if (!hub.has(stream)) return
  const rows = state.view.candles.latest()
  const row = rows.at(-1)
  if (!row || row.lastTradeId === state.candleTrade) return
  const before = rows.length > 1 ? rows[0] : undefined
  const isNewMinute = state.candleOpenUs !== 0 && state.candleOpenUs !== row.openTimeUs
  const { instrument } = state.view
  if (before && isNewMinute)
    hub.publish(stream, describeCandle(instrument, before, { nowUs, isClosed: true }))
  hub.publish(stream, describeCandle(instrument, row, { nowUs, isClosed: false }))
  state.candleTrade = row.lastTradeId
  state.candleOpenUs = row.openTimeUs
}

function describeCandle(
  instrument: Instrument,
  row: CandleRow,
  { nowUs, isClosed }: { nowUs: number; isClosed: boolean },
) {
  return {
    e: 'kline',
    E: millis(nowUs),
    s: instrument.symbol,
    k: {
      t: millis(row.openTimeUs),
      T: millis(row.openTimeUs + minuteUs) - 1,
      s: instrument.symbol,
      i: '1m',
      f: row.firstTradeId,
      L: row.lastTradeId,
      o: priceText(instrument, row.openTicks),
      c: priceText(instrument, row.closeTicks),
      h: priceText(instrument, row.highTicks),
      l: priceText(instrument, row.lowTicks),
      v: sizeText(instrument, row.volumeLots),
      n: row.tradeCount,
      x: isClosed,
      q: quoteText(instrument, row.quoteTickLots),
      V: sizeText(instrument, row.takerBuyLots),
      Q: quoteText(instrument, row.takerBuyTickLots),
      B: '0',
    },
  }
}

function publishDay(hub: StreamHub, state: MarketState, nowUs: number): void {
  const stream = `${state.stem}@miniTicker`
  const { instrument, market } = state.view
  if (!hub.has(stream) || market.tradeId === state.dayTrade) return
  state.dayTrade = market.tradeId
  const day = dayOf(state.view, nowUs)
  if (!day) return
  hub.publish(stream, {
    e: '24hrMiniTicker',
    E: millis(nowUs),
    s: instrument.symbol,
    c: priceText(instrument, day.closeTicks),
    o: priceText(instrument, day.openTicks),
    h: priceText(instrument, day.highTicks),
    l: priceText(instrument, day.lowTicks),
    v: sizeText(instrument, day.volumeLots),
    q: quoteText(instrument, day.quoteTickLots),
  })
}
