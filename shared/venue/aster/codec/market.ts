import { z } from 'zod'
import { lotsFromDecimal, ticksFromDecimal } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { decimalText, microsFromMs, readShape, timeMs } from './wire.ts'

/** A candle as the venue states it; prices and volumes are floats for features and charts. */
export type Kline = {
  readonly openTimeMs: number
  readonly closeTimeMs: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** Base units. */
  readonly volume: number
  readonly quoteVolume: number
  readonly tradeCount: number
}

const restKline = z.tuple(
  [
    timeMs,
    decimalText,
    decimalText,
    decimalText,
    decimalText,
    decimalText,
    timeMs,
    decimalText,
    z.int(),
  ],
  z.unknown(),
)

/** REST klines, oldest first. @throws TradingError WIRE_SHAPE_UNKNOWN */
export const readKlines = (raw: unknown): readonly Kline[] =>
  readShape(z.array(restKline), raw, 'klines').map((row) => ({
    openTimeMs: row[0],
    open: Number(row[1]),
    high: Number(row[2]),
    low: Number(row[3]),
    close: Number(row[4]),
    volume: Number(row[5]),
    closeTimeMs: row[6],
    quoteVolume: Number(row[7]),
    tradeCount: row[8],
  }))

export type CandleUpdate = {
  readonly symbol: string
  readonly interval: string
  readonly isClosed: boolean
  readonly openTimeUs: Micros
  readonly eventTimeUs: Micros
  readonly openTicks: Ticks
  readonly highTicks: Ticks
  readonly lowTicks: Ticks
  readonly closeTicks: Ticks
  readonly volumeLots: Lots
  readonly tradeCount: number
}

const klineMessage = z.object({
  E: timeMs,
  s: z.string(),
  k: z.object({
    t: timeMs,
    i: z.string(),
    o: decimalText,
    h: decimalText,
    l: decimalText,
    c: decimalText,
    v: decimalText,
    n: z.int(),
    x: z.boolean(),
  }),
})

/** A stream kline; `isClosed` tells whether it will still change. @throws TradingError WIRE_SHAPE_UNKNOWN */
export function readCandle(raw: unknown, instrument: Instrument): CandleUpdate {
  const { E, s, k } = readShape(klineMessage, raw, 'kline')
  const ticks = (text: string) => ticksFromDecimal(text, instrument.priceGrid)
  return {
    symbol: s,
    interval: k.i,
    isClosed: k.x,
    openTimeUs: microsFromMs(k.t),
    eventTimeUs: microsFromMs(E),
    openTicks: ticks(k.o),
    highTicks: ticks(k.h),
    lowTicks: ticks(k.l),
    closeTicks: ticks(k.c),
    volumeLots: lotsFromDecimal(k.v, instrument.sizeGrid),
    tradeCount: k.n,
  }
}

export type Premium = {
  readonly symbol: string
  readonly markPrice: number
  readonly indexPrice: number
  /** Running estimate for the next settlement, fraction of notional per interval. */
  readonly fundingRate: number
  readonly nextFundingTimeMs: number
  readonly timeMs: number
}

const premiumMessage = z.object({
  symbol: z.string(),
  markPrice: decimalText,
  indexPrice: decimalText,
  lastFundingRate: z.union([decimalText, z.literal('')]),
  nextFundingTime: timeMs,
  time: timeMs,
})

/** One object or a list of them, as the venue answers. @throws TradingError WIRE_SHAPE_UNKNOWN */
export const readPremiums = (raw: unknown): readonly Premium[] =>
  readShape(z.array(premiumMessage), Array.isArray(raw) ? raw : [raw], 'premiumIndex').map(
    (row) => ({
      symbol: row.symbol,
      markPrice: Number(row.markPrice),
      indexPrice: Number(row.indexPrice),
      fundingRate: readRate(row),
      nextFundingTimeMs: row.nextFundingTime,
      timeMs: row.time,
    }),
  )

/** A market without funding has neither rate nor settlement; a settlement without a rate is no zero. */
function readRate(row: z.infer<typeof premiumMessage>): number {
  if (row.lastFundingRate !== '' || row.nextFundingTime === 0) return Number(row.lastFundingRate)
  throw new TradingError(
    'WIRE_SHAPE_UNKNOWN',
    `premiumIndex: ${row.symbol} settles funding but states no rate`,
  )
}

const fundingRateMessage = z.array(
  z.object({ symbol: z.string(), fundingRate: decimalText, fundingTime: timeMs }),
)

export type FundingRate = {
  readonly symbol: string
  readonly fundingRate: number
  readonly fundingTimeMs: number
}

/** Settled rates, oldest first. @throws TradingError WIRE_SHAPE_UNKNOWN */
export const readFundingRates = (raw: unknown): readonly FundingRate[] =>
  readShape(fundingRateMessage, raw, 'fundingRate').map((row) => ({
    symbol: row.symbol,
    fundingRate: Number(row.fundingRate),
    fundingTimeMs: row.fundingTime,
  }))

export type OpenInterest = {
  readonly symbol: string
  /** Base units, one side counted. */
  readonly openInterest: number
  readonly timeMs: number
}

const openInterestMessage = z.object({
  symbol: z.string(),
  openInterest: decimalText,
  time: timeMs,
})

/** @throws TradingError WIRE_SHAPE_UNKNOWN */
export function readOpenInterest(raw: unknown): OpenInterest {
  const row = readShape(openInterestMessage, raw, 'openInterest')
  return { symbol: row.symbol, openInterest: Number(row.openInterest), timeMs: row.time }
}
