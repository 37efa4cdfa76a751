import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { applyDelta, applySnapshot, createBook } from '#shared/market/book.ts'
import type { BookDelta, BookSnapshot, MarketEvent, Trade } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { copyDelta, createDepthSync } from '../scan/depth-sync.ts'
import { createFrameReader, type FrameReader } from '../scan/frame-reader.ts'
import { readSnapshot } from '../scan/slow.ts'
import { symbolOfCapture } from './identify.ts'
import { type CaptureGrid, captureInstrument } from './instrument.ts'

/** Turns the lines of raw captures of one market, in order, into market events. */
export type CaptureImport = {
  /** Undefined until the first websocket line. */
  readonly instrument: Instrument | undefined
  /** Names what the following lines belong to, for errors. */
  openFile(name: string): void
  /**
   * One line: local receive time (µs or ns), a space, and the JSON as it came; or the bare JSON of a snapshot.
   *
   * @throws TradingError TAPE_MALFORMED, TAPE_GAP, TAPE_UNSORTED, TAPE_CROSSED naming file and line,
   * INSTRUMENT_UNSUPPORTED, OPTION_INVALID
   */
  line(bytes: Uint8Array, from: number, to: number): void
  /** @throws TradingError TAPE_MALFORMED when the book never became known */
  end(): void
  /** Events since the last call; they own their levels. */
  takeEvents(): MarketEvent[]
}

const decoder = new TextDecoder()
const zero = 48
const space = 32
const openBrace = 123
const closeBrace = 125
const digitsOfMicros = 16
const digitsOfNanos = 19
const snapshotStart = '{"lastUpdateId"'

