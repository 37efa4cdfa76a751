import { TradingError } from '#shared/kernel/error.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { SimulatedOrder } from '#shared/simulation/order.ts'
import { accountOf } from '#shared/simulation/state.ts'
import {
  amendOrder,
  cancelAll,
  cancelOrder,
  checkOrder,
  findOpen,
  findOrder,
  type OrderName,
  placeOrder,
  setCountdown,
} from '#shared/simulation/trading.ts'
import { type PublicMarket, publicMarketAt, publicMarketOf } from './context.ts'
import { readOrderRequest } from './order-request.ts'
import { describeAcknowledged, describeOrder } from './order-wire.ts'
import { accepted, mandatory, venueRefusal } from './refusal.ts'
import {
  integerOf,
  jsonListOf,
  limitOf,
  optionalInteger,
  type Params,
  paramsOfItem,
  priceOf,
  required,
  sideOf,
  sizeOf,
} from './request.ts'
import type { Call, Route, Routes } from './route.ts'
import { millis } from './wire.ts'

const signed = (weight: Route['weight'], answer: Route['answer']): Route => ({
  weight,
  isSigned: true,
  answer,
})

const batchMax = 5
const batchCancelMax = 10
/** Placing nonces that guarded cancels may still name. */
const placingNoncesMax = 10_000

export const orderRoutes: Routes = {
  'POST /order': { ...signed(0, answerPlace), orders: () => 1 },
  'POST /order/test': signed(1, answerTest),
  'PUT /order': { ...signed(1, answerAmend), orders: () => 1 },
  'GET /order': signed(1, answerQuery),
  'DELETE /order': signed(1, answerCancel),
  'GET /openOrder': signed(1, answerOpenOrder),
  'GET /openOrders': signed((params) => (params.has('symbol') ? 1 : 40), answerOpenOrders),
  'GET /allOrders': signed(5, answerAllOrders),
  'DELETE /allOpenOrders': signed(1, answerCancelAll),
  'POST /batchOrders': { ...signed(5, answerBatch), orders: batchSize },
  'PUT /batchOrders': { ...signed(5, answerBatchAmend), orders: batchSize },
  'DELETE /batchOrders': signed(1, answerBatchCancel),
  'DELETE /guardedCancelOrder': { ...signed(1, answerGuardedCancel), isGuarded: true },
  'POST /countdownCancelAll': signed(10, answerCountdown),
  'POST /noop': signed(1, () => ({ code: 200, msg: 'success' })),
}

function batchSize(params: Params): number {
  return jsonListOf(params, 'batchOrders', batchMax).length
}

const marketOfCall = ({ context, params }: Call): PublicMarket =>
  publicMarketOf(context, required(params, 'symbol'))

const nonceKey = ({ account, nonceUs }: Call): string => `${account}:${nonceUs}`

function place(call: Call, params: Params): { order: SimulatedOrder; instrument: Instrument } {
  const { context, account } = call
  const { instrument } = publicMarketOf(context, required(params, 'symbol'))
  const request = readOrderRequest(params, instrument)
  const order = accepted(placeOrder(context.state, account, request))
  const key = nonceKey(call)
  const { placedByNonce } = context
  placedByNonce.set(key, [...(placedByNonce.get(key) ?? []), order.orderId])
  const [oldest] = placedByNonce.keys()
  if (placedByNonce.size > placingNoncesMax && oldest !== undefined) placedByNonce.delete(oldest)
  return { order, instrument }
}

function answerPlace(call: Call) {
  const { order, instrument } = place(call, call.params)
  return call.params.get('newOrderRespType') === 'RESULT'
    ? describeOrder(instrument, order)
    : describeAcknowledged(instrument, order)
}

function answerTest(call: Call) {
  const { context, account, params } = call
  const { instrument } = marketOfCall(call)
  const refusal = checkOrder(context.state, account, readOrderRequest(params, instrument))
  if (refusal) accepted(refusal)
  return {}
}

/** `orderId` wins over `origClientOrderId`. */
function nameOf(params: Params, instrument: Instrument): OrderName {
  const orderId = optionalInteger(params, 'orderId')
  const clientOrderId = params.get('origClientOrderId')
  if (orderId === undefined && !clientOrderId) throw mandatory('orderId or origClientOrderId')
  return { instrumentId: instrument.id, orderId, clientOrderId }
}

function amend(call: Call, params: Params) {
  const { context, account } = call
  const { instrument } = publicMarketOf(context, required(params, 'symbol'))
  const name = nameOf(params, instrument)
  const sideGiven = params.get('side')
  const known = findOpen(context.state, account, name)
  const order = accepted(
    amendOrder(context.state, account, name, {
      side: sideGiven === undefined ? (known?.side ?? 'buy') : sideOf(sideGiven),
      priceTicks: priceOf(params, instrument),
      sizeLots: sizeOf(params, instrument),
    }),
  )
  return describeOrder(instrument, order)
}

function answerAmend(call: Call) {
  return amend(call, call.params)
}

function answerQuery(call: Call) {
  const { context, account, params } = call
  const { instrument } = marketOfCall(call)
  const order = findOrder(context.state, account, nameOf(params, instrument))
  if (!order) throw venueRefusal(-2013, 'Order does not exist.')
  return describeOrder(instrument, order)
}

