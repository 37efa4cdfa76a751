import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'
import type { BookDelta, BookSnapshot, MarkPrice, Trade } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { Emit } from '../venue.ts'
import { createConnection } from './connection.ts'
import { createDepthSync, type DepthSync } from './scan/depth-sync.ts'
import { createFrameReader, type FrameKind, parseFrame } from './scan/frame-reader.ts'
import { type Liquidation, readLiquidation } from './scan/liquidation.ts'
import { readSnapshot } from './scan/slow.ts'

export type MarketStream = { start(): void; stop(): void }

/** Hears how the streams fare, for whoever measures them; it changes nothing. */
export type StreamWatch = {
  /** A message of that stream was read. */
  heard(stream: string, receiveTimeUs: Micros): void
  /** A connection that had been there is there again. */
  reconnected(): void
  /** Updates are missing in a depth stream: its book is unknown until a snapshot bridges them. */
  gap(stream: string): void
  /** A snapshot bridged a depth stream whose book had been known and lost. */
  resynced(stream: string): void
}

export type MarketStreamOptions = {
  readonly runtime: Runtime
  /** Scheme and host, no path: `wss://fstream.asterdex.com`. */
  readonly streamUrl: string
  readonly instruments: readonly Instrument[]
  /** Parsed body of `GET /depth` with 1000 levels. @throws TradingError */
  readonly loadSnapshot: (symbol: string) => Promise<unknown>
  /** Book, trade and mark events are reused: they are valid only during the call. */
  readonly emit: Emit
  readonly onFault: (error: TradingError) => void
  /** Sees every frame before it is read, for recording; the bytes are valid only during the call. */
  readonly onFrame?: (bytes: Uint8Array, receiveTimeUs: Micros) => void
  /** Forced orders of others; without it their stream is not subscribed to. After a rotation one may come twice. */
  readonly onLiquidation?: (liquidation: Liquidation) => void
  readonly watch?: StreamWatch
}

const streamsPerConnection = 200
/** What one symbol takes, by what its frames are. The first three are always subscribed to. */
const streamSuffixes = {
  depth: '@depth',
  'agg-trade': '@aggTrade',
  'mark-price': '@markPrice',
  'force-order': '@forceOrder',
} as const satisfies Partial<Record<FrameKind, string>>
type StreamKind = keyof typeof streamSuffixes
/** Mark prices come every second, so this much silence is a dead connection. */
const silenceUsMax = 5 * microsPerSecond
/** Trades change the book: without a depth update this long after one, the depth stream has died alone. */
const depthOwedUsMax = 5 * microsPerSecond
/** Deltas kept while a snapshot is on its way; a snapshot older than the oldest is asked for again anyway. */
const heldDeltasMax = 5_000
const resyncUsMin = 250 * microsPerMilli
const resyncUsMax = 8 * microsPerSecond

/**
 * The streams that {@link createMarketStream} subscribes to for a symbol, by the names a watch hears: `btcusdt@depth`.
 *
 * @param withLiquidations - as when `onLiquidation` is given
 */
export function streamsOf(symbol: string, withLiquidations: boolean): readonly string[] {
  return Object.entries(streamSuffixes)
    .filter(([kind]) => withLiquidations || kind !== 'force-order')
    .map(([, suffix]) => symbol.toLowerCase() + suffix)
}

/** Books, trades and mark prices of a set of instruments, over as many connections as that takes. */
export function createMarketStream(options: MarketStreamOptions): MarketStream {
  const streamsPerSymbol = streamsOf('', options.onLiquidation !== undefined).length
  const perConnection = Math.floor(streamsPerConnection / streamsPerSymbol)
  const feeds: MarketStream[] = []
  for (let from = 0; from < options.instruments.length; from += perConnection)
    feeds.push(createFeed(options, options.instruments.slice(from, from + perConnection)))
  return {
    start: () => {
      for (const feed of feeds) feed.start()
    },
    stop: () => {
      for (const feed of feeds) feed.stop()
    },
  }
}

