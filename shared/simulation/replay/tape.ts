import { TradingError } from '#shared/kernel/error.ts'
import type { DomainEvent, MarketEvent } from '#shared/market/event.ts'
import type { InstrumentId } from '#shared/market/instrument.ts'
import { cutLength, type Frames, packFrames } from './block.ts'

/**
 * A piece of a recorded market, packed: about 10 bytes per level update.
 *
 * A row is `[code, lots]`. Levels have code `2 × ticks` (bid) or `2 × ticks + 1` (ask), 0 lots deletes; a trade has
 * `~(2 × ticks)` when the buyer took and `~(2 × ticks + 1)` when the seller did; {@link clearCode} empties the book.
 * A frame is a run of rows with the same two clocks. Frames lie in the order of the exchange's clock.
 * A plain object of typed arrays: it can be posted to a worker thread as it is.
 */
export type TapeBlock = {
  readonly rows: Int32Array
  /** Index in `rows` after the last number of each frame. */
  readonly frameEnds: Int32Array
  /** When it happened, by the exchange's clock; never falls. */
  readonly exchangeTimeUs: Float64Array
  /** When we got it; never before it happened. */
  readonly receiveTimeUs: Float64Array
  /** Frame indices in the order of receipt; undefined where that is the order of the exchange. */
  readonly receiveOrder: Int32Array | undefined
}

/** A whole recording in memory. Blocks follow each other on both clocks. */
export type PackedTape = {
  readonly blocks: readonly TapeBlock[]
  /** Level updates, trades and clears. */
  readonly rowCount: number
  readonly byteLength: number
}

/** Empties both sides of the book. */
export const clearCode = ~0x7fff_ffff

const ticksEnd = 2 ** 30 - 1
const defaultBlockRows = 1 << 20
/** A message may come this much later than one that happened after it; more is an error. */
const disorderUsMax = 5_000_000

export type TapePackerOptions = {
  /** Receives full blocks; they share nothing with the packer. */
  readonly emit: (block: TapeBlock) => void
  /** Only events of this instrument are packed; default 0. */
  readonly instrumentId?: InstrumentId
  /** Added to every receive time: repairs a local clock that ran behind the exchange's, see {@link feedShiftUs}. */
  readonly receiveShiftUs?: number
  /** Rows per block, at least; default 2^20. */
  readonly blockRows?: number
}

/** Packs events one by one, so that a recording of any length takes the memory of a block. */
export type TapePacker = {
  /**
   * Events in the order of receipt. Kinds other than snapshots, deltas, trades and lost books pass unnoticed.
   *
   * @throws TradingError TAPE_UNSORTED when receive times fall, or an event happened 5 s before ones that are packed
   * @throws TradingError TAPE_MALFORMED when an event was received before it happened
   * @throws TradingError NUMBER_TOO_LARGE when a price is not within 0 to 2^30 ticks
   */
  push(event: DomainEvent): void
  /** Emits what is left. */
  end(): void
}

export function createTapePacker(options: TapePackerOptions): TapePacker {
  const { emit, instrumentId = 0, receiveShiftUs = 0, blockRows = defaultBlockRows } = options
  let frames: Frames = { rows: [], ends: [], exchangeTimeUs: [], receiveTimeUs: [] }
  let eventCount = 0
  let packedUntilUs = Number.NEGATIVE_INFINITY
  let tryAtRows = 2 * blockRows

  function flush(frameCount: number): void {
    const { block, rest } = packFrames(frames, frameCount)
    frames = rest
    packedUntilUs = block.exchangeTimeUs.at(-1) ?? packedUntilUs
    emit(block)
  }

  function check(event: MarketEvent, receiveTimeUs: number): void {
    const { eventTimeUs } = event
    const where = `tape event ${eventCount} (${event.kind} at ${eventTimeUs} µs)`
    if (receiveTimeUs < eventTimeUs)
      throw new TradingError(
        'TAPE_MALFORMED',
        `${where} was received ${eventTimeUs - receiveTimeUs} µs before it happened; shift the receive times, feedShiftUs says by how much`,
      )
    if (receiveTimeUs < (frames.receiveTimeUs.at(-1) ?? Number.NEGATIVE_INFINITY))
      throw new TradingError('TAPE_UNSORTED', `${where} was received before the event before it`)
    if (eventTimeUs < packedUntilUs)
      throw new TradingError(
        'TAPE_UNSORTED',
        `${where} happened ${packedUntilUs - eventTimeUs} µs before events that came ${disorderUsMax} µs earlier`,
      )
  }

  /** Starts a frame unless both clocks stand still. */
  function openFrame(exchangeTimeUs: number, receiveTimeUs: number): void {
    const isSame =
      frames.exchangeTimeUs.at(-1) === exchangeTimeUs &&
      frames.receiveTimeUs.at(-1) === receiveTimeUs
    if (isSame) frames.ends.pop()
    else {
      frames.exchangeTimeUs.push(exchangeTimeUs)
      frames.receiveTimeUs.push(receiveTimeUs)
    }
  }

  return {
    push(event) {
      eventCount++
      if (!isPacked(event) || event.instrumentId !== instrumentId) return
      const receiveTimeUs = event.receiveTimeUs + receiveShiftUs
      check(event, receiveTimeUs)
      openFrame(event.eventTimeUs, receiveTimeUs)
      appendRows(frames.rows, event)
      frames.ends.push(frames.rows.length)
      if (frames.rows.length < 2 * tryAtRows) return
      const frameCount = cutLength(frames, disorderUsMax)
      if (frameCount > 0) flush(frameCount)
      tryAtRows = frames.rows.length / 2 + blockRows
    },
    end() {
      if (frames.ends.length > 0) flush(frames.ends.length)
    },
  }
}

