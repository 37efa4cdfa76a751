import { type InstrumentId, type Side, signOf } from '#shared/market/instrument.ts'
import type { QuoteWant, Wants } from '../strategy.ts'

/** One post-only order of a level, as it was asked for. */
type LevelOrder = { want: QuoteWant | undefined; filledLots: number }

/**
 * One line of the grid. Flat: an entry waits at the line. Filled, wholly or in part: an exit waits one line back, and
 * no new entry is placed before all of it is closed.
 */
export type GridLevel = {
  readonly instrumentId: InstrumentId
  /** Entry at `2·index`, exit at `2·index + 1`. */
  readonly index: number
  /** Side of the entry. */
  readonly side: Side
  readonly entry: LevelOrder
  readonly exit: LevelOrder
  /** Lots bought (or sold, for a sell level) and not yet closed; never negative. */
  openLots: number
  entryTicks: number
  exitTicks: number
  /** Size of a whole entry. */
  sizeLots: number
}

export const createLevel = (instrumentId: InstrumentId, index: number, side: Side): GridLevel => ({
  instrumentId,
  index,
  side,
  entry: { want: undefined, filledLots: 0 },
  exit: { want: undefined, filledLots: 0 },
  openLots: 0,
  entryTicks: 0,
  exitTicks: 0,
  sizeLots: 0,
})

export const exitSideOf = ({ side }: GridLevel): Side => (side === 'buy' ? 'sell' : 'buy')

/** Inventory of the level with its sign. */
export const signedOpenLots = (level: GridLevel): number => signOf(level.side) * level.openLots

/** Lots of an order that have not filled. */
const remainingLots = ({ want, filledLots }: LevelOrder): number =>
  want ? want.sizeLots - filledLots : 0

/** True when no inventory is open, so the level may move to another line. */
export const isFlat = (level: GridLevel): boolean => level.openLots === 0

/**
 * Books lots of a fill that may belong to this level: same side and price as its entry or its exit.
 *
 * @returns lots taken; 0 when the fill is not of this level
 */
export function takeFill(level: GridLevel, side: Side, priceTicks: number, lots: number): number {
  const isEntry = side === level.side
  const order = isEntry ? level.entry : level.exit
  if (order.want?.priceTicks !== priceTicks) return 0
  const room = isEntry ? remainingLots(order) : Math.min(remainingLots(order), level.openLots)
  const taken = Math.min(lots, room)
  order.filledLots += taken
  level.openLots += isEntry ? taken : -taken
  if (remainingLots(order) === 0) clear(order)
  return taken
}

/** Takes lots off the level that were closed outside it, e.g. by a flatten order. @returns lots taken */
export function closeOutside(level: GridLevel, lots: number, wants: Wants): number {
  const taken = Math.min(level.openLots, lots)
  level.openLots -= taken
  if (taken > 0) withdrawExit(level, wants)
  return taken
}

export function askEntry(level: GridLevel, wants: Wants): void {
  place(level, level.entry, 2 * level.index, level.side, level.entryTicks, level.sizeLots, wants)
}

export function askExit(level: GridLevel, priceTicks: number, wants: Wants): void {
  place(
    level,
    level.exit,
    2 * level.index + 1,
    exitSideOf(level),
    priceTicks,
    level.openLots,
    wants,
  )
}

export const withdrawEntry = (level: GridLevel, wants: Wants): void =>
  withdraw(level, level.entry, 2 * level.index, wants)

export const withdrawExit = (level: GridLevel, wants: Wants): void =>
  withdraw(level, level.exit, 2 * level.index + 1, wants)

/** Lots that the working exit still covers. */
export const exitLots = (level: GridLevel): number => remainingLots(level.exit)

/** Costs nothing when the orders rest, and brings them back when they were lost. */
export function askAgain({ entry, exit }: GridLevel, wants: Wants): void {
  if (entry.want) wants.quote(entry.want)
  if (exit.want) wants.quote(exit.want)
}

function place(
  level: GridLevel,
  order: LevelOrder,
  slot: number,
  side: Side,
  priceTicks: number,
  sizeLots: number,
  wants: Wants,
): void {
  order.want = {
    instrumentId: level.instrumentId,
    slot,
    side,
    priceTicks,
    sizeLots,
    reason: order === level.entry ? 'grid entry' : 'grid exit',
  }
  order.filledLots = 0
  wants.quote(order.want)
}

function withdraw(level: GridLevel, order: LevelOrder, slot: number, wants: Wants): void {
  if (!order.want) return
  clear(order)
  wants.withdraw(level.instrumentId, slot)
}

function clear(order: LevelOrder): void {
  order.want = undefined
  order.filledLots = 0
}
