import { microsPerDay } from '#shared/kernel/unit.ts'
import { candleIntervalsUs } from '#shared/market/candle-interval.ts'
import { markE8 } from '#shared/simulation/account.ts'
import { fundingRateDefault } from '#shared/simulation/state.ts'
import type { CandleRow } from './candle-store.ts'
import { type PublicMarket, publicMarketOf } from './context.ts'
import { wireBest, wireLevels } from './depth.ts'
import { exchangeRules } from './exchange-rules.ts'
import { venueRefusal } from './refusal.ts'
import { limitOf, optionalInteger, type Params, required } from './request.ts'
import type { Call, Route, Routes } from './route.ts'
import { dayTicker, quoteText } from './ticker.ts'
import { millis, priceE8Text, priceText, rateText, sizeText } from './wire.ts'

const open = (weight: Route['weight'], answer: Route['answer']): Route => ({
  weight,
  isSigned: false,
  answer,
})

/** The venue has this one, too; nothing here asks for it. */
const intervalsUs: Readonly<Record<string, number>> = {
  ...candleIntervalsUs,
  '3d': 3 * microsPerDay,
}

const depthLimits = new Map([
  [5, 2],
  [10, 2],
  [20, 2],
  [50, 2],
  [100, 5],
  [500, 10],
  [1_000, 20],
])

const marketOfCall = ({ context, params }: Call): PublicMarket =>
  publicMarketOf(context, required(params, 'symbol'))

/** One object when a symbol was named, all of them otherwise. */
const oneOrAll = (call: Call, describe: (view: PublicMarket) => unknown): unknown => {
  const symbol = call.params.get('symbol')
  if (symbol !== undefined) return describe(publicMarketOf(call.context, symbol))
  return call.context.markets.map(describe)
}

export const marketRoutes: Routes = {
  'GET /ping': open(1, () => ({})),
  'GET /time': open(1, ({ context }) => ({ serverTime: millis(context.state.nowUs) })),
  'GET /exchangeInfo': open(1, ({ context }) => exchangeRules(context)),
  'GET /depth': open(depthWeight, answerDepth),
  'GET /trades': open(1, answerTrades),
  'GET /aggTrades': open(20, answerAggregateTrades),
  'GET /klines': open(candleWeight, answerCandles),
  'GET /premiumIndex': open(1, (call) => oneOrAll(call, (view) => describeMark(call, view))),
  'GET /fundingRate': open(1, answerFundingRate),
  'GET /fundingInfo': open(1, answerFundingInfo),
  'GET /ticker/price': open(oneOrTwo, (call) =>
    oneOrAll(call, ({ instrument, market }) => ({
      symbol: instrument.symbol,
      price: priceText(instrument, market.lastPriceTicks),
      time: millis(call.context.state.nowUs),
    })),
  ),
  'GET /ticker/bookTicker': open(oneOrTwo, (call) =>
    oneOrAll(call, ({ instrument, market }) => {
      const [bidPrice, bidQty] = wireBest(instrument, market.bids)
      const [askPrice, askQty] = wireBest(instrument, market.asks)
      const time = millis(call.context.state.nowUs)
      return { symbol: instrument.symbol, bidPrice, bidQty, askPrice, askQty, time }
    }),
  ),
  'GET /ticker/24hr': open(
    (params) => (params.has('symbol') ? 1 : 40),
    (call) => oneOrAll(call, (view) => dayTicker(view, call.context.state.nowUs)),
  ),
}

function oneOrTwo(params: Params): number {
  return params.has('symbol') ? 1 : 2
}

function depthWeight(params: Params): number {
  return depthLimits.get(Number(params.get('limit') ?? 500)) ?? 2
}

function answerDepth(call: Call) {
  const { instrument, market } = marketOfCall(call)
  const limit = optionalInteger(call.params, 'limit') ?? 500
  if (!depthLimits.has(limit)) throw venueRefusal(-4021, `${limit} is not valid depth limit.`)
  // The snapshot takes an id of its own, so the first stream event after it always covers it.
  const lastUpdateId = ++market.updateId
  const time = millis(call.context.state.nowUs)
  return {
    lastUpdateId,
    E: time,
    T: time,
    bids: wireLevels(instrument, market.bids, limit),
    asks: wireLevels(instrument, market.asks, limit),
  }
}

function answerTrades(call: Call) {
  const { instrument, trades } = marketOfCall(call)
  return trades.slice(-limitOf(call.params, 1_000, 500)).map((trade) => ({
    id: trade.tradeId,
    price: priceText(instrument, trade.priceTicks),
    qty: sizeText(instrument, trade.sizeLots),
    quoteQty: quoteText(instrument, trade.sizeLots * trade.priceTicks),
    time: millis(trade.timeUs),
    isBuyerMaker: trade.aggressor === 'sell',
  }))
}