/**
 * Packs a recording of one instrument.
 *
 * @throws TradingError as {@link TapePacker.push}, and TAPE_MALFORMED when nothing was left to pack
 */
export function packTape(
  events: Iterable<DomainEvent>,
  options: Omit<TapePackerOptions, 'emit'> = {},
): PackedTape {
  const blocks: TapeBlock[] = []
  const packer = createTapePacker({ ...options, emit: (block) => blocks.push(block) })
  for (const event of events) packer.push(event)
  packer.end()
  if (blocks.length === 0)
    throw new TradingError(
      'TAPE_MALFORMED',
      `the tape has no book or trade of instrument ${options.instrumentId ?? 0}`,
    )
  return tapeOfBlocks(blocks)
}

export const tapeOfBlocks = (blocks: readonly TapeBlock[]): PackedTape => ({
  blocks,
  rowCount: blocks.reduce((sum, { rows }) => sum + rows.length / 2, 0),
  byteLength: blocks.reduce((sum, block) => sum + byteLengthOf(block), 0),
})

const byteLengthOf = (block: TapeBlock): number =>
  block.rows.byteLength +
  block.frameEnds.byteLength +
  block.exchangeTimeUs.byteLength +
  block.receiveTimeUs.byteLength +
  (block.receiveOrder?.byteLength ?? 0)

/**
 * What to add to receive times so that nothing is received before it happened: 0 where that holds already, else the
 * largest lead of the exchange's clock plus `baseLatencyUs`. The true latency cannot be known from such a recording;
 * only its variation is kept.
 */
export function feedShiftUs(events: Iterable<DomainEvent>, baseLatencyUs = 1_000): number {
  let latencyUsMin = Number.POSITIVE_INFINITY
  for (const event of events)
    if (isPacked(event))
      latencyUsMin = Math.min(latencyUsMin, event.receiveTimeUs - event.eventTimeUs)
  return latencyUsMin < 0 ? baseLatencyUs - latencyUsMin : 0
}

/** The same tape in shared memory: posted to many worker threads without copies. */
export function shareTape(tape: PackedTape): PackedTape {
  const blocks = tape.blocks.map((block) => ({
    rows: sharedInt32(block.rows),
    frameEnds: sharedInt32(block.frameEnds),
    exchangeTimeUs: sharedFloat64(block.exchangeTimeUs),
    receiveTimeUs: sharedFloat64(block.receiveTimeUs),
    receiveOrder: block.receiveOrder && sharedInt32(block.receiveOrder),
  }))
  return { ...tape, blocks }
}

function sharedInt32(from: Int32Array): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(from.byteLength))
  shared.set(from)
  return shared
}

function sharedFloat64(from: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(from.byteLength))
  shared.set(from)
  return shared
}

type PackedEvent = Extract<
  MarketEvent,
  { kind: 'book-snapshot' | 'book-delta' | 'trade' | 'book-lost' }
>

const isPacked = (event: DomainEvent): event is PackedEvent =>
  event.kind === 'book-delta' ||
  event.kind === 'trade' ||
  event.kind === 'book-snapshot' ||
  event.kind === 'book-lost'

function appendRows(rows: number[], event: PackedEvent): void {
  switch (event.kind) {
    case 'trade': {
      const side = event.aggressor === 'buy' ? 0 : 1
      rows.push(~(2 * checkedTicks(event.priceTicks) + side), event.sizeLots)
      return
    }
    case 'book-lost':
      rows.push(clearCode, 0)
      return
    case 'book-snapshot':
      rows.push(clearCode, 0)
      appendLevels(rows, event)
      return
    case 'book-delta':
      appendLevels(rows, event)
  }
}

function appendLevels(rows: number[], event: Extract<PackedEvent, { levels: Int32Array }>): void {
  const { levels, bidCount, askCount } = event
  for (let level = 0; level < bidCount + askCount; level++) {
    const side = level < bidCount ? 0 : 1
    rows.push(2 * checkedTicks(levels[2 * level]!) + side, levels[2 * level + 1]!)
  }
}

function checkedTicks(ticks: number): number {
  if (ticks > 0 && ticks < ticksEnd) return ticks
  throw new TradingError('NUMBER_TOO_LARGE', `a price of ${ticks} ticks does not fit a packed tape`)
}
