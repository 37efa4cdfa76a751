import { type InstrumentId, type Side, signOf } from '#shared/market/instrument.ts'
import type { QuoteWant, Wants } from '../strategy.ts'

/** The last place, far from those of the levels. */
const straySlot = 63

/**
 * Inventory that no level accounts for: left from an earlier life of the process, a fill of an order that was just
 * being withdrawn, or a remainder too small to be an order. It is worked off at the touch, post-only.
 */
export type Stray = { lots: number; want: QuoteWant | undefined }

export const createStray = (lots: number): Stray => ({ lots, want: undefined })

/**
 * Keeps one order at the touch that would close the stray inventory.
 *
 * @param moveTicksMin - the order follows the touch only when it has moved further than this
 * @param sizeLotsMin - smaller remainders wait
 */
export function workOff(
  stray: Stray,
  wants: Wants,
  inputs: {
    readonly instrumentId: InstrumentId
    readonly bestBidTicks: number
    readonly bestAskTicks: number
    readonly moveTicksMin: number
    readonly sizeLotsMin: number
  },
): void {
  const sizeLots = Math.abs(stray.lots)
  if (sizeLots < inputs.sizeLotsMin) {
    dropStrayOrder(stray, wants)
    return
  }
  const side: Side = stray.lots > 0 ? 'sell' : 'buy'
  const priceTicks = side === 'sell' ? inputs.bestAskTicks : inputs.bestBidTicks
  const current = stray.want
  const isClose =
    current?.side === side &&
    current.sizeLots >= sizeLots &&
    Math.abs(current.priceTicks - priceTicks) <= inputs.moveTicksMin
  if (isClose) return
  stray.want = {
    instrumentId: inputs.instrumentId,
    slot: straySlot,
    side,
    priceTicks,
    sizeLots,
    reason: 'grid stray inventory',
  }
  wants.quote(stray.want)
}

export function dropStrayOrder(stray: Stray, wants: Wants): void {
  if (!stray.want) return
  wants.withdraw(stray.want.instrumentId, stray.want.slot)
  stray.want = undefined
}

/** Offsets a fill against stray inventory of the other sign. @returns lots taken */
export function offsetStray(stray: Stray, side: Side, lots: number): number {
  const isOpposite = stray.lots !== 0 && Math.sign(stray.lots) !== signOf(side)
  if (!isOpposite) return 0
  const taken = Math.min(Math.abs(stray.lots), lots)
  stray.lots += signOf(side) * taken
  return taken
}
