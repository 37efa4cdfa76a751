/**
 * Both sides of a book in one array: the cell of a level is its row code (see `TapeBlock`) minus `base`, so bid and
 * ask of one price lie side by side. Prices outside the window are kept in a map: every level is exact.
 *
 * The best prices are ranks that grow towards the best on both sides: a bid's rank is its code, an ask's `~code`.
 * A level that reaches the other side's best moves that best behind it: the update that deletes what it ran over is
 * on its way.
 */
export type Ladder = {
  /** Lots; a cell where an own order rests has {@link watchedBit} set, which makes it negative. */
  readonly cells: Int32Array
  /** Code of cell 0; even. */
  base: number
  bidRank: number
  askRank: number
  readonly far: Map<number, number>
}

export const watchedBit = 1 << 31
export const lotsMask = 0x7fff_ffff
/** 2^20 ticks each way. */
const windowCells = 1 << 22
const noBidRank = -1
const noAskRank = 1 << 31
/** A best this near to an end of the window moves it. */
const marginCells = windowCells >> 3

/** An empty book of 16 MB. */
export const createLadder = (): Ladder => ({
  cells: new Int32Array(windowCells),
  base: 0,
  bidRank: noBidRank,
  askRank: noAskRank,
  far: new Map(),
})

/** Best bid in ticks; −1 without bids. */
export const bestBidTicks = ({ bidRank }: Ladder): number => bidRank >> 1

/** Best ask in ticks; more than any price without asks. */
export const bestAskTicks = ({ askRank }: Ladder): number => ~askRank >> 1

export const hasBothSides = ({ bidRank, askRank }: Ladder): boolean =>
  bidRank !== noBidRank && askRank !== noAskRank

/** Cell of a row code; −1 outside the window. */
export function cellOfCode({ base }: Ladder, code: number): number {
  const cell = code - base
  return cell >>> 0 < windowCells ? cell : -1
}

/** Lots at a row code; 0 when none. */
export function lotsAtCode(ladder: Ladder, code: number): number {
  const cell = cellOfCode(ladder, code)
  return cell < 0 ? (ladder.far.get(code) ?? 0) : ladder.cells[cell]! & lotsMask
}

/** Removes every level; watches may be lost. */
export function clearLadder(ladder: Ladder): void {
  const isEmpty = ladder.bidRank === noBidRank && ladder.askRank === noAskRank
  // Writing zeros would take the memory of every page.
  if (!isEmpty) ladder.cells.fill(0)
  ladder.far.clear()
  ladder.bidRank = noBidRank
  ladder.askRank = noAskRank
}

/**
 * Stores level rows until the first that needs care: a trade, a clear, a level outside the window, at an own order,
 * or one that changes a best price.
 *
 * The loop has no call and no inner loop, so the engine hoists its checks, and it picks the side without a branch.
 * Trades and clears have negative codes: they fall outside the window like a far level. A row that changes a best
 * price is stored already; one at an own order is not.
 *
 * @param from - index of a row's code
 * @param to - index after the last row
 * @returns index of the row that needs care; `to` when none does
 */
export function storeUnwatched(ladder: Ladder, rows: Int32Array, from: number, to: number): number {
  const { cells, base, bidRank } = ladder
  // Wraps around, and back again when added to the bid's.
  const rankGap = (ladder.askRank - bidRank) | 0
  // A constant of the function is folded into the loop; one of the module is loaded.
  const cellsEnd = 1 << 22
  let at = from
  for (; at < to; at += 2) {
    const code = rows[at] as number
    const lots = rows[at + 1] as number
    const cell = (code - base) | 0
    if (cell >>> 0 >= cellsEnd) break
    if ((cells[cell] as number) < 0) break
    cells[cell] = lots
    const side = -(code & 1)
    const isDelete = (lots - 1) >>> 31
    // Better than the best, or a delete of the best.
    if ((((code ^ side) + isDelete) | 0) > ((bidRank + (side & rankGap)) | 0)) break
  }
  return at
}

