import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { createRandom } from '#shared/kernel/random.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { BookDelta, BookSnapshot } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createCaptureImport } from '#shared/venue/aster/capture/import.ts'
import { captureInstrument } from '#shared/venue/aster/capture/instrument.ts'
import { createLineSplitter } from '#shared/venue/aster/capture/lines.ts'
import { applyToMapBook, createMapBook } from './map-book.ts'

/** A recording of book events to be replayed in a circle, and its deltas as frames off the wire. */
export type Feed = {
  readonly source: string
  readonly instrument: Instrument
  readonly snapshot: BookSnapshot
  readonly deltas: readonly BookDelta[]
  /** Leads from the end of the recording back to its start, so that it can go round without a snapshot. */
  readonly closing: BookDelta
  readonly frames: readonly Uint8Array[]
  /** Level updates in one round, the closing delta included. */
  readonly updates: number
}

const folder = '../shared/data/orderbook/binance_raw'
const days = ['usdm_btcusdt_20240718.gz', 'usdm_btcusdt_20240719.gz']

/** Recorded BTCUSDT depth frames, or a seeded made-up feed where the recordings are absent. */
export function loadFeed(): Feed {
  const paths = days.map((day) => `${folder}/${day}`)
  return paths.every((path) => existsSync(path)) ? recordedFeed(paths) : syntheticFeed()
}

function recordedFeed(paths: readonly string[]): Feed {
  const importer = createCaptureImport()
  const framesBySequence = new Map<number, Uint8Array>()
  const splitter = createLineSplitter((bytes, from, to) => {
    importer.line(bytes, from, to)
    const text = Buffer.from(bytes.subarray(from, to)).toString('latin1')
    const sequence = /"u":(\d+),"pu"/.exec(text)?.[1]
    if (sequence !== undefined)
      framesBySequence.set(Number(sequence), bytes.slice(from + text.indexOf(' ') + 1, to))
  })
  for (const path of paths) splitter.chunk(gunzipSync(readFileSync(path)))
  importer.end()
  const events = importer.takeEvents()
  const snapshot = events.find((event) => event.kind === 'book-snapshot') as BookSnapshot
  const deltas = events.filter((event) => event.kind === 'book-delta')
  return feedOf(
    'recorded BTCUSDT depth, 2024-07-18/19',
    importer.instrument as Instrument,
    snapshot,
    deltas,
    deltas.map(({ sequence }) => framesBySequence.get(sequence) as Uint8Array),
  )
}

const frameCount = 9_000
const levelsPerSide = 22

/** A mid that wanders, levels mostly near it, one in five a delete; prices as in the recordings. */
function syntheticFeed(): Feed {
  const random = createRandom(1)
  const instrument = captureInstrument('BTCUSDT')
  const frames: Uint8Array[] = []
  const deltas: BookDelta[] = []
  let mid = 640_000
  const startLevels = Int32Array.from(
    Array.from({ length: 1_000 }, (_, i) => [
      ...[mid - (i % 500), 1 + random.integer(5_000)],
      ...[],
    ]).flat(),
  )
  for (let i = 500; i < 1_000; i++) startLevels[2 * i] = mid + 1 + (i - 500)
  const snapshot: BookSnapshot = {
    kind: 'book-snapshot',
    ...{ instrumentId: 0, eventTimeUs: 1 as Micros, receiveTimeUs: 1 as Micros, sequence: 1 },
    ...{ levels: startLevels, bidCount: 500, askCount: 500 },
  }
  for (let sequence = 2; sequence < frameCount + 2; sequence++) {
    mid += random.integer(5) - 2
    const levels = new Int32Array(4 * levelsPerSide)
    // First the levels on the wrong side of the mid go, so that the book never crosses.
    for (let i = 0; i < levelsPerSide; i++) {
      const isSweep = i < 8
      const distance = isSweep ? -i : 1 + Math.floor(random.exponential(0.01))
      const size = isSweep || random.uniform() < 0.2 ? 0 : 1 + random.integer(5_000)
      levels[2 * i] = mid - distance
      levels[2 * i + 1] = size
      levels[2 * (levelsPerSide + i)] = mid + 1 + distance
      levels[2 * (levelsPerSide + i) + 1] = size
    }
    const delta: BookDelta = {
      kind: 'book-delta',
      ...{ instrumentId: 0, eventTimeUs: 1 as Micros, receiveTimeUs: 1 as Micros },
      ...{ sequenceFirst: sequence, sequence, sequencePrevious: sequence - 1 },
      ...{ levels, bidCount: levelsPerSide, askCount: levelsPerSide },
    }
    deltas.push(delta)
    frames.push(frameOf(delta))
  }
  const source = `made up, seed 1 (${folder} is absent)`
  return feedOf(source, instrument, snapshot, deltas, frames)
}

