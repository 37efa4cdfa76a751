import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '../kernel/unit.ts'
import { applyDelta, applySnapshot, type Book, createBook, markLost } from './book.ts'
import type { BookDelta, BookSnapshot } from './event.ts'

type Pairs = readonly (readonly [ticks: number, lots: number])[]

const packed = (bids: Pairs, asks: Pairs) => ({
  levels: Int32Array.from([...bids, ...asks, [-1, -1]].flat()),
  bidCount: bids.length,
  askCount: asks.length,
})
const at = (timeUs: number) => ({
  instrumentId: 0,
  eventTimeUs: timeUs as Micros,
  receiveTimeUs: (timeUs + 1) as Micros,
})
const snapshot = (sequence: number, bids: Pairs, asks: Pairs): BookSnapshot => ({
  kind: 'book-snapshot',
  ...at(sequence),
  sequence,
  ...packed(bids, asks),
})
const delta = (sequencePrevious: number, bids: Pairs, asks: Pairs): BookDelta => ({
  kind: 'book-delta',
  ...at(sequencePrevious + 1),
  sequenceFirst: sequencePrevious + 1,
  sequence: sequencePrevious + 1,
  sequencePrevious,
  ...packed(bids, asks),
})

/** The plainest book there is: a map per side. */
function createPlainBook() {
  const bids = new Map<number, number>()
  const asks = new Map<number, number>()
  const set = (side: Map<number, number>, pairs: Pairs): void => {
    for (const [ticks, lots] of pairs)
      if (lots === 0) side.delete(ticks)
      else side.set(ticks, lots)
  }
  return {
    bids,
    asks,
    apply(bidPairs: Pairs, askPairs: Pairs): void {
      set(bids, bidPairs)
      set(asks, askPairs)
    },
    clear(): void {
      bids.clear()
      asks.clear()
    },
    sorted: (side: 'bid' | 'ask') =>
      side === 'bid' ? [...bids].sort(([a], [b]) => b - a) : [...asks].sort(([a], [b]) => a - b),
  }
}

function levelsOf(book: Book, side: 'bid' | 'ask', levelsMax = 1_000_000) {
  const levels: [number, number][] = []
  book.forEachLevel(side, levelsMax, (ticks, lots) => levels.push([ticks, lots]))
  return levels
}

/** Near the mid mostly; sometimes far away, at zero, or at the end of the 32-bit range. */
const ticks = (mid: number) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: mid - 12, max: mid + 12 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 2 * mid }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 10_000, 2 ** 31 - 2, 2 ** 31 - 1) },
  )
const lots = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 2 ** 31 - 1 }) },
)
const pairs = (mid: number) => fc.array(fc.tuple(ticks(mid), lots), { maxLength: 12 })
const step = fc.integer({ min: 20, max: 700_000 }).chain((mid) =>
  fc.record({
    isSnapshot: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    bids: pairs(mid),
    asks: pairs(mid),
  }),
)

test('equals a plain map book after any snapshots and deltas, also crossed and far ones', () => {
  const book = createBook()
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const plain = createPlainBook()
      let sequence = 100
      applySnapshot(book, snapshot(sequence, [], []))
      for (const { isSnapshot, bids, asks } of steps) {
        if (isSnapshot) {
          plain.clear()
          applySnapshot(book, snapshot(sequence, bids, asks))
        } else applyDelta(book, delta(sequence++, bids, asks))
        plain.apply(bids, asks)

        const bestBid = plain.sorted('bid')[0]?.[0]
        const bestAsk = plain.sorted('ask')[0]?.[0]
        const isTwoSided = bestBid !== undefined && bestAsk !== undefined
        expect(book.isCrossed).toBe(isTwoSided && bestBid >= bestAsk)
        expect(book.isLive).toBe(isTwoSided && bestBid < bestAsk)
        if (isTwoSided) {
          expect(book.bestBidTicks).toBe(bestBid)
          expect(book.bestAskTicks).toBe(bestAsk)
        }
        expect(book.sequence).toBe(sequence)
        for (const [price] of bids)
          expect(book.lotsAt('bid', price)).toBe(plain.bids.get(price) ?? 0)
        for (const [price] of asks)
          expect(book.lotsAt('ask', price)).toBe(plain.asks.get(price) ?? 0)
      }
      for (const side of ['bid', 'ask'] as const) {
        expect(levelsOf(book, side)).toEqual(plain.sorted(side))
        expect(levelsOf(book, side, 3)).toEqual(plain.sorted(side).slice(0, 3))
      }
    }),
    { numRuns: 60 },
  )
})

