import type { Micros } from '#shared/kernel/unit.ts'
import { equityE8, markE8, openOrder, positionOf } from './account.ts'
import { checkFilters, checkNotional, checkPrice, checkSize } from './filter.ts'
import { brackets, canAfford, initialMarginE8 } from './margin.ts'
import { amendResting, endOrder, enterOrder, reducibleLots } from './matching.ts'
import { type OrderRequest, type Refusal, refuse, type SimulatedOrder } from './order.ts'
import { accountOf, type ExchangeState, type Market, marketOf } from './state.ts'

/** Amendments that one order may have. */
const amendCountMax = 10_000

/**
 * Checks an order against filters, reduce-only rule and margin.
 *
 * @returns the reason why it may not enter; undefined when it may
 */
export function checkOrder(
  state: ExchangeState,
  accountIndex: number,
  request: OrderRequest,
): Refusal | undefined {
  const account = accountOf(state, accountIndex)
  const market = marketOf(state, request.instrumentId)
  const filtered = checkFilters(market, account, request)
  if (filtered) return filtered
  if (request.reduceOnly) {
    const { lots } = positionOf(account, request.instrumentId)
    const reduces = request.side === 'buy' ? lots < 0 : lots > 0
    return reduces ? undefined : refuse(-2022, 'ReduceOnly Order is rejected.')
  }
  const added = { market, side: request.side, addedLots: request.sizeLots }
  if (!canAfford(state, account, equityE8(state, account), added))
    return refuse(-2019, 'Margin is insufficient.')
  return undefined
}

/** Lets an order in; its fills and its end reach the sink before this returns. */
export function placeOrder(
  state: ExchangeState,
  accountIndex: number,
  request: OrderRequest,
): SimulatedOrder | Refusal {
  const refusal = checkOrder(state, accountIndex, request)
  if (refusal) return refusal
  const isLimit = request.type === 'LIMIT'
  const order = createOrder(state, accountIndex, {
    ...request,
    timeInForce: isLimit ? request.timeInForce : 'IOC',
    priceTicks: isLimit ? request.priceTicks : (0 as OrderRequest['priceTicks']),
  })
  enterOrder(state, marketOf(state, request.instrumentId), order)
  return order
}

export function createOrder(
  state: ExchangeState,
  accountIndex: number,
  request: Omit<OrderRequest, 'type'> & { type: SimulatedOrder['type'] },
): SimulatedOrder {
  const orderId = state.nextOrderId++
  const order: SimulatedOrder = {
    orderId,
    clientOrderId: request.clientOrderId ?? `twin-${orderId}`,
    accountIndex,
    instrumentId: request.instrumentId,
    side: request.side,
    type: request.type,
    timeInForce: request.timeInForce,
    reduceOnly: request.reduceOnly,
    createdUs: state.nowUs,
    priceTicks: request.priceTicks,
    sizeLots: request.sizeLots,
    filledLots: 0,
    filledQuoteE8: 0n,
    status: 'NEW',
    updatedUs: state.nowUs,
    aheadLots: 0,
    cutLots: 0,
    amendCount: 0,
  }
  openOrder(accountOf(state, accountIndex), order)
  const timeUs = state.nowUs
  state.sink.order({ order, executionType: 'NEW', execution: undefined, timeUs })
  return order
}

/** Which order is meant; the venue's id wins when both are given. */
export type OrderName = {
  readonly instrumentId: number
  readonly orderId: number | undefined
  readonly clientOrderId: string | undefined
}

/** Finds an open order of the account. */
export function findOpen(
  state: ExchangeState,
  accountIndex: number,
  { instrumentId, orderId, clientOrderId }: OrderName,
): SimulatedOrder | undefined {
  const account = accountOf(state, accountIndex)
  const order =
    orderId !== undefined
      ? account.openOrders.get(orderId)
      : account.openByClientId.get(clientOrderId ?? '')
  return order?.instrumentId === instrumentId ? order : undefined
}

/** Finds an order of the account, open or not. A client id that was used again names the latest. */
export function findOrder(
  state: ExchangeState,
  accountIndex: number,
  { instrumentId, orderId, clientOrderId }: OrderName,
): SimulatedOrder | undefined {
  const account = accountOf(state, accountIndex)
  const order =
    orderId !== undefined
      ? account.orders.get(orderId)
      : account.lastByClientId.get(clientOrderId ?? '')
  return order?.instrumentId === instrumentId ? order : undefined
}

