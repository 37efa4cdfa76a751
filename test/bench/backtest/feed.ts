import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { baseFromLots, type Instrument, quoteFromTicks } from '#shared/market/instrument.ts'

import {
  clearCode,
  feedShiftUs,
  type PackedTape,
  packTape,
  type TapeBlock,
  tapeOfBlocks,
} from '#shared/simulation/replay/tape.ts'
import { createCaptureImport } from '#shared/venue/aster/capture/import.ts'
import { createLineSplitter } from '#shared/venue/aster/capture/lines.ts'

/** A recording laid end to end until it is long enough. */
export type BacktestFeed = {
  readonly source: string
  readonly tape: PackedTape
  readonly passes: number
  readonly market: { readonly tickQuote: number; readonly lotBase: number }
}

const folder = '../shared/data/orderbook/binance_raw'
const days = ['usdm_btcusdt_20240718.gz', 'usdm_btcusdt_20240719.gz']
const pauseUs = 100_000

/**
 * Recorded BTCUSDT depth and trades, again and again until there are `rowsMin` rows. Each pass is later and moved in
 * price so that trades go on where the last pass ended; instead of the snapshot it starts with an update that leads
 * from the last book to the moved first one, as a recording without a break would.
 *
 * @returns undefined where the recordings are absent
 */
export function loadBacktestFeed(rowsMin: number): BacktestFeed | undefined {
  const paths = days.map((day) => `${folder}/${day}`)
  if (!paths.every((path) => existsSync(path))) return undefined
  const { tape, instrument } = recordedTape(paths)
  const [block] = tape.blocks as [TapeBlock]
  const passes = Math.ceil(rowsMin / tape.rowCount)
  const pass = passOf(block, passes)
  return {
    source: `recorded BTCUSDT depth and trades, 2024-07-18/19, ${passes} times`,
    tape: tapeOfBlocks(Array.from({ length: passes }, (_, index) => pass(index))),
    passes,
    market: { tickQuote: quoteFromTicks(instrument, 1), lotBase: baseFromLots(instrument, 1) },
  }
}

/**
 * Gives the recording as its n-th repetition. After `cycle` of them the price is back where it was, by a snapshot. All
 * are moved up, never down, so that the lowest bids keep a price.
 */
export function passOf(block: TapeBlock, cycle: number): (index: number) => TapeBlock {
  const spanUs = block.receiveTimeUs.at(-1)! - block.exchangeTimeUs[0]! + pauseUs
  const driftTicks = lastTradeTicks(block.rows) - firstTradeTicks(block.rows)
  const again = withStart(block, driftTicks)
  return (index) => {
    const inCycle = index % cycle
    const steps = driftTicks < 0 ? inCycle - (cycle - 1) : inCycle
    return moved(inCycle === 0 ? block : again, index * spanUs, steps * driftTicks)
  }
}

/** The block with its snapshot replaced by what changes from the book at its end, moved down by the drift. */
function withStart(block: TapeBlock, driftTicks: number): TapeBlock {
  const snapshotEnd = block.frameEnds[0]!
  const start = bookAfter(block.rows.subarray(0, snapshotEnd))
  const end = new Map<number, number>()
  for (const [code, lots] of bookAfter(block.rows)) end.set(code - 2 * driftTicks, lots)
  const changes = [
    ...[...end.keys()].filter((code) => !start.has(code)).map((code) => [code, 0]),
    ...[...start].filter(([code, lots]) => end.get(code) !== lots),
  ]
  const rows = new Int32Array(2 * changes.length + block.rows.length - snapshotEnd)
  rows.set(changes.flat())
  rows.set(block.rows.subarray(snapshotEnd), 2 * changes.length)
  const shift = 2 * changes.length - snapshotEnd
  return { ...block, rows, frameEnds: block.frameEnds.map((frameEnd) => frameEnd + shift) }
}

function bookAfter(rows: Int32Array): Map<number, number> {
  const book = new Map<number, number>()
  for (let at = 0; at < rows.length; at += 2) {
    const code = rows[at]!
    if (code === clearCode) book.clear()
    else if (code >= 0 && rows[at + 1] === 0) book.delete(code)
    else if (code >= 0) book.set(code, rows[at + 1]!)
  }
  return book
}

function recordedTape(paths: readonly string[]): { tape: PackedTape; instrument: Instrument } {
  const importer = createCaptureImport()
  const splitter = createLineSplitter((bytes, from, to) => importer.line(bytes, from, to))
  for (const path of paths) {
    importer.openFile(path)
    splitter.chunk(gunzipSync(readFileSync(path)))
  }
  importer.end()
  const all = importer.takeEvents()
  const events = all.slice(all.findIndex(({ kind }) => kind === 'book-snapshot'))
  const instrument = importer.instrument as Instrument
  const receiveShiftUs = feedShiftUs(events)
  const tape = packTape(events, { receiveShiftUs, blockRows: events.length * 1_000 })
  return { tape, instrument }
}

const isTrade = (code: number): boolean => code < 0 && code !== clearCode
const tradeTicks = (code: number): number => ~code >> 1

function firstTradeTicks(rows: Int32Array): number {
  let at = 0
  while (!isTrade(rows[at]!)) at += 2
  return tradeTicks(rows[at]!)
}

function lastTradeTicks(rows: Int32Array): number {
  let at = rows.length - 2
  while (!isTrade(rows[at]!)) at -= 2
  return tradeTicks(rows[at]!)
}

/** The block later and at other prices. */
export function moved(block: TapeBlock, laterUs: number, higherTicks: number): TapeBlock {
  const rows = block.rows.slice()
  for (let at = 0; at < rows.length; at += 2) {
    const code = rows[at]!
    if (code !== clearCode) rows[at] = code + (code < 0 ? -2 : 2) * higherTicks
  }
  return {
    ...block,
    rows,
    exchangeTimeUs: block.exchangeTimeUs.map((time) => time + laterUs),
    receiveTimeUs: block.receiveTimeUs.map((time) => time + laterUs),
  }
}
