import type { HttpRequest } from '#shared/kernel/runtime.ts'
import type { Lane } from './budget.ts'

/** One REST endpoint: where it is, what it costs, and whose budget pays. */
export type Endpoint = {
  readonly method: HttpRequest['method']
  readonly path: string
  readonly weight: number
  /** What it counts against the order limit. */
  readonly orders: number
  readonly lane: Lane
  readonly isSigned: boolean
}

const open = (path: string, weight: number): Endpoint => ({
  method: 'GET',
  path: `/fapi/v3/${path}`,
  weight,
  orders: 0,
  lane: 'read',
  isSigned: false,
})

const signed = (
  method: Endpoint['method'],
  path: string,
  weight: number,
  lane: Lane = 'read',
  orders = 0,
): Endpoint => ({ method, path: `/fapi/v3/${path}`, weight, orders, lane, isSigned: true })

/** Weights as documented; a query without a symbol costs more than the figure for one. */
export const endpoints = {
  time: open('time', 1),
  exchangeInfo: open('exchangeInfo', 1),
  depth: open('depth', 20),
  klines: open('klines', 10),
  premiumIndex: open('premiumIndex', 1),
  fundingInfo: open('fundingInfo', 1),
  fundingRate: open('fundingRate', 1),
  /** Not in the documents, but answered. */
  openInterest: open('openInterest', 1),
  placeOrder: signed('POST', 'order', 1, 'place', 1),
  cancelOrder: signed('DELETE', 'order', 1, 'cancel'),
  cancelAll: signed('DELETE', 'allOpenOrders', 1, 'cancel'),
  armDeadMan: signed('POST', 'countdownCancelAll', 10, 'cancel'),
  /** Consumes the nonce of a request in flight, so that the request can no longer take effect. */
  noop: signed('POST', 'noop', 1, 'cancel'),
  queryOrder: signed('GET', 'order', 1, 'cancel'),
  openOrders: signed('GET', 'openOrders', 1),
  balance: signed('GET', 'balance', 5),
  positionRisk: signed('GET', 'positionRisk', 5),
  userTrades: signed('GET', 'userTrades', 5),
  income: signed('GET', 'income', 30),
  commissionRate: signed('GET', 'commissionRate', 20),
  createListenKey: signed('POST', 'listenKey', 1),
  keepListenKey: signed('PUT', 'listenKey', 1),
} as const satisfies Record<string, Endpoint>
