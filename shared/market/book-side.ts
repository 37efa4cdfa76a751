/**
 * One side of a book: sizes by price in a flat window around the best price, and a map for levels outside it.
 *
 * Prices are kept as keys that grow towards the best: a bid's key is its ticks, an ask's is `~ticks`, so one code
 * serves both sides. The best key is always inside the window; every level is kept exactly, however far away.
 */
export type SideLadder = {
  /** 0 for bids, −1 for asks: `key = ticks ^ flip`. */
  readonly flip: 0 | -1
  /** Size at `base + index`; 0 is no level. */
  lots: Int32Array
  /** Key of index 0. */
  base: number
  /** Index of the best level; −1 when the side is empty. */
  best: number
  /** Levels whose key is outside the window. */
  readonly far: Map<number, number>
}

/**
 * Keys in the window. Of the recorded BTCUSDT updates 5.5 % fall outside 2^17 keys around the mid, 4.3 % outside 2^19
 * and 0.02 % outside 2^20: people quote at a tenth of the price. Only the pages in use take memory, 4 MB at most.
 */
const windowTicks = 1 << 20
/** Where a new window puts the best: most levels lie behind it, the rest is room for the price to move. */
const bestIndexFresh = windowTicks - (windowTicks >> 2)
/** A best below this moves the window after it. */
const bestIndexLow = windowTicks >> 3

export const createSideLadder = (flip: 0 | -1): SideLadder => ({
  flip,
  lots: new Int32Array(windowTicks),
  base: 0,
  best: -1,
  far: new Map(),
})

/** Removes every level. */
export function clearLadder(ladder: SideLadder): void {
  // Fresh zero pages cost less than writing zeros, and only those in use take memory.
  if (ladder.best >= 0) ladder.lots = new Int32Array(windowTicks)
  ladder.far.clear()
  ladder.best = -1
}

/**
 * Sets the sizes of `[ticks, lots]` pairs; 0 deletes.
 *
 * The loop has no call and no inner loop, so the engine hoists its checks; it stores before it looks at the
 * size, because deletes are too mixed to predict. The few levels that move the best away or lie outside the
 * window leave the loop.
 *
 * @param from - index of the first pair's ticks
 * @param to - index after the last pair
 */
export function applyLevels(
  ladder: SideLadder,
  levels: Int32Array,
  from: number,
  to: number,
): void {
  const { flip } = ladder
  let at = from
  while (at < to) {
    const { lots, base } = ladder
    let best = ladder.best
    for (; at < to; at += 2) {
      const index = (((levels[at] as number) ^ flip) - base) | 0
      const size = levels[at + 1] as number
      if (index >>> 0 >= windowTicks) break
      lots[index] = size
      if (index >= best) {
        if (size === 0) break
        best = index
      }
    }
    ladder.best = best
    if (at >= to) return
    setRare(ladder, (levels[at] as number) ^ flip, levels[at + 1] as number)
    at += 2
  }
}

/** A level outside the window, or a delete at or beyond the best. */
function setRare(ladder: SideLadder, key: number, size: number): void {
  const index = key - ladder.base
  if (index >>> 0 < windowTicks) {
    if (index === ladder.best) findBest(ladder, index - 1)
    return
  }
  if (size === 0) {
    ladder.far.delete(key)
    return
  }
  // A new best outside the window takes the window along: the best is always inside it.
  if (ladder.best < 0 || index > ladder.best) {
    moveWindow(ladder, key)
    ladder.lots[bestIndexFresh] = size
    ladder.best = bestIndexFresh
  } else ladder.far.set(key, size)
}

/** Best level at or below `index`; when the window holds none, the best of the far levels. */
function findBest(ladder: SideLadder, index: number): void {
  const { lots, far } = ladder
  let best = index
  while (best >= 0 && lots[best] === 0) best--
  ladder.best = best
  // Near the low edge the levels behind the best would pile up in the map.
  if (best >= bestIndexLow || far.size === 0) return
  let key = best < 0 ? Number.NEGATIVE_INFINITY : ladder.base + best
  if (best < 0) for (const farKey of far.keys()) if (farKey > key) key = farKey
  moveWindow(ladder, key)
  ladder.best = bestIndexFresh
}

/** Puts the window around `key`, carrying every level over. */
function moveWindow(ladder: SideLadder, key: number): void {
  const { far, base } = ladder
  let { lots } = ladder
  for (let index = 0; index < windowTicks; index++) {
    const size = lots[index] as number
    if (size !== 0) far.set(base + index, size)
  }
  lots = new Int32Array(windowTicks)
  ladder.lots = lots
  const moved = key - bestIndexFresh
  for (const [farKey, size] of far) {
    const index = farKey - moved
    if (index >>> 0 >= windowTicks) continue
    lots[index] = size
    far.delete(farKey)
  }
  ladder.base = moved
}

/** Size at `ticks`; 0 when none. */
export function lotsAtTicks(ladder: SideLadder, ticks: number): number {
  const key = ticks ^ ladder.flip
  const index = key - ladder.base
  if (index >>> 0 < windowTicks) return ladder.lots[index] as number
  return ladder.far.get(key) ?? 0
}

/** Visits up to `levelsMax` levels from the best outwards. */
export function visitLevels(
  ladder: SideLadder,
  levelsMax: number,
  visit: (priceTicks: number, sizeLots: number) => void,
): void {
  const { lots, far, base, flip } = ladder
  let left = levelsMax
  for (let index = ladder.best; index >= 0 && left > 0; index--) {
    const size = lots[index] as number
    if (size === 0) continue
    visit((base + index) ^ flip, size)
    left--
  }
  if (left <= 0 || far.size === 0) return
  const keys = [...far.keys()].sort((a, b) => b - a)
  for (const key of keys.slice(0, left)) visit(key ^ flip, far.get(key) as number)
}