function answerOpenOrder(call: Call) {
  const { context, account, params } = call
  const { instrument } = marketOfCall(call)
  const order = findOpen(context.state, account, nameOf(params, instrument))
  if (!order) throw venueRefusal(-2013, 'Order does not exist.')
  return describeOrder(instrument, order)
}

function answerCancel(call: Call) {
  const { context, account, params } = call
  const { instrument } = marketOfCall(call)
  const order = accepted(cancelOrder(context.state, account, nameOf(params, instrument)))
  return describeOrder(instrument, order)
}

function answerOpenOrders({ context, account, params }: Call) {
  const symbol = params.get('symbol')
  const only = symbol === undefined ? undefined : publicMarketOf(context, symbol).instrument.id
  return [...accountOf(context.state, account).openOrders.values()]
    .filter((order) => only === undefined || order.instrumentId === only)
    .map((order) => describeOrder(publicMarketAt(context, order.instrumentId).instrument, order))
}

function answerAllOrders({ context, account, params }: Call) {
  const symbol = params.get('symbol')
  const only = symbol === undefined ? undefined : publicMarketOf(context, symbol).instrument.id
  const fromId = optionalInteger(params, 'orderId')
  const startTime = optionalInteger(params, 'startTime')
  const endTime = optionalInteger(params, 'endTime') ?? Number.MAX_SAFE_INTEGER
  const limit = limitOf(params, 1_000, 500)
  const chosen = [...accountOf(context.state, account).orders.values()].filter((order) => {
    const time = millis(order.createdUs)
    if (only !== undefined && order.instrumentId !== only) return false
    return order.orderId >= (fromId ?? 0) && time >= (startTime ?? 0) && time <= endTime
  })
  const hasStart = fromId !== undefined || startTime !== undefined
  return (hasStart ? chosen.slice(0, limit) : chosen.slice(-limit)).map((order) =>
    describeOrder(publicMarketAt(context, order.instrumentId).instrument, order),
  )
}

function answerCancelAll(call: Call) {
  const { context, account } = call
  cancelAll(context.state, account, marketOfCall(call).instrument.id)
  return { code: '200', msg: 'The operation of cancel all open order is done.' }
}

/** Answers every item on its own: a refused one does not stop the others. */
function eachItem<T>(items: readonly T[], answer: (item: T) => unknown): unknown[] {
  return items.map((item) => {
    try {
      return answer(item)
    } catch (error) {
      if (!(error instanceof TradingError) || error.code !== 'VENUE_REFUSED') throw error
      return { code: error.details.code, msg: error.message }
    }
  })
}

function answerBatch(call: Call) {
  return eachItem(jsonListOf(call.params, 'batchOrders', batchMax), (item) => {
    const { order, instrument } = place(call, paramsOfItem(item))
    return describeAcknowledged(instrument, order)
  })
}

function answerBatchAmend(call: Call) {
  return eachItem(jsonListOf(call.params, 'batchOrders', batchMax), (item) =>
    amend(call, paramsOfItem(item)),
  )
}

function answerBatchCancel(call: Call) {
  const { context, account, params } = call
  const { instrument } = marketOfCall(call)
  const byId = params.has('orderIdList')
  const ids = jsonListOf(params, byId ? 'orderIdList' : 'origClientOrderIdList', batchCancelMax)
  return eachItem(ids, (id) => {
    const name = {
      instrumentId: instrument.id,
      orderId: byId ? Number(id) : undefined,
      clientOrderId: byId ? undefined : String(id),
    }
    return describeOrder(instrument, accepted(cancelOrder(context.state, account, name)))
  })
}

/**
 * Cancels an order by the nonce that placed it. When that nonce has placed nothing yet it is used up, so the
 * placing request can no longer take effect.
 */
function answerGuardedCancel(call: Call) {
  const { context, account, params, nonceUs } = call
  const { instrument } = marketOfCall(call)
  const placed = context.placedByNonce.get(nonceKey(call))
  if (!placed) {
    const signer = required(params, 'signer').toLowerCase()
    const { nonces, state } = context
    if (!nonces.has(signer, nonceUs) && !nonces.consume(signer, nonceUs, state.nowUs))
      throw venueRefusal(-4225, 'Nonce Expired')
    throw venueRefusal(-2011, 'Unknown order sent.')
  }
  const order = findOpen(context.state, account, nameOf(params, instrument))
  if (!order || !placed.includes(order.orderId)) throw venueRefusal(-2011, 'Unknown order sent.')
  const name = { instrumentId: instrument.id, orderId: order.orderId, clientOrderId: undefined }
  return describeOrder(instrument, accepted(cancelOrder(context.state, account, name)))
}

function answerCountdown(call: Call) {
  const { context, account, params } = call
  const { instrument } = marketOfCall(call)
  const countdownMs = integerOf(params, 'countdownTime')
  if (countdownMs < 0) throw mandatory('countdownTime')
  setCountdown(context.state, account, instrument.id, countdownMs)
  return { symbol: instrument.symbol, countdownTime: String(countdownMs) }
}
