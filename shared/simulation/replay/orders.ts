import { invariant } from '#shared/kernel/error.ts'

/** Life of an order slot: from our request to the answer that we have read. */
export const slotState = { free: 0, sent: 1, resting: 2, ended: 3 } as const

/**
 * Orders of all variants in flat columns. A slot is `(2 × variant + side) × slotsPerSide + i`; side 0 buys, 1 sells.
 * The exchange writes `state` and queue columns; a variant sees an order's end only at `endKnownUs`.
 */
export type OrderTable = {
  readonly variantCount: number
  readonly slotsPerSide: number
  readonly ticks: Int32Array
  readonly state: Uint8Array
  readonly isFilled: Uint8Array
  readonly isCancelSent: Uint8Array
  /** Lots before us in the queue. */
  readonly ahead: Float64Array
  /** Lots traded at our price since its last update. */
  readonly traded: Float64Array
  /** When we know that it rests. */
  readonly acceptedKnownUs: Float64Array
  /** When we know how it ended; only for `ended`. */
  readonly endKnownUs: Float64Array
  /** Orders at one price and side are a doubly linked list; −1 ends it. */
  readonly nextAtPrice: Int32Array
  readonly previousAtPrice: Int32Array
  /** First slot of the list at a row code. */
  readonly firstAtCode: Map<number, number>
  /** No resting buy is above, no resting sell below; may lag behind cancels. */
  buyTicksMax: number
  sellTicksMin: number
}

/** No resting order. */
export const noBuyTicks = 0
export const noSellTicks = 0x7fff_ffff
export const endOfList = -1

/**
 * @param roundTripSteps - decision steps that pass between a request and its answer, rounded up
 */
export function createOrderTable(variantCount: number, roundTripSteps: number): OrderTable {
  // An order lives through its own round trip, is cancelled at the next step and waits for that answer.
  const slotsPerSide = 2 * roundTripSteps + 2
  const slots = 2 * variantCount * slotsPerSide
  return {
    variantCount,
    slotsPerSide,
    ticks: new Int32Array(slots),
    state: new Uint8Array(slots),
    isFilled: new Uint8Array(slots),
    isCancelSent: new Uint8Array(slots),
    ahead: new Float64Array(slots),
    traded: new Float64Array(slots),
    acceptedKnownUs: new Float64Array(slots),
    endKnownUs: new Float64Array(slots),
    nextAtPrice: new Int32Array(slots).fill(endOfList),
    previousAtPrice: new Int32Array(slots).fill(endOfList),
    firstAtCode: new Map(),
    buyTicksMax: noBuyTicks,
    sellTicksMin: noSellTicks,
  }
}

/** 0 for a buy, 1 for a sell: also the side bit of the level it rests at. */
export const sideOfSlot = ({ slotsPerSide }: OrderTable, slot: number): 0 | 1 =>
  (((slot / slotsPerSide) | 0) & 1) as 0 | 1

export const variantOfSlot = ({ slotsPerSide }: OrderTable, slot: number): number =>
  (slot / (2 * slotsPerSide)) | 0

/** Row code of the level that the order rests at. */
export const codeOfSlot = (orders: OrderTable, slot: number): number =>
  2 * orders.ticks[slot]! + sideOfSlot(orders, slot)

/** Puts an order into the list of its price. @returns whether it is the first there */
export function linkOrder(orders: OrderTable, slot: number): boolean {
  const code = codeOfSlot(orders, slot)
  const first = orders.firstAtCode.get(code) ?? endOfList
  orders.nextAtPrice[slot] = first
  orders.previousAtPrice[slot] = endOfList
  if (first !== endOfList) orders.previousAtPrice[first] = slot
  orders.firstAtCode.set(code, slot)
  orders.state[slot] = slotState.resting
  const ticks = orders.ticks[slot]!
  if (sideOfSlot(orders, slot) === 0) orders.buyTicksMax = Math.max(orders.buyTicksMax, ticks)
  else orders.sellTicksMin = Math.min(orders.sellTicksMin, ticks)
  return first === endOfList
}

/** Takes an order out of the list of its price. @returns whether the list is now empty */
export function unlinkOrder(orders: OrderTable, slot: number): boolean {
  const { nextAtPrice, previousAtPrice, firstAtCode } = orders
  invariant(orders.state[slot] === slotState.resting, `replay slot ${slot} is not resting`)
  const next = nextAtPrice[slot]!
  const previous = previousAtPrice[slot]!
  if (next !== endOfList) previousAtPrice[next] = previous
  if (previous !== endOfList) {
    nextAtPrice[previous] = next
    return false
  }
  const code = codeOfSlot(orders, slot)
  if (next === endOfList) firstAtCode.delete(code)
  else firstAtCode.set(code, next)
  return next === endOfList
}

/** Finds the bounds of the resting orders again. */
export function refreshBounds(orders: OrderTable): void {
  let buyTicksMax = noBuyTicks
  let sellTicksMin = noSellTicks
  for (const code of orders.firstAtCode.keys()) {
    if ((code & 1) === 0) buyTicksMax = Math.max(buyTicksMax, code >> 1)
    else sellTicksMin = Math.min(sellTicksMin, code >> 1)
  }
  orders.buyTicksMax = buyTicksMax
  orders.sellTicksMin = sellTicksMin
}
