import { notionalE8 } from '#shared/market/instrument.ts'
import { markE8, ticksFromE8, valueAtE8 } from './account.ts'
import { type OrderRequest, type Refusal, refuse } from './order.ts'
import type { Market, SimulatedAccount } from './state.ts'

const clientOrderIdPattern = /^[.A-Z:/a-z0-9_-]{1,36}$/

/**
 * Checks one order against every filter of its market, with the venue's error numbers.
 *
 * @returns undefined when the order may pass
 */
export function checkFilters(
  market: Market,
  account: SimulatedAccount,
  request: OrderRequest,
): Refusal | undefined {
  const mark = markE8(market)
  if (mark === undefined) return refuse(-1112, 'No orders on book for symbol.')
  return (
    checkClientId(account, request.clientOrderId) ??
    checkSize(market, request) ??
    (request.type === 'LIMIT' ? checkPrice(market, request, mark) : undefined) ??
    checkNotional(market, request, mark) ??
    checkOpenOrders(market, account, request)
  )
}

function checkClientId(account: SimulatedAccount, id: string | undefined): Refusal | undefined {
  if (id === undefined) return undefined
  if (id.length > 36) return refuse(-4015, 'Client order id is not valid.')
  if (!clientOrderIdPattern.test(id))
    return refuse(-1100, "Illegal characters found in parameter 'newClientOrderId'.")
  if (account.openByClientId.has(id))
    return refuse(-2010, 'ClientOrderId is duplicated among open orders.')
  return undefined
}

/** LOT_SIZE or MARKET_LOT_SIZE. */
export function checkSize(
  { instrument }: Market,
  { type, sizeLots }: Pick<OrderRequest, 'type' | 'sizeLots'>,
): Refusal | undefined {
  const isMarket = type === 'MARKET'
  const least = isMarket ? instrument.marketSizeLotsMin : instrument.sizeLotsMin
  const most = isMarket ? instrument.marketSizeLotsMax : instrument.sizeLotsMax
  if (sizeLots <= 0) return refuse(-4003, 'Quantity less than or equal to zero.')
  if (sizeLots < least) return refuse(-4004, 'Quantity less than min quantity.')
  if (sizeLots > most) return refuse(-4005, 'Quantity greater than max quantity.')
  return undefined
}

/** PRICE_FILTER and PERCENT_PRICE. */
export function checkPrice(
  { instrument }: Market,
  { side, priceTicks }: Pick<OrderRequest, 'side' | 'priceTicks'>,
  mark: number,
): Refusal | undefined {
  if (priceTicks <= 0) return refuse(-4001, 'Price less than 0.')
  if (priceTicks > instrument.priceTicksMax) return refuse(-4002, 'Price greater than max price.')
  if (priceTicks < instrument.priceTicksMin) return refuse(-4013, 'Price less than min price.')
  const markTicks = ticksFromE8(instrument, mark)
  if (side === 'buy' && priceTicks > markTicks * instrument.priceRatioMax)
    return refuse(-4016, "Limit price can't be higher than mark price cap.")
  if (side === 'sell' && priceTicks < markTicks * instrument.priceRatioMin)
    return refuse(-4024, "Limit price can't be lower than mark price floor.")
  return undefined
}

/** MIN_NOTIONAL; a market order is valued at the mark. */
export function checkNotional(
  { instrument }: Market,
  request: Pick<OrderRequest, 'type' | 'priceTicks' | 'sizeLots' | 'reduceOnly'>,
  mark: number,
): Refusal | undefined {
  if (request.reduceOnly) return undefined
  const value =
    request.type === 'LIMIT'
      ? notionalE8(instrument, request.priceTicks, request.sizeLots)
      : valueAtE8(instrument, request.sizeLots, mark)
  if (value >= instrument.notionalE8Min) return undefined
  const least = instrument.notionalE8Min / 100_000_000n
  return refuse(-4164, `Order's notional must be no smaller than ${least} (unless reduce only).`)
}

function checkOpenOrders(
  { instrument }: Market,
  account: SimulatedAccount,
  request: OrderRequest,
): Refusal | undefined {
  if (request.type === 'MARKET' || request.timeInForce === 'IOC') return undefined
  let open = 0
  for (const order of account.openOrders.values()) if (order.instrumentId === instrument.id) open++
  if (open < instrument.openOrdersMax) return undefined
  return refuse(-2025, 'Reach max open order limit.')
}
