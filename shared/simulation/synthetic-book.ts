import type { Random } from '#shared/kernel/random.ts'
import type { Side } from '#shared/market/instrument.ts'

/** Book of an invented market: the touch on any tick, the levels behind it on a coarser grid. */
export type SyntheticBook = {
  /** Mean size of one level at the top. */
  readonly levelLots: number
  /**
   * Moves the book around a new middle and renews some sizes.
   *
   * @returns the changed levels, in a buffer that is valid until the next call
   */
  follow(middleTicks: number): { levels: Int32Array; bidCount: number; askCount: number }
  /** Takes size from the side that `aggressor` trades against, best first, and reports each level it takes from. */
  sweep(
    aggressor: Side,
    order: { sizeLots: number; reachTicks: number },
    report: (priceTicks: number, takenLots: number) => void,
  ): void
}

const levelsPerSide = 25
const spacingBps = 0.4
const halfSpreadBps = 0.12
/** Levels that get a new size in one step, besides those that appear. */
const renewedPerStep = 3

type SideState = { readonly sign: 1 | -1; lots: Map<number, number> }

export function createSyntheticBook(options: {
  random: Random
  /** One tick in basis points of the price. */
  tickBps: number
  levelLots: number
}): SyntheticBook {
  const { random, tickBps, levelLots } = options
  const spacing = Math.max(1, Math.round(spacingBps / tickBps))
  const halfSpread = Math.max(0.5, halfSpreadBps / tickBps)
  const bid: SideState = { sign: 1, lots: new Map() }
  const ask: SideState = { sign: -1, lots: new Map() }
  const buffer = new Int32Array(2 * 8 * levelsPerSide)
  let used = 0
  const write = (priceTicks: number, sizeLots: number) => {
    buffer[used++] = priceTicks
    buffer[used++] = sizeLots
  }
  const sizeAt = (depth: number) =>
    Math.max(1, Math.round(levelLots * (0.5 + depth / 10) * Math.exp(0.6 * random.normal())))

  return {
    levelLots,
    follow: (middleTicks) => {
      used = 0
      moveSide(bid, { best: Math.floor(middleTicks - halfSpread), spacing, sizeAt, write, random })
      const bidCount = used / 2
      moveSide(ask, { best: Math.ceil(middleTicks + halfSpread), spacing, sizeAt, write, random })
      return { levels: buffer, bidCount, askCount: used / 2 - bidCount }
    },
    sweep: (aggressor, order, report) => {
      sweepSide(aggressor === 'buy' ? ask : bid, order, report)
    },
  }
}

/** Prices a side should show, best first. */
function pricesFrom(best: number, sign: 1 | -1, spacing: number): number[] {
  const prices = [best]
  // The grid is fixed in price, so a level stays where it is while the touch moves.
  const units = sign === 1 ? Math.floor((best - 1) / spacing) : Math.ceil((best + 1) / spacing)
  for (let depth = 0; depth < levelsPerSide - 1; depth++)
    prices.push((units - sign * depth) * spacing)
  return prices.filter((price) => price > 0)
}

function moveSide(
  side: SideState,
  to: {
    best: number
    spacing: number
    sizeAt: (depth: number) => number
    write: (priceTicks: number, sizeLots: number) => void
    random: Random
  },
): void {
  const { best, spacing, sizeAt, write, random } = to
  const prices = pricesFrom(best, side.sign, spacing)
  const next = new Map<number, number>()
  const renewed = new Set<number>()
  for (let count = 0; count < renewedPerStep; count++) renewed.add(random.integer(levelsPerSide))
  prices.forEach((price, depth) => {
    const known = side.lots.get(price)
    const keeps = known !== undefined && known > 0 && !renewed.has(depth)
    const lots = keeps ? known : sizeAt(depth)
    next.set(price, lots)
    if (!keeps) write(price, lots)
  })
  for (const price of side.lots.keys()) if (!next.has(price)) write(price, 0)
  side.lots = next
}

function sweepSide(
  side: SideState,
  order: { sizeLots: number; reachTicks: number },
  report: (priceTicks: number, takenLots: number) => void,
): void {
  let left = order.sizeLots
  let best: number | undefined
  for (const [price, lots] of side.lots) {
    if (lots === 0) continue
    best ??= price
    if (left === 0 || Math.abs(price - best) > order.reachTicks) return
    const taken = Math.min(left, lots)
    side.lots.set(price, lots - taken)
    left -= taken
    report(price, taken)
  }
}
