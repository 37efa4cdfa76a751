import { invariant } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { applyDelta, applySnapshot, type Book, createBook } from '#shared/market/book.ts'
import type { BookDelta } from '#shared/market/event.ts'
import { createFrameReader, type FrameReader } from '#shared/venue/aster/scan/frame-reader.ts'
import { alternate, type BenchResult, type Contender, pairedRatio, spreadOf } from '../bench.ts'
import { type Feed, loadFeed } from './feed.ts'
import { applyToMapBook, createMapBook } from './map-book.ts'
import { startNativeBook } from './native.ts'

const updatesPerRun = 10_000_000
const rounds = 11
const goals = { vsC: 0.4, vsMap: 8, scannerVsJson: 10 }

/**
 * Book replay in level updates per second, best bid and ask read after every event; and whole frames to book.
 * All contenders do the same work and must come to the same checksum.
 */
export async function benchBook(say: (line: string) => void): Promise<BenchResult> {
  const feed = loadFeed()
  const notes = [`feed: ${feed.source}`]
  const passes = Math.ceil(updatesPerRun / feed.updates)
  const native = startNativeBook(feed)
  if (!native) notes.push('gcc is absent: no comparison with C')

  const checksums = new Map<string, number>()
  const book = createBook()
  const replay: Contender[] = [
    timed('ours', feed.updates * passes, () => replayBook(book, feed, passes), checksums),
    // A third of the passes: the Map book would take most of the bench.
    timed('map', feed.updates * mapPasses(passes), () => replayMap(feed, passes), checksums),
  ]
  if (native)
    replay.push({
      name: 'C',
      run: async () => {
        const { seconds, checksum } = await native.run(passes)
        checksums.set('C', checksum)
        return (feed.updates * passes) / seconds
      },
    })
  const rates = await alternate(replay, { rounds, warmUps: 2 })
  native?.close()
  invariant(!native || checksums.get('C') === checksums.get('ours'), 'C book and ours disagree')
  invariant(checksums.get('map') === mapChecksum(book, feed, passes), 'Map book and ours disagree')

  const reader = createFrameReader([feed.instrument])
  applySnapshot(book, feed.snapshot)
  const frames: Contender[] = [
    timed('scan', feed.frames.length, () => scanFrames(book, reader, feed), checksums),
    timed('JSON.parse', feed.frames.length, () => parseFrames(book, feed), checksums),
  ]
  const frameRates = await alternate(frames, { rounds, warmUps: 2 })
  invariant(checksums.get('scan') === checksums.get('JSON.parse'), 'scanner and JSON disagree')

  const rate = (name: string) => rates.get(name) ?? frameRates.get(name) ?? []
  const ratios = {
    ...(native && { vsC: pairedRatio(rate('ours'), rate('C')) }),
    vsMap: pairedRatio(rate('ours'), rate('map')),
    scannerVsJson: pairedRatio(rate('scan'), rate('JSON.parse')),
  }
  const result: BenchResult = {
    name: 'book',
    ratios: Object.fromEntries(Object.entries(ratios).map(([k, v]) => [k, Number(v.toFixed(3))])),
    goals,
    rates: Object.fromEntries([...rates, ...frameRates].map(([k, v]) => [k, spreadOf(v)])),
    notes,
  }
  report(result, feed, say)
  return result
}

const mapPasses = (passes: number): number => Math.ceil(passes / 3)

function timed(
  name: string,
  work: number,
  run: () => number,
  checksums: Map<string, number>,
): Contender {
  return {
    name,
    run: async () => {
      const from = performance.now()
      checksums.set(name, run())
      return (work * 1_000) / (performance.now() - from)
    },
  }
}

const mixed = (checksum: number, bidTicks: number, askTicks: number): number =>
  (Math.imul(checksum, 31) + Math.imul(bidTicks, 7) + askTicks) | 0

function replayBook(book: Book, { snapshot, deltas, closing }: Feed, passes: number): number {
  let checksum = 0
  applySnapshot(book, snapshot)
  for (let pass = 0; pass < passes; pass++) {
    for (let i = 0; i < deltas.length; i++) {
      applyDelta(book, deltas[i] as BookDelta)
      checksum = mixed(checksum, book.bestBidTicks, book.bestAskTicks)
    }
    applyDelta(book, closing)
    checksum = mixed(checksum, book.bestBidTicks, book.bestAskTicks)
  }
  return checksum
}