function answerAggregateTrades(call: Call) {
  const { instrument, trades } = marketOfCall(call)
  const { params } = call
  const fromId = optionalInteger(params, 'fromId')
  const startTime = optionalInteger(params, 'startTime') ?? 0
  const endTime = optionalInteger(params, 'endTime') ?? Number.MAX_SAFE_INTEGER
  const limit = limitOf(params, 1_000, 500)
  const chosen = trades.filter(({ tradeId, timeUs }) => {
    const time = millis(timeUs)
    return time >= startTime && time <= endTime && tradeId >= (fromId ?? 0)
  })
  const hasStart = fromId !== undefined || params.has('startTime')
  return (hasStart ? chosen.slice(0, limit) : chosen.slice(-limit)).map((trade) => ({
    a: trade.tradeId,
    p: priceText(instrument, trade.priceTicks),
    q: sizeText(instrument, trade.sizeLots),
    f: trade.tradeId,
    l: trade.tradeId,
    T: millis(trade.timeUs),
    m: trade.aggressor === 'sell',
  }))
}

function candleWeight(params: Params): number {
  const limit = Number(params.get('limit') ?? 500)
  if (limit < 100) return 1
  if (limit < 500) return 2
  return limit <= 1_000 ? 5 : 10
}

function answerCandles(call: Call): unknown[][] {
  const { instrument, candles } = marketOfCall(call)
  const { params, context } = call
  const intervalUs = intervalsUs[required(params, 'interval')]
  if (intervalUs === undefined) throw venueRefusal(-1120, 'Invalid interval.')
  const limit = limitOf(params, 1_500, 500)
  const endUs = Math.min(
    context.state.nowUs,
    (optionalInteger(params, 'endTime') ?? Number.MAX_SAFE_INTEGER / 1_000) * 1_000,
  )
  const startMs = optionalInteger(params, 'startTime')
  const startUs = startMs === undefined ? endUs - (limit + 1) * intervalUs : startMs * 1_000
  const rows = candles.between(intervalUs, Math.max(0, startUs), endUs)
  const chosen = startMs === undefined ? rows.slice(-limit) : rows.slice(0, limit)
  return chosen.map((row) => candleTuple(row, intervalUs))

  function candleTuple(row: CandleRow, lengthUs: number): unknown[] {
    return [
      millis(row.openTimeUs),
      priceText(instrument, row.openTicks),
      priceText(instrument, row.highTicks),
      priceText(instrument, row.lowTicks),
      priceText(instrument, row.closeTicks),
      sizeText(instrument, row.volumeLots),
      millis(row.openTimeUs + lengthUs) - 1,
      quoteText(instrument, row.quoteTickLots),
      row.tradeCount,
      sizeText(instrument, row.takerBuyLots),
      quoteText(instrument, row.takerBuyTickLots),
      '0',
    ]
  }
}

function describeMark({ context }: Call, { instrument, market }: PublicMarket) {
  const mark = markE8(market) ?? 0
  const index = market.indexPriceE8 ?? mark
  return {
    symbol: instrument.symbol,
    markPrice: priceE8Text(mark),
    indexPrice: priceE8Text(index),
    estimatedSettlePrice: priceE8Text(index),
    lastFundingRate: rateText(market.fundingRate),
    nextFundingTime: millis(market.nextFundingTimeUs ?? 0),
    interestRate: rateText(market.fundingIntervalUs === undefined ? 0 : fundingRateDefault),
    time: millis(context.state.nowUs),
  }
}

function answerFundingRate(call: Call) {
  const { params, context } = call
  const symbol = params.get('symbol')
  const views = symbol === undefined ? context.markets : [publicMarketOf(context, symbol)]
  const startTime = optionalInteger(params, 'startTime')
  const endTime = optionalInteger(params, 'endTime') ?? Number.MAX_SAFE_INTEGER
  const limit = limitOf(params, 1_000, 100)
  const rows = views
    .flatMap(({ instrument, settlements }) =>
      settlements.map((settled) => ({
        symbol: instrument.symbol,
        fundingRate: rateText(settled.fundingRate),
        fundingTime: millis(settled.timeUs),
        markPrice: priceE8Text(settled.markPriceE8),
      })),
    )
    .filter(({ fundingTime }) => fundingTime >= (startTime ?? 0) && fundingTime <= endTime)
    .sort((a, b) => a.fundingTime - b.fundingTime)
  return startTime === undefined ? rows.slice(-limit) : rows.slice(0, limit)
}

function answerFundingInfo({ context, params }: Call) {
  const symbol = params.get('symbol')
  const views = symbol === undefined ? context.markets : [publicMarketOf(context, symbol)]
  return views.flatMap(({ instrument, market }) =>
    market.fundingIntervalUs === undefined
      ? []
      : [
          {
            symbol: instrument.symbol,
            interestRate: rateText(fundingRateDefault),
            time: millis(context.state.nowUs),
            fundingIntervalHours: market.fundingIntervalUs / 3_600_000_000,
            fundingFeeCap: 0.03,
            fundingFeeFloor: -0.03,
          },
        ],
  )
}