function frameOf({
  levels,
  sequence,
  sequencePrevious,
  bidCount,
  askCount,
}: BookDelta): Uint8Array {
  const text = (from: number, to: number): [string, string][] =>
    Array.from({ length: to - from }, (_, i) => [
      ((levels[2 * (from + i)] as number) / 10).toFixed(2),
      ((levels[2 * (from + i) + 1] as number) / 1_000).toFixed(3),
    ])
  const payload = {
    ...{ e: 'depthUpdate', E: 1721347201585, T: 1721347201533, s: 'BTCUSDT' },
    ...{ U: sequence, u: sequence, pu: sequencePrevious },
    ...{ b: text(0, bidCount), a: text(bidCount, bidCount + askCount) },
  }
  return new TextEncoder().encode(JSON.stringify({ stream: 'btcusdt@depth@100ms', data: payload }))
}

function feedOf(
  source: string,
  instrument: Instrument,
  snapshot: BookSnapshot,
  recorded: readonly BookDelta[],
  frames: readonly Uint8Array[],
): Feed {
  const closing = closingDelta(snapshot, recorded)
  const deltas = packed(recorded)
  const updates = [closing, ...deltas].reduce(
    (sum, { bidCount, askCount }) => sum + bidCount + askCount,
    0,
  )
  return { source, instrument, snapshot, deltas, closing, frames: endToEnd(frames), updates }
}

/** Lays frames end to end in one buffer, as a socket delivers them. */
function endToEnd(frames: readonly Uint8Array[]): readonly Uint8Array[] {
  const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  return frames.map((frame) => {
    bytes.set(frame, at)
    at += frame.length
    return bytes.subarray(at - frame.length, at)
  })
}

/** Lays all levels end to end in one buffer, as the scanner and the C book have them. */
function packed(deltas: readonly BookDelta[]): BookDelta[] {
  const lengths = deltas.map(({ bidCount, askCount }) => 2 * (bidCount + askCount))
  const levels = new Int32Array(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  return deltas.map((delta, i) => {
    const length = lengths[i] as number
    levels.set(delta.levels.subarray(0, length), at)
    at += length
    return { ...delta, levels: levels.subarray(at - length, at) }
  })
}

function closingDelta(snapshot: BookSnapshot, deltas: readonly BookDelta[]): BookDelta {
  const levelsOf = (events: readonly (BookSnapshot | BookDelta)[]) => {
    const book = createMapBook()
    for (const event of events) applyToMapBook(book, event)
    return book
  }
  const start = levelsOf([snapshot])
  const end = levelsOf([snapshot, ...deltas])
  const changes = (from: Map<number, number>, to: Map<number, number>): number[] => [
    ...[...from.keys()].filter((ticks) => !to.has(ticks)).flatMap((ticks) => [ticks, 0]),
    ...[...to].filter(([ticks, lots]) => from.get(ticks) !== lots).flat(),
  ]
  const bids = changes(end.bids, start.bids)
  const asks = changes(end.asks, start.asks)
  const last = deltas.at(-1) as BookDelta
  const [first] = deltas as [BookDelta]
  return {
    ...last,
    sequencePrevious: last.sequence,
    sequence: first.sequencePrevious,
    levels: Int32Array.from([...bids, ...asks]),
    bidCount: bids.length / 2,
    askCount: asks.length / 2,
  }
}
