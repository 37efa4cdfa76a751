import { z } from 'zod'
import { lotsFromDecimal, scaledFromDecimal, ticksFromDecimal } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMilli } from '#shared/kernel/unit.ts'
import type { BookDelta, BookSnapshot, MarkPrice, Trade } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'

const decimal = z.string().regex(/^\d+(\.\d+)?$/)
const level = z.tuple([decimal, decimal])
const id = z.int().nonnegative()

const depthMessage = z.object({
  e: z.literal('depthUpdate'),
  E: id,
  T: id,
  s: z.string(),
  U: id,
  u: id,
  pu: id,
  b: z.array(level),
  a: z.array(level),
})

const tradeFields = { E: id, T: id, s: z.string(), p: decimal, q: decimal, m: z.boolean() }
const tradeMessage = z.object({
  ...tradeFields,
  e: z.literal('trade'),
  t: id,
  X: z.string().optional(),
})
const aggTradeMessage = z.object({ ...tradeFields, e: z.literal('aggTrade'), a: id })

const markPriceMessage = z.object({
  e: z.literal('markPriceUpdate'),
  E: id,
  s: z.string(),
  p: decimal,
  i: decimal,
  r: z.string().regex(/^-?\d+(\.\d+)?$/),
  T: id,
})

const snapshotReply = z.object({
  lastUpdateId: id,
  E: id,
  T: id,
  bids: z.array(level),
  asks: z.array(level),
})

/** A depth diff as a book delta. @throws TradingError WIRE_SHAPE_UNKNOWN, PRICE_OFF_GRID, SIZE_OFF_GRID, NUMBER_TOO_LARGE */
export function readDepth(raw: unknown, instrument: Instrument, receiveTimeUs: Micros): BookDelta {
  const message = shaped(depthMessage, raw, 'depth update', instrument)
  return {
    kind: 'book-delta',
    instrumentId: instrument.id,
    eventTimeUs: micros(message.T),
    receiveTimeUs,
    sequenceFirst: message.U,
    sequence: message.u,
    sequencePrevious: message.pu,
    levels: packLevels(message.b, message.a, instrument),
    bidCount: message.b.length,
    askCount: message.a.length,
  }
}

/** A REST depth reply as a book snapshot. @throws TradingError as {@link readDepth} */
export function readSnapshot(
  raw: unknown,
  instrument: Instrument,
  receiveTimeUs: Micros,
): BookSnapshot {
  const reply = shaped(snapshotReply, raw, 'depth snapshot')
  return {
    kind: 'book-snapshot',
    instrumentId: instrument.id,
    eventTimeUs: micros(reply.T),
    receiveTimeUs,
    sequence: reply.lastUpdateId,
    levels: packLevels(reply.bids, reply.asks, instrument),
    bidCount: reply.bids.length,
    askCount: reply.asks.length,
  }
}

/**
 * A `trade` or `aggTrade` message as a trade.
 *
 * @returns undefined for a trade outside the book (insurance fund, deleveraging): the aggregate stream leaves
 * those out as well
 * @throws TradingError as {@link readDepth}
 */
export function readTrade(
  raw: unknown,
  kind: 'trade' | 'agg-trade',
  instrument: Instrument,
  receiveTimeUs: Micros,
): Trade | undefined {
  if (kind === 'trade') {
    const message = shaped(tradeMessage, raw, 'trade', instrument)
    if (message.X !== undefined && message.X !== 'MARKET') return undefined
    return tradeOf(message, message.t, instrument, receiveTimeUs)
  }
  const message = shaped(aggTradeMessage, raw, 'aggregate trade', instrument)
  return tradeOf(message, message.a, instrument, receiveTimeUs)
}

/** A mark price message. @throws TradingError WIRE_SHAPE_UNKNOWN, DECIMAL_MALFORMED, NUMBER_TOO_LARGE */
export function readMarkPrice(
  raw: unknown,
  instrument: Instrument,
  receiveTimeUs: Micros,
): MarkPrice {
  const message = shaped(markPriceMessage, raw, 'mark price', instrument)
  return {
    kind: 'mark-price',
    instrumentId: instrument.id,
    eventTimeUs: micros(message.E),
    receiveTimeUs,
    markPriceE8: safeE8(message.p),
    indexPriceE8: safeE8(message.i),
    fundingRate: Number(message.r),
    nextFundingTimeUs: micros(message.T),
  }
}

function tradeOf(
  message: { T: number; p: string; q: string; m: boolean },
  tradeId: number,
  instrument: Instrument,
  receiveTimeUs: Micros,
): Trade {
  return {
    kind: 'trade',
    instrumentId: instrument.id,
    eventTimeUs: micros(message.T),
    receiveTimeUs,
    tradeId,
    priceTicks: ticksFromDecimal(message.p, instrument.priceGrid),
    sizeLots: lotsFromDecimal(message.q, instrument.sizeGrid),
    aggressor: message.m ? 'sell' : 'buy',
  }
}

function shaped<Shape extends z.ZodType>(
  shape: Shape,
  raw: unknown,
  what: string,
  instrument?: Instrument,
): z.infer<Shape> {
  const parsed = shape.safeParse(raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const place = issue?.path.join('.') || 'the whole message'
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `${what} not understood at ${place}: ${issue?.message ?? 'unknown shape'}`,
    )
  }
  const symbol = (parsed.data as { s?: string }).s
  if (instrument && symbol !== instrument.symbol)
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `${what} for ${symbol} on the stream of ${instrument.symbol}`,
    )
  return parsed.data
}

type Level = readonly [price: string, size: string]

function packLevels(
  bids: readonly Level[],
  asks: readonly Level[],
  instrument: Instrument,
): Int32Array {
  const levels = new Int32Array(2 * (bids.length + asks.length))
  let slot = 0
  for (const side of [bids, asks])
    for (const [price, size] of side) {
      levels[slot++] = int32(ticksFromDecimal(price, instrument.priceGrid), price)
      levels[slot++] = int32(lotsFromDecimal(size, instrument.sizeGrid), size)
    }
  return levels
}

function int32(steps: number, text: string): number {
  if (steps > 0x7fff_ffff)
    throw new TradingError('NUMBER_TOO_LARGE', `'${text}' is more than 2^31 − 1 steps of its grid`)
  return steps
}

function safeE8(text: string): number {
  const scaled = Number(scaledFromDecimal(text, 8))
  if (!Number.isSafeInteger(scaled))
    throw new TradingError('NUMBER_TOO_LARGE', `'${text}' is too large to keep in 1e-8 units`)
  return scaled
}

const micros = (milliseconds: number): Micros => (milliseconds * microsPerMilli) as Micros