const mapChecksum = (book: Book, feed: Feed, passes: number): number =>
  replayBook(book, feed, mapPasses(passes))

function replayMap({ snapshot, deltas, closing }: Feed, passes: number): number {
  const book = createMapBook()
  let checksum = 0
  applyToMapBook(book, snapshot)
  for (let pass = 0; pass < mapPasses(passes); pass++) {
    for (let i = 0; i < deltas.length; i++) {
      applyToMapBook(book, deltas[i] as BookDelta)
      checksum = mixed(checksum, book.bestBidTicks, book.bestAskTicks)
    }
    applyToMapBook(book, closing)
    checksum = mixed(checksum, book.bestBidTicks, book.bestAskTicks)
  }
  return checksum
}

const now = 1_700_000_000_000_000 as Micros

function scanFrames(book: Book, reader: FrameReader, { frames, closing }: Feed): number {
  let checksum = 0
  for (let i = 0; i < frames.length; i++) {
    applyDelta(book, reader.read(frames[i] as Uint8Array, now) as BookDelta)
    checksum = mixed(checksum, book.bestBidTicks, book.bestAskTicks)
  }
  applyDelta(book, closing)
  return checksum
}

type WireDepth = {
  readonly data: Record<'T' | 'U' | 'u' | 'pu', number> &
    Record<'b' | 'a', readonly [string, string][]>
}

/** How it is usually done: JSON.parse, Number, round to the grid. Not exact for every price. */
function parseFrames(book: Book, { frames, closing, instrument }: Feed): number {
  const priceScale = 10 ** instrument.priceGrid.decimals
  const sizeScale = 10 ** instrument.sizeGrid.decimals
  const levels = new Int32Array(16_384)
  let checksum = 0
  for (const frame of frames) {
    const text = Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString()
    const { data: depth } = JSON.parse(text) as WireDepth
    let slot = 0
    for (const side of [depth.b, depth.a])
      for (const [price, size] of side) {
        levels[slot++] = Math.round(Number(price) * priceScale)
        levels[slot++] = Math.round(Number(size) * sizeScale)
      }
    applyDelta(book, {
      kind: 'book-delta',
      instrumentId: instrument.id,
      eventTimeUs: (depth.T * 1_000) as Micros,
      receiveTimeUs: now,
      sequenceFirst: depth.U,
      sequence: depth.u,
      sequencePrevious: depth.pu,
      levels,
      bidCount: depth.b.length,
      askCount: depth.a.length,
    })
    checksum = mixed(checksum, book.bestBidTicks, book.bestAskTicks)
  }
  applyDelta(book, closing)
  return checksum
}

function report(result: BenchResult, feed: Feed, say: (line: string) => void): void {
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(12)).join('')}`
  const perFrame = (rate: number): string => `${(1e6 / rate).toFixed(2)} µs`
  const perUpdate = (rate: number): string => `${(rate / 1e6).toFixed(1)} M/s`
  const goal = (name: keyof typeof goals): string => {
    const ratio = result.ratios[name]
    if (ratio === undefined) return ''
    return `${ratio.toFixed(2)}x (goal ${goals[name]}: ${ratio >= goals[name] ? 'met' : 'missed'})`
  }
  say(result.notes.join('\n'))
  const size = Math.round(
    feed.frames.reduce((sum, { length }) => sum + length, 0) / feed.frames.length,
  )
  say(
    `${feed.frames.length} frames of ${size} bytes, ${(feed.updates / feed.frames.length).toFixed(1)} levels each; ${rounds} alternating rounds`,
  )
  say('')
  say(row('level updates', ['median', 'best', 'worst']))
  for (const name of ['ours', 'C', 'map']) {
    const spread = result.rates[name]
    if (spread) say(row(name, [spread.median, spread.best, spread.worst].map(perUpdate)))
  }
  say(row('frame to book', ['median', 'best', 'worst']))
  for (const name of ['scan', 'JSON.parse']) {
    const spread = result.rates[name]
    if (spread) say(row(name, [spread.median, spread.best, spread.worst].map(perFrame)))
  }
  say('')
  say(`  ours / C               ${goal('vsC')}`)
  say(`  ours / Map             ${goal('vsMap')}`)
  say(`  scanner / JSON.parse   ${goal('scannerVsJson')}`)
}