/** As {@link storeUnwatched} for a ladder without own orders: a load and a branch less. */
export function storePlain(ladder: Ladder, rows: Int32Array, from: number, to: number): number {
  const { cells, base, bidRank } = ladder
  const rankGap = (ladder.askRank - bidRank) | 0
  const cellsEnd = 1 << 22
  let at = from
  for (; at < to; at += 2) {
    const code = rows[at] as number
    const lots = rows[at + 1] as number
    const cell = (code - base) | 0
    if (cell >>> 0 >= cellsEnd) break
    cells[cell] = lots
    const side = -(code & 1)
    const isDelete = (lots - 1) >>> 31
    if ((((code ^ side) + isDelete) | 0) > ((bidRank + (side & rankGap)) | 0)) break
  }
  return at
}

/** Stores one level with all its consequences for the best prices and the window; keeps the watch. */
export function storeLevel(ladder: Ladder, code: number, lots: number): void {
  const cell = cellOfCode(ladder, code)
  if (cell >= 0) ladder.cells[cell] = (ladder.cells[cell]! & watchedBit) | lots
  else if (lots === 0) ladder.far.delete(code)
  else ladder.far.set(code, lots)

  const isBid = (code & 1) === 0
  const rank = isBid ? code : ~code
  const best = isBid ? ladder.bidRank : ladder.askRank
  if (lots === 0) {
    if (rank === best) setBest(ladder, isBid, rankBehind(ladder, isBid ? code - 2 : code + 2))
    return
  }
  if (rank <= best) return
  setBest(ladder, isBid, rank)
  // Run over: the other side's levels up to here are about to be deleted.
  const ticks = code >> 1
  if (isBid && bestAskTicks(ladder) <= ticks)
    setBest(ladder, false, rankBehind(ladder, (code | 1) + 2))
  else if (!isBid && bestBidTicks(ladder) >= ticks)
    setBest(ladder, true, rankBehind(ladder, (code & ~1) - 2))
}

/** Rank of the best level on the side of `fromCode`, searching from it away from the mid. */
function rankBehind(ladder: Ladder, fromCode: number): number {
  const { cells, base, far } = ladder
  const isBid = (fromCode & 1) === 0
  const step = isBid ? -2 : 2
  let cell = fromCode - base
  while (cell >>> 0 < windowCells && (cells[cell]! & lotsMask) === 0) cell += step
  if (cell >>> 0 < windowCells) return isBid ? base + cell : ~(base + cell)
  let best: number = isBid ? noBidRank : noAskRank
  const fromRank = isBid ? fromCode : ~fromCode
  for (const code of far.keys()) {
    if ((code & 1) !== (fromCode & 1)) continue
    const rank = isBid ? code : ~code
    if (rank <= fromRank && rank > best) best = rank
  }
  return best
}

function setBest(ladder: Ladder, isBid: boolean, rank: number): void {
  if (isBid) ladder.bidRank = rank
  else ladder.askRank = rank
  if (rank === (isBid ? noBidRank : noAskRank)) return
  const code = isBid ? rank : ~rank
  const cell = code - ladder.base
  const isLow = cell < marginCells && ladder.base > 0
  if (isLow || cell >= windowCells - marginCells) moveWindow(ladder, code)
}

/** Puts the window around `code`, carrying every level and watch over. */
function moveWindow(ladder: Ladder, code: number): void {
  const { far, base, cells } = ladder
  const moved = Math.max(0, (code & ~1) - (windowCells >> 1))
  if (moved === base) return
  for (let cell = 0; cell < windowCells; cell++)
    if (cells[cell] !== 0) far.set(base + cell, cells[cell]!)
  cells.fill(0)
  ladder.base = moved
  for (const [farCode, lots] of far) {
    const cell = cellOfCode(ladder, farCode)
    if (cell >= 0) {
      cells[cell] = lots
      far.delete(farCode)
    } else if ((lots & lotsMask) === 0) far.delete(farCode)
    // A watch does not follow: an own order this far away is about to be replaced.
    else far.set(farCode, lots & lotsMask)
  }
}