export function cancelOrder(
  state: ExchangeState,
  accountIndex: number,
  name: OrderName,
): SimulatedOrder | Refusal {
  const order = findOpen(state, accountIndex, name)
  if (!order) return refuse(-2011, 'Unknown order sent.')
  endOrder(state, marketOf(state, order.instrumentId), order, 'CANCELED')
  return order
}

/** New price and total size of a resting order. A refused amendment leaves it untouched. */
export function amendOrder(
  state: ExchangeState,
  accountIndex: number,
  name: OrderName,
  to: Pick<OrderRequest, 'side' | 'priceTicks' | 'sizeLots'>,
): SimulatedOrder | Refusal {
  const order = findOpen(state, accountIndex, name)
  if (!order) return refuse(-2013, 'Order does not exist.')
  if (order.side !== to.side) return refuse(-1117, 'Side does not match the order.')
  if (order.amendCount >= amendCountMax) return refuse(-1014, 'Too many amendments.')
  const market = marketOf(state, order.instrumentId)
  const refusal = checkAmendment(state, market, order, to)
  if (refusal) return refusal
  amendResting(state, market, order, to)
  return order
}

function checkAmendment(
  state: ExchangeState,
  market: Market,
  order: SimulatedOrder,
  to: Pick<OrderRequest, 'priceTicks' | 'sizeLots'>,
): Refusal | undefined {
  const mark = markE8(market)
  if (mark === undefined) return refuse(-1112, 'No orders on book for symbol.')
  const { side, reduceOnly } = order
  const request = { type: 'LIMIT' as const, side, reduceOnly, ...to }
  const filtered =
    checkSize(market, request) ??
    checkPrice(market, request, mark) ??
    checkNotional(market, request, mark)
  if (filtered || order.reduceOnly)
    return filtered ?? (reducibleLots(state, order) > 0 ? undefined : refuse(-2022, 'Rejected.'))
  const account = accountOf(state, order.accountIndex)
  const addedLots = to.sizeLots - order.sizeLots
  const fits =
    addedLots <= 0 ||
    canAfford(state, account, equityE8(state, account), { market, side, addedLots })
  return fits ? undefined : refuse(-2019, 'Margin is insufficient.')
}

/** Arms, renews (positive) or disarms (0) the dead-man switch of one account and market. */
export function setCountdown(
  state: ExchangeState,
  accountIndex: number,
  instrumentId: number,
  countdownMs: number,
): void {
  const key = accountIndex * state.markets.length + instrumentId
  if (countdownMs === 0) state.countdowns.delete(key)
  else state.countdowns.set(key, (state.nowUs + countdownMs * 1_000) as Micros)
}

export function setLeverage(
  state: ExchangeState,
  accountIndex: number,
  instrumentId: number,
  leverage: number,
): Refusal | undefined {
  const leverageMax = brackets[0]?.leverageMax ?? 1
  if (!Number.isInteger(leverage) || leverage < 1 || leverage > leverageMax)
    return refuse(-4028, `Leverage ${leverage} is not valid`)
  const account = accountOf(state, accountIndex)
  const before = account.leverages[instrumentId] ?? 1
  account.leverages[instrumentId] = leverage
  const { totalE8 } = initialMarginE8(state.markets, account)
  if (leverage >= before || totalE8 <= equityE8(state, account)) return undefined
  account.leverages[instrumentId] = before
  return refuse(-2028, 'Leverage is smaller than permitted: insufficient margin balance')
}

/** Cancels every open order of an account in one market. @returns how many there were */
export function cancelAll(
  state: ExchangeState,
  accountIndex: number,
  instrumentId: number | undefined,
): number {
  const orders = [...(state.accounts[accountIndex]?.openOrders.values() ?? [])].filter(
    (order) => instrumentId === undefined || order.instrumentId === instrumentId,
  )
  for (const order of orders)
    endOrder(state, marketOf(state, order.instrumentId), order, 'CANCELED')
  return orders.length
}
