import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bestAskTicks,
  bestBidTicks,
  cellOfCode,
  clearLadder,
  createLadder,
  hasBothSides,
  type Ladder,
  lotsAtCode,
  storeLevel,
  storePlain,
  storeUnwatched,
  watchedBit,
} from './ladder.ts'

const farTicks = 5_000_000
type Update = readonly [code: number, lots: number]

/** Bids below and asks above a mid, near it or far outside the window; some reach over. */
const update = (mid: number): fc.Arbitrary<Update> =>
  fc
    .record({
      side: fc.constantFrom(0, 1),
      distance: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -3, max: 12 }) },
        { weight: 1, arbitrary: fc.constantFrom(mid - 1, 900_000, 1_400_000) },
      ),
      lots: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 99 })),
    })
    .map(({ side, distance, lots }) => {
      const ticks = Math.max(1, side === 0 ? mid - distance : mid + distance)
      return [2 * ticks + side, lots] as const
    })

/** All rows through the fast loop, with care where it stops. */
function store(ladder: Ladder, updates: readonly Update[], loop = storePlain): void {
  const rows = Int32Array.from(updates.flat())
  let at = loop(ladder, rows, 0, rows.length)
  while (at < rows.length) {
    storeLevel(ladder, rows[at]!, rows[at + 1]!)
    at = loop(ladder, rows, at + 2, rows.length)
  }
}

/** Sizes by code, and the bests by the rule that what reaches the other side moves its best behind. */
function plain(updates: readonly Update[]) {
  const levels = new Map<number, number>()
  let [bid, ask] = [-1, Number.POSITIVE_INFINITY]
  const bids = () => [...levels.keys()].filter((code) => (code & 1) === 0).map((code) => code >> 1)
  const asks = () => [...levels.keys()].filter((code) => (code & 1) === 1).map((code) => code >> 1)
  const below = (limit: number) => Math.max(-1, ...bids().filter((ticks) => ticks < limit))
  const above = (limit: number) => Math.min(Infinity, ...asks().filter((ticks) => ticks > limit))
  for (const [code, lots] of updates) {
    const ticks = code >> 1
    if (lots === 0) levels.delete(code)
    else levels.set(code, lots)
    if ((code & 1) === 0) {
      if (lots > 0 && ticks > bid) {
        bid = ticks
        if (ask <= ticks) ask = above(ticks)
      } else if (lots === 0 && ticks === bid) bid = below(ticks)
    } else if (lots > 0 && ticks < ask) {
      ask = ticks
      if (bid >= ticks) bid = below(ticks)
    } else if (lots === 0 && ticks === ask) ask = above(ticks)
  }
  return { levels, bid, ask }
}

test('keeps every level and both bests like a map, through jumps further than the window', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc
          .constantFrom(1_000, 640_000, farTicks)
          .chain((mid) => fc.array(update(mid), { maxLength: 40 })),
        { maxLength: 4 },
      ),
      (phases) => {
        const updates = phases.flat()
        const ladder = createLadder()
        store(ladder, updates)
        const { levels, bid, ask } = plain(updates)
        for (const [code] of updates) expect(lotsAtCode(ladder, code)).toBe(levels.get(code) ?? 0)
        expect(hasBothSides(ladder)).toBe(bid >= 0 && ask < Infinity)
        if (bid >= 0) expect(bestBidTicks(ladder)).toBe(bid)
        if (ask < Infinity) expect(bestAskTicks(ladder)).toBe(ask)
      },
    ),
    { numRuns: 60, seed: 1 },
  )
})

test('the watched loop stops at an own order before it stores, and storing keeps the watch', () => {
  const ladder = createLadder()
  store(ladder, [
    [2_000, 5],
    [2_003, 5],
    [1_998, 7],
  ])
  const cell = cellOfCode(ladder, 1_998)
  ladder.cells[cell]! |= watchedBit
  const rows = Int32Array.of(1_996, 1, 1_998, 9, 1_994, 2)
  expect(storeUnwatched(ladder, rows, 0, rows.length)).toBe(2)
  expect(lotsAtCode(ladder, 1_998)).toBe(7)
  storeLevel(ladder, 1_998, 9)
  expect(lotsAtCode(ladder, 1_998)).toBe(9)
  expect(ladder.cells[cell]).toBeLessThan(0)
})

test('a level with nothing but an own order is no best', () => {
  const ladder = createLadder()
  store(ladder, [
    [2_000, 5],
    [1_998, 7],
    [1_990, 1],
  ])
  ladder.cells[cellOfCode(ladder, 1_998)] = watchedBit
  storeLevel(ladder, 2_000, 0)
  expect(bestBidTicks(ladder)).toBe(995)
})

test('the fast loops stop at trades, clears and whatever changes a best', () => {
  const ladder = createLadder()
  store(ladder, [
    [2_000, 5],
    [2_003, 5],
  ])
  const stopsAt = (...row: [number, number]) => {
    const rows = Int32Array.of(1_996, 1, ...row)
    const stops = [storePlain, storeUnwatched].map((loop) => loop(ladder, rows, 0, 4))
    expect(stops[0]).toBe(stops[1])
    return stops[0] === 2
  }
  expect(stopsAt(~2_000, 1)).toBe(true)
  expect(stopsAt(~0x7fff_ffff, 0)).toBe(true)
  expect(stopsAt(2 * farTicks, 1)).toBe(true)
  expect(stopsAt(2_002, 1)).toBe(true)
  expect(stopsAt(2_001, 1)).toBe(true)
  expect(stopsAt(2_000, 0)).toBe(true)
  expect(stopsAt(2_003, 0)).toBe(true)
  expect(stopsAt(2_000, 3)).toBe(false)
  expect(stopsAt(2_003, 3)).toBe(false)
  expect(stopsAt(1_998, 0)).toBe(false)
  expect(stopsAt(2_005, 2)).toBe(false)
})

test('a cleared ladder is as new', () => {
  const ladder = createLadder()
  store(ladder, [
    [2_000, 5],
    [2_003, 5],
    [2 * farTicks + 1, 3],
  ])
  clearLadder(ladder)
  expect(hasBothSides(ladder)).toBe(false)
  expect([2_000, 2_003, 2 * farTicks + 1].map((code) => lotsAtCode(ladder, code))).toEqual([
    0, 0, 0,
  ])
})
