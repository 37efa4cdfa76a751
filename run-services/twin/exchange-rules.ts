import type { Instrument } from '#shared/market/instrument.ts'
import { marketTakeBound } from '#shared/simulation/matching.ts'
import type { TwinContext } from './context.ts'
import { millis, moneyText, priceText, sizeText } from './wire.ts'

/** Answer of `/exchangeInfo`. A spot market of the twin says so in `contractType`. */
export function exchangeRules(context: TwinContext) {
  const { markets, limits, state } = context
  return {
    timezone: 'UTC',
    serverTime: millis(state.nowUs),
    futuresType: 'U_MARGINED',
    rateLimits: [
      rateLimit('REQUEST_WEIGHT', limits.weightPerMinute),
      rateLimit('ORDERS', limits.ordersPerMinute),
    ],
    exchangeFilters: [],
    assets: [{ asset: 'USDT', marginAvailable: true, autoAssetExchange: '0' }],
    symbols: markets.map(({ instrument }) => describeSymbol(instrument)),
  }
}

const rateLimit = (rateLimitType: string, limit: number) => ({
  rateLimitType,
  interval: 'MINUTE',
  intervalNum: 1,
  limit,
})

const orderTypes = ['LIMIT', 'MARKET']

function describeSymbol(instrument: Instrument) {
  const { symbol, baseAsset, quoteAsset, priceGrid, sizeGrid } = instrument
  return {
    symbol,
    pair: symbol,
    contractType: instrument.kind === 'spot' ? 'SPOT' : 'PERPETUAL',
    deliveryDate: 4_133_404_800_000,
    onboardDate: 1_600_000_000_000,
    status: 'TRADING',
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset,
    quoteAsset,
    marginAsset: quoteAsset,
    pricePrecision: priceGrid.decimals,
    quantityPrecision: sizeGrid.decimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    settlePlan: 0,
    triggerProtect: '0.0200',
    liquidationFee: '0.000000',
    marketTakeBound: marketTakeBound.toFixed(2),
    filters: filtersOf(instrument),
    OrderType: orderTypes,
    orderTypes,
    timeInForce: ['GTC', 'IOC', 'GTX'],
  }
}

function filtersOf(instrument: Instrument) {
  const price = (ticks: number) => priceText(instrument, ticks)
  const size = (lots: number) => sizeText(instrument, lots)
  return [
    {
      filterType: 'PRICE_FILTER',
      minPrice: price(instrument.priceTicksMin),
      maxPrice: price(instrument.priceTicksMax),
      tickSize: price(1),
    },
    {
      filterType: 'LOT_SIZE',
      minQty: size(instrument.sizeLotsMin),
      maxQty: size(instrument.sizeLotsMax),
      stepSize: size(1),
    },
    {
      filterType: 'MARKET_LOT_SIZE',
      minQty: size(instrument.marketSizeLotsMin),
      maxQty: size(instrument.marketSizeLotsMax),
      stepSize: size(1),
    },
    { filterType: 'MAX_NUM_ORDERS', limit: instrument.openOrdersMax },
    { filterType: 'MAX_NUM_ALGO_ORDERS', limit: 100 },
    {
      filterType: 'PERCENT_PRICE',
      multiplierUp: instrument.priceRatioMax.toFixed(4),
      multiplierDown: instrument.priceRatioMin.toFixed(4),
      multiplierDecimal: '4',
    },
    { filterType: 'MIN_NOTIONAL', notional: trimZeros(moneyText(instrument.notionalE8Min)) },
  ]
}

const trimZeros = (text: string): string => text.replace(/\.?0+$/, '')
