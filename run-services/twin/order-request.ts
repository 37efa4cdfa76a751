import type { Instrument } from '#shared/market/instrument.ts'
import type { OrderRequest } from '#shared/simulation/order.ts'
import { mandatory, venueRefusal } from './refusal.ts'
import { flagOf, type Params, priceOf, required, sideOf, sizeOf } from './request.ts'

const commonParams = [
  'symbol',
  'side',
  'type',
  'positionSide',
  'quantity',
  'reduceOnly',
  'newClientOrderId',
  'newOrderRespType',
  'stpMode',
  'nonce',
  'user',
  'signer',
  'signature',
]
const paramsByType: Readonly<Record<string, readonly string[]>> = {
  LIMIT: [...commonParams, 'timeInForce', 'price'],
  MARKET: commonParams,
}

/**
 * Reads the parameters of a new order.
 *
 * @throws TradingError VENUE_REFUSED for what is missing, malformed, foreign to the type, or not offered by the twin
 */
export function readOrderRequest(params: Params, instrument: Instrument): OrderRequest {
  const side = sideOf(required(params, 'side'))
  const type = required(params, 'type')
  if (type !== 'LIMIT' && type !== 'MARKET') throw venueRefusal(-1116, 'Invalid orderType.')
  for (const name of params.keys())
    if (!paramsByType[type]?.includes(name))
      throw venueRefusal(-1106, `Parameter '${name}' sent when not required.`)
  const positionSide = params.get('positionSide') ?? 'BOTH'
  if (positionSide !== 'BOTH')
    throw venueRefusal(-4061, "Order's position side does not match user's setting.")
  if (!params.get('quantity')) throw mandatory('quantity')

  return {
    instrumentId: instrument.id,
    side,
    type,
    timeInForce: type === 'LIMIT' ? timeInForceOf(params) : 'IOC',
    priceTicks: type === 'LIMIT' ? priceOf(params, instrument) : (0 as OrderRequest['priceTicks']),
    sizeLots: sizeOf(params, instrument),
    reduceOnly: flagOf(params, 'reduceOnly'),
    clientOrderId: params.get('newClientOrderId'),
  }
}

function timeInForceOf(params: Params): OrderRequest['timeInForce'] {
  const text = required(params, 'timeInForce')
  if (text === 'GTC' || text === 'IOC' || text === 'GTX') return text
  throw venueRefusal(-1115, 'Invalid timeInForce.')
}