export function createCaptureImport(grid?: CaptureGrid): CaptureImport {
  const book = createBook()
  const sync = createDepthSync(emitBook)
  let events: MarketEvent[] = []
  let file = ''
  let lineNumber = 0
  let reader: FrameReader | undefined
  let instrument: Instrument | undefined
  let receiveTimeUs = 0
  let sequence: number | undefined
  let tradeKind: FrameReader['kind'] | undefined
  let tradeId = -1
  let untimedSnapshot: string | undefined

  function emitBook(event: BookSnapshot | BookDelta): void {
    if (event.kind === 'book-snapshot') applySnapshot(book, event)
    else applyDelta(book, event)
    if (book.isCrossed)
      throw refuse(
        'TAPE_CROSSED',
        `best bid reaches best ask after update ${event.sequence}; the capture lost something before this line`,
      )
    events.push(event.kind === 'book-snapshot' ? event : copyDelta(event, event.receiveTimeUs))
  }

  function refuse(
    code: 'TAPE_MALFORMED' | 'TAPE_GAP' | 'TAPE_UNSORTED' | 'TAPE_CROSSED',
    what: string,
    cause?: unknown,
  ): TradingError {
    const details = { file, line: lineNumber }
    return new TradingError(code, `${file}, line ${lineNumber}: ${what}`, details, cause)
  }

  function line(bytes: Uint8Array, from: number, to: number): void {
    lineNumber++
    if (from === to) return
    if (bytes[to - 1] !== closeBrace)
      throw refuse('TAPE_MALFORMED', 'the JSON is cut off; delete the line if it is the last one')
    const json = readTime(bytes, from)
    try {
      readJson(bytes, json, to, json > from)
    } catch (error) {
      throw located(error)
    }
  }

  /** Reads the local time in front of the JSON and returns where the JSON starts. */
  function readTime(bytes: Uint8Array, from: number): number {
    let at = from
    let micros = 0
    for (let digit = (bytes[at] as number) - zero; digit >= 0 && digit <= 9; ) {
      if (at - from < digitsOfMicros) micros = micros * 10 + digit
      digit = (bytes[++at] as number) - zero
    }
    const digits = at - from
    if (digits === 0 && bytes[at] === openBrace) return from
    if ((digits !== digitsOfMicros && digits !== digitsOfNanos) || bytes[at] !== space)
      throw refuse(
        'TAPE_MALFORMED',
        'expected a local time in microseconds (16 digits) or nanoseconds (19), a space and JSON',
      )
    if (micros < receiveTimeUs)
      throw refuse('TAPE_UNSORTED', `local time is ${receiveTimeUs - micros} µs before the last`)
    receiveTimeUs = micros
    return at + 1
  }

  function readJson(bytes: Uint8Array, from: number, to: number, isTimed: boolean): void {
    if (isSnapshot(bytes, from)) {
      const text = decoder.decode(bytes.subarray(from, to))
      if (receiveTimeUs > 0 && instrument) onSnapshot(text)
      else untimedSnapshot = text
      return
    }
    if (!isTimed) throw refuse('TAPE_MALFORMED', 'no local time, and it is not a book snapshot')
    if (!reader && !identify(decoder.decode(bytes.subarray(from, to)))) return
    if (untimedSnapshot !== undefined) {
      onSnapshot(untimedSnapshot)
      untimedSnapshot = undefined
    }
    const frames = reader as FrameReader
    const event = frames.read(bytes, receiveTimeUs as Micros, from, to)
    if (event === undefined) checkIgnored(frames, bytes, from, to)
    else if (event.kind === 'book-delta') onDelta(event)
    else if (event.kind === 'trade') onTrade(event, frames.kind)
    else events.push(event)
  }

  function identify(json: string): boolean {
    const symbol = symbolOfCapture(json)
    if (!symbol) return false
    instrument = captureInstrument(symbol, grid)
    reader = createFrameReader([instrument])
    return true
  }

  /** Book tickers and other streams of the market are passed over; lines of other markets are not. */
  function checkIgnored(
    { instrument: own, kind }: FrameReader,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    if (own && kind !== 'other') return
    const json = decoder.decode(bytes.subarray(from, to))
    JSON.parse(json)
    const symbol = symbolOfCapture(json)
    if (symbol && symbol !== instrument?.symbol)
      throw refuse(
        'TAPE_MALFORMED',
        `${symbol} in a capture of ${instrument?.symbol}; import one market at a time`,
      )
  }

  function onSnapshot(json: string): void {
    // A second snapshot inside an unbroken chain has nothing to add.
    if (sync.state === 'synced') return
    sync.offerSnapshot(
      readSnapshot(JSON.parse(json), instrument as Instrument, receiveTimeUs as Micros),
    )
  }

  function onDelta(delta: BookDelta): void {
    if (sequence !== undefined && delta.sequencePrevious !== sequence)
      throw refuse(
        delta.sequence <= sequence ? 'TAPE_UNSORTED' : 'TAPE_GAP',
        `update ${delta.sequence} continues ${delta.sequencePrevious}, but the last one was ${sequence}`,
      )
    sequence = delta.sequence
    if (sync.offerDelta(delta) === 'gap')
      throw refuse(
        'TAPE_GAP',
        `updates ${delta.sequenceFirst} to ${delta.sequence} do not reach back to the snapshot`,
      )
  }

  /** With both trade streams in a capture only the first one seen counts, or every trade would count twice. */
  function onTrade(trade: Trade, kind: FrameReader['kind']): void {
    tradeKind ??= kind
    if (kind !== tradeKind) return
    if (trade.tradeId <= tradeId)
      throw refuse('TAPE_UNSORTED', `trade ${trade.tradeId} comes after trade ${tradeId}`)
    tradeId = trade.tradeId
    events.push({ ...trade })
  }

  /** Faults of a line get the place they lack. */
  function located(error: unknown): unknown {
    if (error instanceof TradingError) {
      if ('line' in error.details || error.remedy !== 'reject-input') return error
      const code = error.code === 'WIRE_SHAPE_UNKNOWN' ? 'TAPE_MALFORMED' : error.code
      return new TradingError(
        code,
        `${file}, line ${lineNumber}: ${error.message}`,
        { file, line: lineNumber },
        error,
      )
    }
    if (error instanceof SyntaxError) return refuse('TAPE_MALFORMED', 'not JSON', error)
    return error
  }

  return {
    get instrument() {
      return instrument
    },
    openFile(name) {
      file = name
      lineNumber = 0
    },
    line,
    end() {
      if (!instrument)
        throw new TradingError('TAPE_MALFORMED', `${file}: no market event in the capture`)
      if (sync.state === 'waiting')
        throw new TradingError(
          'TAPE_MALFORMED',
          sequence === undefined
            ? `${file}: no depth updates and no book snapshot in the capture`
            : `${file}: no book snapshot that its depth updates continue; put the file that has it (usually the day before) in front`,
        )
    },
    takeEvents() {
      const taken = events
      events = []
      return taken
    },
  }
}

function isSnapshot(bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < snapshotStart.length; i++)
    if (bytes[from + i] !== snapshotStart.charCodeAt(i)) return false
  return true
}