test('a price that walks far keeps every level it left behind', () => {
  const book = createBook()
  const plain = createPlainBook()
  applySnapshot(book, snapshot(1, [[640_000, 5]], [[640_001, 5]]))
  plain.apply([[640_000, 5]], [[640_001, 5]])
  let sequence = 1
  for (const mid of [640_000, 900_000, 1_300_000, 700_000, 100_000, 2_000, 640_000]) {
    const bids: Pairs = [...plain.bids.keys()].filter((price) => price > mid).map((p) => [p, 0])
    const asks: Pairs = [...plain.asks.keys()].filter((price) => price <= mid).map((p) => [p, 0])
    const bidPairs: Pairs = [...bids, [mid, 7], [mid - 1_000, 8], [1, 9]]
    const askPairs: Pairs = [...asks, [mid + 1, 7], [mid + 50_000, 8], [5_000_000, 9]]
    applyDelta(book, delta(sequence++, bidPairs, askPairs))
    plain.apply(bidPairs, askPairs)
    expect(book.bestBidTicks).toBe(mid)
    expect(levelsOf(book, 'bid')).toEqual(plain.sorted('bid'))
    expect(levelsOf(book, 'ask')).toEqual(plain.sorted('ask'))
  }
})

test('one message may set a bid where it deletes an ask', () => {
  const book = createBook()
  applySnapshot(
    book,
    snapshot(
      1,
      [[99, 5]],
      [
        [100, 4],
        [102, 3],
      ],
    ),
  )
  applyDelta(book, delta(1, [[100, 6]], [[100, 0]]))
  expect(book.isLive).toBe(true)
  expect([book.bestBidTicks, book.bestAskTicks]).toEqual([100, 102])
  expect([book.lotsAt('bid', 100), book.lotsAt('ask', 100)]).toEqual([6, 0])
})

test('a crossed book is not live until a later delta uncrosses it', () => {
  const book = createBook()
  applySnapshot(
    book,
    snapshot(
      1,
      [[99, 5]],
      [
        [100, 4],
        [102, 3],
      ],
    ),
  )
  applyDelta(book, delta(1, [[100, 6]], []))
  expect([book.isCrossed, book.isLive]).toEqual([true, false])
  applyDelta(book, delta(2, [], [[100, 0]]))
  expect([book.isCrossed, book.isLive]).toEqual([false, true])
})

test('a delta must continue the book, and a lost book stays lost until a snapshot', () => {
  const book = createBook()
  const gap = expect.objectContaining({ code: 'BOOK_SEQUENCE_GAP' })
  expect(() => {
    applyDelta(book, delta(0, [[1, 1]], []))
  }).toThrow(gap)
  applySnapshot(book, snapshot(10, [[99, 5]], [[100, 4]]))
  applyDelta(book, delta(10, [[98, 5]], []))
  expect(() => {
    applyDelta(book, delta(12, [[97, 5]], []))
  }).toThrow(gap)
  expect(book.isLive).toBe(false)
  expect(() => {
    applyDelta(book, delta(11, [[97, 5]], []))
  }).toThrow(gap)
  applySnapshot(book, snapshot(20, [[99, 5]], [[100, 4]]))
  expect(book.isLive).toBe(true)
  markLost(book)
  expect(book.isLive).toBe(false)
})

test('only the first delta after a snapshot may reach back before it', () => {
  const book = createBook()
  applySnapshot(book, snapshot(10, [[99, 5]], [[100, 4]]))
  const bridge = { ...delta(5, [[98, 1]], []), sequenceFirst: 8, sequence: 12 }
  applyDelta(book, bridge)
  expect(book.sequence).toBe(12)
  expect(() => {
    applyDelta(book, { ...bridge, sequence: 14 })
  }).toThrow('take a new snapshot')
})

test('an empty side makes the book not live', () => {
  const book = createBook()
  expect(book.isLive).toBe(false)
  applySnapshot(book, snapshot(1, [[99, 5]], [[100, 4]]))
  applyDelta(book, delta(1, [], [[100, 0]]))
  expect([book.isLive, book.isCrossed]).toEqual([false, false])
  expect(levelsOf(book, 'ask')).toEqual([])
})

test('applying deltas allocates nothing', () => {
  const book = createBook()
  applySnapshot(book, snapshot(0, [[640_000, 5]], [[640_002, 4]]))
  const deltas = Array.from({ length: 4_000 }, (_, i) => ({
    ...delta(
      i,
      [
        [640_000 - (i % 50), i % 5],
        [640_000, 1],
      ],
      [
        [640_002 + (i % 70), i % 3],
        [640_002, 1],
      ],
    ),
    eventTimeUs: (1.7e15 + i) as Micros,
  }))
  const replay = (): void => {
    for (let round = 0; round < 25; round++) {
      applyDelta(book, {
        ...(deltas[0] as BookDelta),
        sequencePrevious: book.sequence,
        sequence: 1,
      })
      for (let i = 1; i < deltas.length; i++) applyDelta(book, deltas[i] as BookDelta)
    }
  }
  replay()
  replay()
  const before = process.memoryUsage().heapUsed
  replay()
  // 100,000 deltas: a single small object for each would be more than 1.6 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(800_000)
})
