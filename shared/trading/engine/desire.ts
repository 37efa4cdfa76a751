import type { InstrumentId, Side } from '#shared/market/instrument.ts'
import type { QuoteWant, TargetWant, Wants } from '#shared/strategy/strategy.ts'

/** Places per strategy and instrument; the last one holds the target position. */
const slotsPerInstrument = 65
const targetSlot = slotsPerInstrument - 1

/**
 * One place where a strategy may have an order: what it wants there, and the order that is there. The desk of
 * orders follows the desire, never the other way round.
 */
export type Desire = {
  readonly strategy: string
  readonly instrumentId: InstrumentId
  readonly kind: 'quote' | 'target'
  isWanted: boolean
  side: Side
  /** Price of the quote, or worst price of the target. */
  priceTicks: number
  /** Size of the quote. */
  sizeLots: number
  /** Signed position of the target. */
  targetLots: number
  reason: string
  /** The order that occupies the place, also while its fate is unknown. */
  clientOrderId: string | undefined
  /** Nothing is placed here before this time. */
  notBeforeUs: number
  /** Refusals and expiries in a row. */
  failures: number
  /** Last refusal written to the decision log, so that a standing one is written once. */
  refusal: string | undefined
  isDirty: boolean
}

/** The desires of one strategy, and the list of those that changed, shared by all strategies. */
export type DesireBoard = {
  readonly strategy: string
  readonly places: (Desire | undefined)[]
  readonly dirty: Desire[]
}

export const createDesireBoard = (strategy: string, dirty: Desire[]): DesireBoard => ({
  strategy,
  places: [],
  dirty,
})

export function touch(board: DesireBoard, desire: Desire): void {
  if (desire.isDirty) return
  desire.isDirty = true
  board.dirty.push(desire)
}

/** The strategy's hand on its board. Allocates only when a place is used for the first time. */
export function createWants(board: DesireBoard): Wants {
  return {
    quote(want: QuoteWant) {
      const desire = placeAt(board, want.instrumentId, want.slot, 'quote')
      const isSame =
        desire.isWanted &&
        desire.side === want.side &&
        desire.priceTicks === want.priceTicks &&
        desire.sizeLots === want.sizeLots
      if (isSame) return
      desire.isWanted = true
      desire.side = want.side
      desire.priceTicks = want.priceTicks
      desire.sizeLots = want.sizeLots
      desire.reason = want.reason
      touch(board, desire)
    },
    withdraw(instrumentId: InstrumentId, slot: number) {
      const desire = board.places[instrumentId * slotsPerInstrument + slot]
      if (!desire?.isWanted) return
      desire.isWanted = false
      touch(board, desire)
    },
    target(want: TargetWant) {
      const desire = placeAt(board, want.instrumentId, targetSlot, 'target')
      const isSame =
        desire.isWanted &&
        desire.targetLots === want.targetLots &&
        desire.priceTicks === want.limitTicks
      if (isSame) return
      desire.isWanted = true
      desire.targetLots = want.targetLots
      desire.priceTicks = want.limitTicks
      desire.reason = want.reason
      touch(board, desire)
    },
  }
}

function placeAt(
  board: DesireBoard,
  instrumentId: InstrumentId,
  slot: number,
  kind: Desire['kind'],
): Desire {
  if (!(Number.isInteger(slot) && slot >= 0 && slot < slotsPerInstrument))
    throw new RangeError(`${board.strategy}: slot ${slot} is not between 0 and ${targetSlot - 1}`)
  const index = instrumentId * slotsPerInstrument + slot
  let desire = board.places[index]
  if (!desire) {
    desire = createDesire(board.strategy, instrumentId, kind)
    board.places[index] = desire
  }
  return desire
}

export const createDesire = (
  strategy: string,
  instrumentId: InstrumentId,
  kind: Desire['kind'],
): Desire => ({
  strategy,
  instrumentId,
  kind,
  isWanted: false,
  side: 'buy',
  priceTicks: 0,
  sizeLots: 0,
  targetLots: 0,
  reason: '',
  clientOrderId: undefined,
  notBeforeUs: 0,
  failures: 0,
  refusal: undefined,
  isDirty: false,
})
