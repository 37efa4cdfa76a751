import { TradingError } from '../kernel/error.ts'
import type { Micros } from '../kernel/unit.ts'
import {
  applyLevels,
  clearLadder,
  createSideLadder,
  lotsAtTicks,
  type SideLadder,
  visitLevels,
} from './book-side.ts'
import type { BookView } from './book-view.ts'
import type { BookDelta, BookSnapshot } from './event.ts'
import type { BookSide } from './instrument.ts'

/** The order book of one instrument: every level of both sides, exact, at any distance from the mid. */
export type Book = BookView & {
  /** Best bid at or above best ask after a whole event: the feed contradicts itself, so the book is not live. */
  readonly isCrossed: boolean
  /** A snapshot was applied and every delta since then continued it. */
  readonly isSynced: boolean
  readonly bids: SideLadder
  readonly asks: SideLadder
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type BookState = Mutable<Book> & {
  /** No delta yet since the snapshot: the next one may start before it. */
  isBridging: boolean
}

/** An empty book that waits for its snapshot. About 2 MB. */
export function createBook(): Book {
  const bids = createSideLadder(0)
  const asks = createSideLadder(-1)
  const book: BookState = {
    isLive: false,
    isCrossed: false,
    isSynced: false,
    isBridging: false,
    bestBidTicks: 0,
    bestAskTicks: 0,
    // A half makes the engine keep these as doubles from the start, so writing them never allocates.
    sequence: 0.5,
    eventTimeUs: 0.5 as Micros,
    receiveTimeUs: 0.5 as Micros,
    bids,
    asks,
    lotsAt: (side: BookSide, priceTicks: number) =>
      lotsAtTicks(side === 'bid' ? bids : asks, priceTicks),
    forEachLevel: (side, levelsMax, visit) =>
      visitLevels(side === 'bid' ? bids : asks, levelsMax, visit),
  }
  book.sequence = 0
  book.eventTimeUs = 0 as Micros
  book.receiveTimeUs = 0 as Micros
  return book
}

/** Replaces the whole book. */
export function applySnapshot(book: Book, event: BookSnapshot): void {
  const state = book as BookState
  clearLadder(book.bids)
  clearLadder(book.asks)
  applyLevels(book.bids, event.levels, 0, 2 * event.bidCount)
  applyLevels(book.asks, event.levels, 2 * event.bidCount, 2 * (event.bidCount + event.askCount))
  state.isSynced = true
  state.isBridging = true
  finish(state, event)
}

/**
 * Applies one diff; allocates nothing. The first one after a snapshot may start before it
 * (`U ≤ lastUpdateId ≤ u`); every later one must continue its predecessor.
 *
 * @throws TradingError BOOK_SEQUENCE_GAP when it does not continue the book, or there was no snapshot; the book
 * is then lost and needs a snapshot
 */
export function applyDelta(book: Book, event: BookDelta): void {
  const state = book as BookState
  if (!state.isSynced || event.sequencePrevious !== state.sequence) checkBridge(state, event)
  const { levels, bidCount } = event
  applyLevels(book.bids, levels, 0, 2 * bidCount)
  applyLevels(book.asks, levels, 2 * bidCount, 2 * (bidCount + event.askCount))
  state.isBridging = false
  finish(state, event)
}

/** The book can no longer be trusted: not live until the next snapshot. */
export function markLost(book: Book): void {
  const state = book as BookState
  state.isSynced = false
  state.isBridging = false
  state.isLive = false
}

function checkBridge(state: BookState, event: BookDelta): void {
  const { isSynced, isBridging, sequence } = state
  if (isBridging && event.sequenceFirst <= sequence && sequence <= event.sequence) return
  markLost(state)
  throw new TradingError(
    'BOOK_SEQUENCE_GAP',
    isSynced
      ? `book of instrument ${event.instrumentId} is at update ${sequence}, but the next diff continues ${event.sequencePrevious}; take a new snapshot`
      : `book of instrument ${event.instrumentId} got a diff (update ${event.sequence}) without a snapshot before it`,
  )
}

function finish(state: BookState, event: BookSnapshot | BookDelta): void {
  const { bids, asks } = state
  const isTwoSided = bids.best >= 0 && asks.best >= 0
  state.bestBidTicks = bids.best >= 0 ? bids.base + bids.best : 0
  state.bestAskTicks = asks.best >= 0 ? ~(asks.base + asks.best) : 0
  state.isCrossed = isTwoSided && state.bestBidTicks >= state.bestAskTicks
  state.isLive = isTwoSided && !state.isCrossed
  state.sequence = event.sequence
  state.eventTimeUs = event.eventTimeUs
  state.receiveTimeUs = event.receiveTimeUs
}
