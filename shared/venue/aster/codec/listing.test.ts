import { expect, test } from 'vitest'
import { readFees, readFundingHours, readListings } from './listing.ts'

const symbol = (over: object = {}) => ({
  symbol: 'BTCUSDT',
  contractType: 'PERPETUAL',
  status: 'TRADING',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  pricePrecision: 8,
  OrderType: ['LIMIT'],
  timeInForce: ['GTC', 'IOC', 'GTX'],
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.50', maxPrice: '1000000.07', tickSize: '0.10' },
    { filterType: 'LOT_SIZE', minQty: '0.001', maxQty: '1000', stepSize: '0.001' },
    { filterType: 'MARKET_LOT_SIZE', minQty: '0.001', maxQty: '120', stepSize: '0.001' },
    { filterType: 'MAX_NUM_ORDERS', limit: 150 },
    {
      filterType: 'PERCENT_PRICE',
      multiplierUp: '1.15',
      multiplierDown: '0.85',
      multiplierDecimal: '4',
    },
    { filterType: 'MIN_NOTIONAL', notional: '5' },
    { filterType: 'SOMETHING_NEW', other: true },
  ],
  ...over,
})
const exchange = (...symbols: object[]) => ({
  timezone: 'UTC',
  rateLimits: [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2_400 },
    { rateLimitType: 'ORDERS', interval: 'TEN_SECONDS', intervalNum: 1, limit: 300 },
    { rateLimitType: 'RAW_REQUEST', interval: 'MINUTE', intervalNum: 5, limit: 6_000 },
  ],
  symbols,
})
const hours = new Map([['BTCUSDT', 4]])

test('a perpetual is read with every filter, its funding interval and exact grids', () => {
  const { listings, leftOut, rateLimits } = readListings(exchange(symbol()), hours)
  expect(leftOut).toEqual([])
  expect(listings).toEqual([
    {
      symbol: 'BTCUSDT',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      kind: 'perpetual',
      priceGrid: { decimals: 1, step: 1 },
      sizeGrid: { decimals: 3, step: 1 },
      tickLotE8: 10_000n,
      priceTicksMin: 5,
      priceTicksMax: 10_000_000,
      sizeLotsMin: 1,
      sizeLotsMax: 1_000_000,
      marketSizeLotsMin: 1,
      marketSizeLotsMax: 120_000,
      notionalE8Min: 500_000_000n,
      priceRatioMax: 1.15,
      priceRatioMin: 0.85,
      openOrdersMax: 150,
      makerFeePpm: 200,
      takerFeePpm: 400,
      fundingIntervalHours: 4,
    },
  ])
  expect(rateLimits.map(({ resource, limit }) => [resource, limit])).toEqual([
    ['weight', 2_400],
    ['orders', 300],
  ])
})

test('the newer spelling of order types is read as well', () => {
  const { OrderType, ...rest } = symbol()
  expect(readListings(exchange({ ...rest, orderTypes: OrderType }), hours).listings).toHaveLength(1)
})

test('a spot listing has no funding, even when an interval is stated', () => {
  const { listings } = readListings(exchange(symbol({ contractType: 'SPOT' })), hours)
  expect(listings[0]).toMatchObject({ kind: 'spot', fundingIntervalHours: undefined })
})

const filtersWith = (filterType: string, over: object) =>
  symbol().filters.map((f) => (f.filterType === filterType ? { ...f, ...over } : f))

test.each([
  ['TEST', symbol({ symbol: 'TESTUSDT' }), /venue’s own/],
  ['a closed market', symbol({ status: 'SETTLING' }), /SETTLING/],
  ['a delivery contract', symbol({ contractType: 'CURRENT_QUARTER' }), /not perpetual/],
  ['a perpetual without funding interval', symbol({ symbol: 'ETHUSDT' }), /no funding interval/],
  [
    'a grid too fine for exact books',
    symbol({
      filters: filtersWith('PRICE_FILTER', { tickSize: '0.0000001', minPrice: '0.0000001' }),
    }),
    /below 1e-8/,
  ],
  [
    'a smallest price off its own grid',
    symbol({ filters: filtersWith('PRICE_FILTER', { minPrice: '0.55' }) }),
    /between two steps/,
  ],
  [
    'a missing filter',
    symbol({ filters: symbol().filters.filter((f) => f.filterType !== 'MIN_NOTIONAL') }),
    /MIN_NOTIONAL/,
  ],
])('%s is left out, with the reason', (_, entry, reason) => {
  const { listings, leftOut } = readListings(exchange(entry), hours)
  expect(listings).toEqual([])
  expect(leftOut[0]?.reason).toMatch(reason)
})

test('one symbol that cannot be kept does not take the others with it', () => {
  const report = readListings(exchange(symbol({ symbol: 'TESTX' }), symbol()), hours)
  expect(report.listings.map((l) => l.symbol)).toEqual(['BTCUSDT'])
})

test('a reply without symbols names the field', () => {
  expect(() => readListings({ rateLimits: [] }, hours)).toThrow(/exchangeInfo: field 'symbols'/)
})

test('funding intervals are what the venue says, not 8', () => {
  const rows = [
    { symbol: 'A', fundingIntervalHours: 8, interestRate: '0.0001', fundingFeeCap: 0.03 },
    { symbol: 'B', fundingIntervalHours: 1 },
  ]
  expect([...readFundingHours(rows)]).toEqual([
    ['A', 8],
    ['B', 1],
  ])
  expect(() => readFundingHours([{ symbol: 'A' }])).toThrow(/fundingIntervalHours/)
})

test('fees are millionths, rebates negative', () => {
  expect(
    readFees({ symbol: 'A', makerCommissionRate: '-0.000015', takerCommissionRate: '0.00035' }),
  ).toEqual({ makerFeePpm: -15, takerFeePpm: 350 })
})