/** Sync state of one instrument. */
type Line = {
  readonly instrument: Instrument
  /** Names of its streams. */
  readonly streams: Readonly<Record<StreamKind, string>>
  readonly sync: DepthSync
  /** The trader has been told a book and it still holds. */
  isLive: boolean
  /** It was told one before. */
  wasLive: boolean
  isLoading: boolean
  resyncUs: number
  /** Last update id passed on; frames up to it are repeats of an overlapping connection. */
  sequence: number
  tradeId: number
  markTimeUs: number
  /** Venue time of the last depth update. */
  depthTimeUs: number
  /** When the first trade came that is newer than every depth update; 0 when none. */
  depthOwedSinceUs: number
}

/** Which stream an event came by. */
const streamKinds = {
  'book-delta': 'depth',
  trade: 'agg-trade',
  'mark-price': 'mark-price',
} as const satisfies Record<string, StreamKind>

const namesOf = ({ symbol }: Instrument): Line['streams'] =>
  Object.fromEntries(
    Object.entries(streamSuffixes).map(([kind, suffix]) => [kind, symbol.toLowerCase() + suffix]),
  ) as Line['streams']

function createFeed(
  options: MarketStreamOptions,
  instruments: readonly Instrument[],
): MarketStream {
  const { runtime, streamUrl, emit, onFault, onFrame, onLiquidation, watch } = options
  const lines = new Map<number, Line>()
  for (const instrument of instruments) {
    const line: Line = {
      instrument,
      streams: namesOf(instrument),
      sync: createDepthSync((event) => passBook(line, event)),
      isLive: false,
      wasLive: false,
      isLoading: false,
      resyncUs: resyncUsMin,
      sequence: -1,
      tradeId: -1,
      markTimeUs: -1,
      depthTimeUs: 0,
      depthOwedSinceUs: 0,
    }
    lines.set(instrument.id, line)
  }
  const reader = createFrameReader(instruments)
  const names = instruments.flatMap(({ symbol }) => {
    const name = symbol.toLowerCase()
    return [
      `${name}@depth@100ms`,
      `${name}@aggTrade`,
      `${name}@markPrice@1s`,
      ...(onLiquidation ? [`${name}@forceOrder`] : []),
    ]
  })
  const url = `${streamUrl}/stream?streams=${names.join('/')}`
  /** Grows whenever a connection comes or goes, so that a snapshot asked for an older one is thrown away. */
  let generation = 0
  let wasUp = false

  const connection = createConnection({
    runtime,
    url: () => Promise.resolve(url),
    silenceUsMax,
    onUp: () => {
      generation++
      if (wasUp) watch?.reconnected()
      wasUp = true
      for (const line of lines.values()) {
        line.sync.restart()
        line.sequence = -1
        line.depthOwedSinceUs = 0
        line.isLoading = false
        load(line)
      }
    },
    onDown: (reason) => {
      generation++
      for (const line of lines.values()) lose(line, reason)
    },
    onMessage,
    onFault: report,
  })

  function onMessage(bytes: Uint8Array): void {
    const receiveTimeUs = runtime.clock.nowUs()
    onFrame?.(bytes, receiveTimeUs)
    let event: BookDelta | Trade | MarkPrice | undefined
    try {
      event = reader.read(bytes, receiveTimeUs)
      if (reader.kind === 'force-order') takeLiquidation(bytes, receiveTimeUs)
    } catch (error) {
      unreadable(error)
      return
    }
    if (!event) return
    const line = lines.get(event.instrumentId)
    if (!line) return
    watch?.heard(line.streams[streamKinds[event.kind]], receiveTimeUs)
    if (event.kind === 'book-delta') takeDelta(line, event)
    else if (event.kind === 'trade') passTrade(line, event)
    else passMark(line, event)
  }

  function takeLiquidation(bytes: Uint8Array, receiveTimeUs: Micros): void {
    const line = reader.instrument && lines.get(reader.instrument.id)
    if (!line || !onLiquidation) return
    const raw = parseFrame(bytes, reader.payloadFrom, reader.payloadTo)
    const liquidation = readLiquidation(raw, line.instrument, receiveTimeUs)
    watch?.heard(line.streams['force-order'], receiveTimeUs)
    onLiquidation(liquidation)
  }

  function takeDelta(line: Line, delta: BookDelta): void {
    if (delta.sequence <= line.sequence) return
    line.depthTimeUs = delta.eventTimeUs
    line.depthOwedSinceUs = 0
    if (line.sync.heldCount >= heldDeltasMax) line.sync.restart()
    if (line.sync.offerDelta(delta) !== 'gap') return
    watch?.gap(line.streams.depth)
    lose(line, `sequence gap before ${delta.sequenceFirst}`)
    line.sequence = -1
    load(line)
  }

  function passBook(line: Line, event: BookSnapshot | BookDelta): void {
    line.sequence = event.sequence
    line.isLive = true
    emit(event)
  }

  function passTrade(line: Line, trade: Trade): void {
    if (trade.tradeId <= line.tradeId) return
    line.tradeId = trade.tradeId
    if (line.depthOwedSinceUs === 0 && trade.eventTimeUs > line.depthTimeUs)
      line.depthOwedSinceUs = trade.receiveTimeUs
    emit(trade)
  }

  /** Marks come every second for every instrument, which makes them the clock of the depth watch. */
  function passMark(line: Line, mark: MarkPrice): void {
    if (mark.eventTimeUs <= line.markTimeUs) return
    line.markTimeUs = mark.eventTimeUs
    emit(mark)
    const owedUs = line.depthOwedSinceUs === 0 ? 0 : mark.receiveTimeUs - line.depthOwedSinceUs
    if (owedUs <= depthOwedUsMax) return
    line.depthOwedSinceUs = 0
    connection.restart(`${line.instrument.symbol}: trades without depth updates`)
  }

  function lose(line: Line, reason: string): void {
    if (!line.isLive) return
    line.isLive = false
    const nowUs = runtime.clock.nowUs()
    emit({
      kind: 'book-lost',
      instrumentId: line.instrument.id,
      eventTimeUs: nowUs,
      receiveTimeUs: nowUs,
      reason,
    })
  }

  /** Fetches a snapshot until one bridges the stream. */
  function load(line: Line): void {
    if (line.isLoading) return
    line.isLoading = true
    const asked = generation
    options.loadSnapshot(line.instrument.symbol).then(
      (body) => {
        if (asked === generation) offer(line, body)
      },
      (error: unknown) => {
        if (asked !== generation) return
        report(error)
        loadLater(line)
      },
    )
  }

  function offer(line: Line, body: unknown): void {
    line.isLoading = false
    let snapshot: BookSnapshot
    try {
      snapshot = readSnapshot(body, line.instrument, runtime.clock.nowUs())
    } catch (error) {
      report(error)
      loadLater(line)
      return
    }
    const outcome = line.sync.offerSnapshot(snapshot)
    if (outcome === 'gap') watch?.gap(line.streams.depth)
    if (outcome !== 'passed') {
      loadLater(line)
      return
    }
    line.resyncUs = resyncUsMin
    if (line.wasLive) watch?.resynced(line.streams.depth)
    line.wasLive = true
  }

  function loadLater(line: Line): void {
    line.isLoading = true
    const asked = generation
    runtime.timers.after(line.resyncUs, () => {
      if (asked !== generation) return
      line.isLoading = false
      load(line)
    })
    line.resyncUs = Math.min(line.resyncUs * 2, resyncUsMax)
  }

  /** A frame that cannot be read may have been a depth update: its book is no longer known. */
  function unreadable(error: unknown): void {
    report(error)
    const line = reader.instrument && lines.get(reader.instrument.id)
    if (!line || reader.kind !== 'depth') return
    lose(line, 'a depth update could not be read')
    line.sync.restart()
    line.sequence = -1
    load(line)
  }

  function report(error: unknown): void {
    if (!(error instanceof TradingError)) throw error
    onFault(error)
  }

  return {
    start: connection.start,
    stop: () => {
      generation++
      connection.stop()
    },
  }
}
