import type { Instrument } from '#shared/market/instrument.ts'
import { restingE8 } from '#shared/simulation/matching.ts'
import type { SimulatedOrder } from '#shared/simulation/order.ts'
import type { ExchangeState, OrderUpdate } from '#shared/simulation/state.ts'
import { averagePriceText, millis, moneyText, priceText, sizeText } from './wire.ts'

const sideText = (order: { readonly side: 'buy' | 'sell' }): 'BUY' | 'SELL' =>
  order.side === 'buy' ? 'BUY' : 'SELL'

const typeText = ({ type }: SimulatedOrder): 'LIMIT' | 'MARKET' =>
  type === 'LIMIT' ? 'LIMIT' : 'MARKET'

const timeInForceText = ({ type, timeInForce }: SimulatedOrder): string =>
  type === 'MARKET' ? 'GTC' : timeInForce

/** The order object of every REST answer. */
export function describeOrder(instrument: Instrument, order: SimulatedOrder) {
  const { filledLots, filledQuoteE8 } = order
  return {
    orderId: order.orderId,
    symbol: instrument.symbol,
    status: order.status,
    clientOrderId: order.clientOrderId,
    price: priceText(instrument, order.priceTicks),
    avgPrice: averagePriceText(instrument, filledQuoteE8, filledLots, 8),
    origQty: sizeText(instrument, order.sizeLots),
    executedQty: sizeText(instrument, filledLots),
    cumQty: sizeText(instrument, filledLots),
    cumQuote: moneyText(filledQuoteE8),
    timeInForce: timeInForceText(order),
    type: typeText(order),
    origType: typeText(order),
    reduceOnly: order.reduceOnly,
    closePosition: false,
    side: sideText(order),
    positionSide: 'BOTH',
    stopPrice: '0',
    workingType: 'CONTRACT_PRICE',
    priceProtect: false,
    time: millis(order.createdUs),
    updateTime: millis(order.updatedUs),
  }
}

/** What ACK answers: the order as it came in, whatever became of it since. */
export function describeAcknowledged(instrument: Instrument, order: SimulatedOrder) {
  return {
    ...describeOrder(instrument, order),
    status: 'NEW',
    avgPrice: averagePriceText(instrument, 0n, 0, 8),
    executedQty: sizeText(instrument, 0),
    cumQty: sizeText(instrument, 0),
    cumQuote: moneyText(0n),
    updateTime: millis(order.createdUs),
  }
}

/** `ORDER_TRADE_UPDATE`. A positive `n` is a cost, a negative one a rebate. */
export function describeOrderUpdate(
  state: ExchangeState,
  instrument: Instrument,
  { order, executionType, execution, timeUs }: OrderUpdate,
) {
  const time = millis(timeUs)
  const { type } = order
  return {
    e: 'ORDER_TRADE_UPDATE',
    E: time,
    T: time,
    o: {
      s: instrument.symbol,
      c: order.clientOrderId,
      S: sideText(order),
      o: type,
      f: timeInForceText(order),
      q: sizeText(instrument, order.sizeLots),
      p: priceText(instrument, order.priceTicks),
      ap: averagePriceText(instrument, order.filledQuoteE8, order.filledLots, 8),
      sp: '0',
      x: executionType,
      X: type === 'LIQUIDATION' && executionType === 'NEW' ? 'NEW_INSURANCE' : order.status,
      i: order.orderId,
      l: sizeText(instrument, execution?.sizeLots ?? 0),
      z: sizeText(instrument, order.filledLots),
      L: priceText(instrument, execution?.priceTicks ?? 0),
      ...(execution && { N: instrument.quoteAsset, n: moneyText(execution.feeE8) }),
      T: time,
      t: execution?.tradeId ?? 0,
      b: moneyText(restingE8(state, order, 'buy')),
      a: moneyText(restingE8(state, order, 'sell')),
      m: execution?.isMaker ?? false,
      R: order.reduceOnly,
      wt: 'CONTRACT_PRICE',
      ot: type,
      ps: 'BOTH',
      cp: false,
      rp: moneyText(execution?.realisedPnlE8 ?? 0n),
    },
  }
}
