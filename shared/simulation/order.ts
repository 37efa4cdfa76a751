import type { Lots, Micros, QuoteE8, Ticks } from '#shared/kernel/unit.ts'
import type { InstrumentId, Side } from '#shared/market/instrument.ts'

export type SimulatedTimeInForce = 'GTC' | 'IOC' | 'GTX'
export type OrderType = 'LIMIT' | 'MARKET' | 'LIQUIDATION'
export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED'
export type ExecutionType = 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED' | 'CALCULATED'

/** What an account asks the exchange for. Prices and sizes are already on the grid. */
export type OrderRequest = {
  readonly instrumentId: InstrumentId
  readonly side: Side
  readonly type: 'LIMIT' | 'MARKET'
  /** Read for LIMIT only. */
  readonly timeInForce: SimulatedTimeInForce
  /** Read for LIMIT only. */
  readonly priceTicks: Ticks
  readonly sizeLots: Lots
  readonly reduceOnly: boolean
  /** Unique among the account's open orders; undefined lets the exchange choose. */
  readonly clientOrderId: string | undefined
}

/** An order as the exchange keeps it; mutated in place as it trades. */
export type SimulatedOrder = {
  readonly orderId: number
  readonly clientOrderId: string
  readonly accountIndex: number
  readonly instrumentId: InstrumentId
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: SimulatedTimeInForce
  readonly reduceOnly: boolean
  readonly createdUs: Micros
  /** 0 for market orders. */
  priceTicks: Ticks
  sizeLots: Lots
  filledLots: number
  /** Sum of price × size over the fills. */
  filledQuoteE8: QuoteE8
  status: OrderStatus
  updatedUs: Micros
  /** External size at the same price that trades before this order does. */
  aheadLots: number
  /** By how much the level's last update lowered `aheadLots`: a trade that the update already held gives it back. */
  cutLots: number
  amendCount: number
}

/** One execution of an order. */
export type Execution = {
  readonly tradeId: number
  readonly accountIndex: number
  readonly instrumentId: InstrumentId
  readonly orderId: number
  readonly clientOrderId: string
  readonly side: Side
  readonly priceTicks: Ticks
  readonly sizeLots: Lots
  readonly isMaker: boolean
  /** Positive is a cost, negative a rebate. */
  readonly feeE8: QuoteE8
  /** Of the part that closed, before fee. */
  readonly realisedPnlE8: QuoteE8
  readonly timeUs: Micros
}

/** The exchange says no: nothing has changed. `code` is the venue's own error number. */
export type Refusal = { readonly refused: true; readonly code: number; readonly message: string }

export const refuse = (code: number, message: string): Refusal => ({ refused: true, code, message })

export const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === 'object' && answer !== null && 'refused' in answer

export const remainingLots = (order: SimulatedOrder): number => order.sizeLots - order.filledLots

export const isOpen = (order: SimulatedOrder): boolean =>
  order.status === 'NEW' || order.status === 'PARTIALLY_FILLED'
