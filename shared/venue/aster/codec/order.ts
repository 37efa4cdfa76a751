import { z } from 'zod'
import { decimalFromSteps, lotsFromDecimal } from '#shared/kernel/decimal.ts'
import type { Lots, Micros } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { Order } from '#shared/trading/order/order.ts'
import { decimalText, idText, microsFromMs, readShape, timeMs } from './wire.ts'

/** An order as the venue states it in replies and lists. */
export type OrderState = {
  readonly clientOrderId: string
  readonly venueOrderId: string
  readonly symbol: string
  readonly status: 'working' | 'filled' | 'canceled' | 'expired' | 'rejected'
  readonly filledLots: Lots
  readonly eventTimeUs: Micros
}

export type Params = readonly (readonly [string, string])[]

/** Parameters of `POST /order` for a limit order, in the order they are sent and signed. */
export function placeParams(order: Order, instrument: Instrument): Params {
  const params: [string, string][] = [
    ['symbol', instrument.symbol],
    ['side', order.side === 'buy' ? 'BUY' : 'SELL'],
    ['type', 'LIMIT'],
    ['timeInForce', order.timeInForce],
    ['quantity', decimalFromSteps(order.sizeLots, instrument.sizeGrid)],
    ['price', decimalFromSteps(order.priceTicks, instrument.priceGrid)],
    ['newClientOrderId', order.clientOrderId],
    // RESULT: the reply already tells when an IOC or post-only order died, without waiting for the user stream.
    ['newOrderRespType', 'RESULT'],
  ]
  if (order.reduceOnly) params.push(['reduceOnly', 'true'])
  return params
}

const statusByWire = {
  NEW: 'working',
  PARTIALLY_FILLED: 'working',
  FILLED: 'filled',
  CANCELED: 'canceled',
  EXPIRED: 'expired',
  REJECTED: 'rejected',
  NEW_INSURANCE: 'working',
  NEW_ADL: 'working',
} as const

export const orderStatus = z.enum(Object.keys(statusByWire) as (keyof typeof statusByWire)[])
export const statusFromWire = (status: keyof typeof statusByWire): OrderState['status'] =>
  statusByWire[status]

const orderMessage = z.object({
  clientOrderId: z.string(),
  orderId: idText,
  symbol: z.string(),
  status: orderStatus,
  executedQty: decimalText,
  updateTime: timeMs,
})

/** @throws TradingError WIRE_SHAPE_UNKNOWN, SIZE_OFF_GRID */
export function readOrder(raw: unknown, instrument: Instrument): OrderState {
  const message = readShape(orderMessage, raw, 'order reply')
  return {
    clientOrderId: message.clientOrderId,
    venueOrderId: message.orderId,
    symbol: message.symbol,
    status: statusFromWire(message.status),
    filledLots: lotsFromDecimal(message.executedQty, instrument.sizeGrid),
    eventTimeUs: microsFromMs(message.updateTime),
  }
}

/** The open orders of one instrument. @throws TradingError WIRE_SHAPE_UNKNOWN, SIZE_OFF_GRID */
export function readOpenOrders(raw: unknown, instrument: Instrument): readonly OrderState[] {
  return readShape(z.array(z.unknown()), raw, 'openOrders').map((row) => readOrder(row, instrument))
}
