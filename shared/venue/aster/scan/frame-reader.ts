import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMilli } from '#shared/kernel/unit.ts'
import type { BookDelta, MarkPrice, Trade } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createDepthScan, depthSlot, scanDepth } from './depth.ts'
import { readDepth, readMarkPrice, readTrade } from './slow.ts'
import { createTradeScan, scanTrade, tradeSlot } from './trade.ts'

export type FrameKind =
  | 'depth'
  | 'agg-trade'
  | 'trade'
  | 'mark-price'
  | 'book-ticker'
  | 'force-order'
  | 'other'

/** Reads frames of one connection; holds the buffers that every frame is read into. */
export type FrameReader = {
  /** Kind of the last frame. */
  readonly kind: FrameKind
  /** Instrument of the last frame; undefined when its symbol is not among the reader's, or it has none. */
  readonly instrument: Instrument | undefined
  /** Where the payload of the last frame starts and ends: the whole frame, or what `data` holds. */
  readonly payloadFrom: number
  readonly payloadTo: number
  /** Finds kind, instrument and payload of a frame without parsing it. Never throws. */
  sniff(bytes: Uint8Array, from?: number, to?: number): FrameKind
  /**
   * Reads one text frame, wrapped (`{"stream":…,"data":…}`) or raw.
   *
   * The event and its levels are reused: they are valid until the next call.
   *
   * @returns undefined for frames that carry no market event of the reader's instruments
   * @throws TradingError WIRE_SHAPE_UNKNOWN, PRICE_OFF_GRID, SIZE_OFF_GRID, DECIMAL_MALFORMED, NUMBER_TOO_LARGE
   */
  read(
    bytes: Uint8Array,
    receiveTimeUs: Micros,
    from?: number,
    to?: number,
  ): BookDelta | Trade | MarkPrice | undefined
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const wrapStart = encoder.encode('{"stream":"')
const wrapMiddle = encoder.encode('","data":')
const rawStart = encoder.encode('{"e":"')
const symbolKey = encoder.encode('"s":"')
/** The symbol of a raw payload stands near its start; nothing is searched beyond. */
const symbolWithin = 160
const at = 64
const quote = 34

type Spelling = { readonly kind: FrameKind; readonly bytes: Uint8Array }
const spelled = (spellings: Readonly<Record<string, FrameKind>>): readonly Spelling[] =>
  Object.entries(spellings).map(([text, kind]) => ({ kind, bytes: encoder.encode(text) }))

/** Names after the `@` of a stream. `depth5` and its kin are whole snapshots, so the digit must not follow. */
const streamNames = spelled({
  'depth"': 'depth',
  'depth@': 'depth',
  'aggTrade"': 'agg-trade',
  'trade"': 'trade',
  'markPrice"': 'mark-price',
  'markPrice@': 'mark-price',
  'bookTicker"': 'book-ticker',
  'forceOrder"': 'force-order',
})
const eventNames = spelled({
  'depthUpdate"': 'depth',
  'aggTrade"': 'agg-trade',
  'trade"': 'trade',
  'markPriceUpdate"': 'mark-price',
  'bookTicker"': 'book-ticker',
  'forceOrder"': 'force-order',
})

/** @param instruments - what the connection is subscribed to */
export function createFrameReader(instruments: readonly Instrument[]): FrameReader {
  const upper = instruments.map(({ symbol }) => encoder.encode(symbol))
  const lower = instruments.map(({ symbol }) => encoder.encode(symbol.toLowerCase()))
  const depthScan = createDepthScan()
  const tradeScan = createTradeScan()
  const delta = blankDelta()
  const trade = blankTrade()
  let index = -1

  function sniff(bytes: Uint8Array, from = 0, to = bytes.length): FrameKind {
    reader.payloadFrom = from
    reader.payloadTo = to
    index = -1
    reader.kind = 'other'
    if (startsWith(bytes, from, wrapStart)) {
      const name = from + wrapStart.length
      const nameAt = findByte(bytes, name, to, at)
      const nameEnd = findByte(bytes, nameAt, to, quote)
      if (startsWith(bytes, nameEnd, wrapMiddle)) {
        index = indexOfSymbol(lower, bytes, name, nameAt)
        reader.kind = kindOf(streamNames, bytes, nameAt + 1)
        reader.payloadFrom = nameEnd + wrapMiddle.length
        reader.payloadTo = to - 1
      }
    } else if (startsWith(bytes, from, rawStart)) {
      reader.kind = kindOf(eventNames, bytes, from + rawStart.length)
      const symbol = findBytes(bytes, from, Math.min(to, from + symbolWithin), symbolKey)
      if (symbol > 0)
        index = indexOfSymbol(upper, bytes, symbol, findByte(bytes, symbol, to, quote))
    }
    reader.instrument = index < 0 ? undefined : instruments[index]
    return reader.kind
  }

  function read(
    bytes: Uint8Array,
    receiveTimeUs: Micros,
    from = 0,
    to = bytes.length,
  ): BookDelta | Trade | MarkPrice | undefined {
    const kind = sniff(bytes, from, to)
    const { instrument, payloadFrom, payloadTo } = reader
    const symbol = upper[index]
    if (!instrument || !symbol) return undefined
    if (kind === 'other' || kind === 'book-ticker' || kind === 'force-order') return undefined
    if (kind === 'depth') {
      if (!scanDepth(bytes, payloadFrom, payloadTo, instrument, symbol, depthScan))
        return readDepth(parseFrame(bytes, payloadFrom, payloadTo), instrument, receiveTimeUs)
      const { numbers } = depthScan
      delta.instrumentId = instrument.id
      delta.eventTimeUs = ((numbers[depthSlot.transactionTimeMs] as number) *
        microsPerMilli) as Micros
      delta.receiveTimeUs = receiveTimeUs
      delta.sequenceFirst = numbers[depthSlot.sequenceFirst] as number
      delta.sequence = numbers[depthSlot.sequence] as number
      delta.sequencePrevious = numbers[depthSlot.sequencePrevious] as number
      delta.levels = depthScan.levels
      delta.bidCount = depthScan.bidCount
      delta.askCount = depthScan.askCount
      return delta
    }
    if (kind === 'mark-price')
      return readMarkPrice(parseFrame(bytes, payloadFrom, payloadTo), instrument, receiveTimeUs)

    if (!scanTrade(bytes, payloadFrom, payloadTo, kind, instrument, symbol, tradeScan))
      return readTrade(parseFrame(bytes, payloadFrom, payloadTo), kind, instrument, receiveTimeUs)
    trade.instrumentId = instrument.id
    trade.eventTimeUs = ((tradeScan.numbers[tradeSlot.tradeTimeMs] as number) *
      microsPerMilli) as Micros
    trade.receiveTimeUs = receiveTimeUs
    trade.tradeId = tradeScan.numbers[tradeSlot.tradeId] as number
    trade.priceTicks = tradeScan.steps[0] as Trade['priceTicks']
    trade.sizeLots = tradeScan.steps[1] as Trade['sizeLots']
    trade.aggressor = tradeScan.buyerIsMaker ? 'sell' : 'buy'
    return trade
  }

  const reader: Mutable<FrameReader> = {
    kind: 'other',
    instrument: undefined,
    payloadFrom: 0,
    payloadTo: 0,
    sniff,
    read,
  }
  return reader
}

const noTime = 0.5 as Micros

/** Half numbers make the engine keep these fields as doubles from the start, so writing them never allocates. */
const blankDelta = (): Mutable<BookDelta> => ({
  kind: 'book-delta',
  instrumentId: 0,
  eventTimeUs: noTime,
  receiveTimeUs: noTime,
  sequenceFirst: 0.5,
  sequence: 0.5,
  sequencePrevious: 0.5,
  levels: new Int32Array(0),
  bidCount: 0,
  askCount: 0,
})

const blankTrade = (): Mutable<Trade> => ({
  kind: 'trade',
  instrumentId: 0,
  eventTimeUs: noTime,
  receiveTimeUs: noTime,
  tradeId: 0.5,
  priceTicks: 0 as Trade['priceTicks'],
  sizeLots: 0 as Trade['sizeLots'],
  aggressor: 'buy',
})

/** The JSON in a part of a frame. @throws TradingError WIRE_SHAPE_UNKNOWN */
export function parseFrame(bytes: Uint8Array, from: number, to: number): unknown {
  const text = decoder.decode(bytes.subarray(from, to))
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `frame is not JSON: ${text.slice(0, 80)}`,
      {},
      cause,
    )
  }
}

function kindOf(spellings: readonly Spelling[], bytes: Uint8Array, from: number): FrameKind {
  for (let i = 0; i < spellings.length; i++) {
    const spelling = spellings[i] as Spelling
    if (startsWith(bytes, from, spelling.bytes)) return spelling.kind
  }
  return 'other'
}

function indexOfSymbol(
  symbols: readonly Uint8Array[],
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  for (let i = 0; i < symbols.length; i++) {
    const symbol = symbols[i] as Uint8Array
    if (symbol.length === to - from && startsWith(bytes, from, symbol)) return i
  }
  return -1
}

function startsWith(bytes: Uint8Array, from: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text[i]) return false
  return true
}

/** Position of the first `wanted` at or after `from`, or `to`. Streams have short names: a loop beats a built-in. */
function findByte(bytes: Uint8Array, from: number, to: number, wanted: number): number {
  let i = from
  while (i < to && bytes[i] !== wanted) i++
  return i
}

/** Position after the first `text` in the range, or −1. */
function findBytes(bytes: Uint8Array, from: number, to: number, text: Uint8Array): number {
  for (let i = from; i < to; i++) if (startsWith(bytes, i, text)) return i + text.length
  return -1
}
