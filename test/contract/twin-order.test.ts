import { expect, test } from 'vitest'
import { type Bench, createBench, seed } from '#services/twin/client.fixture.ts'
import { demoAccounts } from '#services/twin/demo.ts'

type Row = Record<string, string>

const scaled = (text: string): bigint => BigInt(text.replace('.', ''))
const limit = (rest: Record<string, string | number> = {}) => ({
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.01',
  price: '63500.0',
  ...rest,
})
const market = (side: string, quantity: string) => ({
  symbol: 'BTCUSDT',
  side,
  type: 'MARKET',
  quantity,
})

function running(options: Parameters<typeof createBench>[0] = {}): Bench {
  const bench = createBench(options)
  bench.pass(1_000_000)
  return bench
}

test.each([
  ['an unknown symbol', { symbol: 'NOPEUSDT' }, -1121],
  ['a price between two ticks', { price: '63500.05' }, -4014],
  ['a size between two steps', { quantity: '0.0105' }, -4023],
  ['size 0', { quantity: '0' }, -4003],
  ['too much size', { quantity: '1000' }, -4005],
  ['price 0', { price: '0' }, -4001],
  ['a price above the largest', { price: '99999999.0' }, -4002],
  ['a buy too far above the mark', { price: '70000.0' }, -4016],
  ['a sell too far below the mark', { side: 'SELL', price: '50000.0' }, -4024],
  ['too little value', { quantity: '0.001', price: '4000.0' }, -4164],
  ['more than the margin', { quantity: '10' }, -2019],
  ['reduce-only without a position', { reduceOnly: 'true' }, -2022],
  ['an unknown side', { side: 'HOLD' }, -1117],
  ['an unknown type', { type: 'STOP' }, -1116],
  ['fill-or-kill', { timeInForce: 'FOK' }, -1115],
  ['a position side in one-way mode', { positionSide: 'LONG' }, -4061],
  ['a parameter that is foreign to the type', { stopPrice: '63000.0' }, -1106],
  ['a client id with a space', { newClientOrderId: 'a b' }, -1100],
  ['a client id of 37 letters', { newClientOrderId: 'x'.repeat(37) }, -4015],
  ['a price that is no number', { price: 'cheap' }, -1102],
])('refuses %s', (_what, change, code) => {
  const bench = running()
  expect(bench.perp.send('POST', '/order', limit(change))).toMatchObject({
    status: 400,
    body: { code },
  })
  expect(bench.perp.send('GET', '/openOrders')).toMatchObject({ body: [] })
})

test('exchangeInfo states the very filters that orders meet', () => {
  const { body } = running().open('/exchangeInfo')
  expect(body).toMatchObject({
    futuresType: 'U_MARGINED',
    rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', limit: 2_400 }, { rateLimitType: 'ORDERS' }],
    symbols: [
      {
        symbol: 'BTCUSDT',
        contractType: 'PERPETUAL',
        filters: [
          { filterType: 'PRICE_FILTER', tickSize: '0.1', minPrice: '0.1' },
          { filterType: 'LOT_SIZE', stepSize: '0.001', minQty: '0.001' },
          { filterType: 'MARKET_LOT_SIZE' },
          { filterType: 'MAX_NUM_ORDERS', limit: 200 },
          { filterType: 'MAX_NUM_ALGO_ORDERS' },
          { filterType: 'PERCENT_PRICE', multiplierUp: '1.0500', multiplierDown: '0.9500' },
          { filterType: 'MIN_NOTIONAL', notional: '5' },
        ],
      },
      { symbol: 'BTCSPOT', contractType: 'SPOT' },
    ],
  })
})

test('order, fill, user stream, trades, income, balance and position tell one story', () => {
  const bench = running({ fundingIntervalHours: 30 / 3_600 })
  const key = (bench.perp.send('POST', '/listenKey').body as Row).listenKey as string
  const { frames } = bench.listen(`/ws/${key}`)
  const bought = bench.perp.send('POST', '/order', {
    ...market('BUY', '2.5'),
    newOrderRespType: 'RESULT',
  })
  expect(bought.body).toMatchObject({ status: 'FILLED', executedQty: '2.500' })
  bench.pass(31_000_000)
  bench.perp.send('POST', '/order', market('SELL', '1.0'))
  bench.pass(31_000_000)

  const updates = frames as { e: string; o: Row; a: { m: string; B: Row[]; P: Row[] } }[]
  const fills = updates.filter(({ e, o }) => e === 'ORDER_TRADE_UPDATE' && o.x === 'TRADE')
  const trades = bench.perp.send('GET', '/userTrades', { symbol: 'BTCUSDT' }).body as Row[]
  expect(fills.map(({ o }) => [o.t, o.L, o.l, o.rp])).toEqual(
    trades.map((row) => [row.id, row.price, row.qty, row.realizedPnl]),
  )
  expect(fills.length).toBeGreaterThan(2)
  for (const { o } of fills) expect(scaled(o.n as string)).toBeGreaterThan(0n)

  const income = bench.perp.send('GET', '/income', { limit: 1_000 }).body as Row[]
  const wallet = income.reduce((sum, row) => sum + scaled(row.income as string), 0n)
  const [balance] = bench.perp.send('GET', '/balance').body as Row[]
  expect(scaled(balance?.balance as string)).toBe(wallet)
  const sumOf = (type: string) =>
    income
      .filter(({ incomeType }) => incomeType === type)
      .reduce((sum, row) => sum + scaled(row.income as string), 0n)
  expect(-sumOf('COMMISSION')).toBe(fills.reduce((sum, { o }) => sum + scaled(o.n as string), 0n))
  expect(sumOf('REALIZED_PNL')).toBe(fills.reduce((sum, { o }) => sum + scaled(o.rp as string), 0n))
  expect(income.filter(({ incomeType }) => incomeType === 'FUNDING_FEE')).toHaveLength(2)

  const accounts = updates.filter(({ e }) => e === 'ACCOUNT_UPDATE')
  expect(accounts.filter(({ a }) => a.m === 'FUNDING_FEE')).toHaveLength(2)
  expect(accounts.at(-1)?.a.B[0]?.wb).toBe(balance?.balance)
  const [position] = bench.perp.send('GET', '/positionRisk', { symbol: 'BTCUSDT' }).body as Row[]
  expect(position?.positionAmt).toBe('1.500')
  expect(accounts.filter(({ a }) => a.m === 'ORDER').at(-1)?.a.P[0]).toMatchObject({
    s: 'BTCUSDT',
    pa: '1.500',
    ep: position?.entryPrice,
  })
})

test('an acknowledgement says NEW whatever happened; the stream says what did', () => {
  const bench = running()
  const key = (bench.perp.send('POST', '/listenKey').body as Row).listenKey
  const { frames } = bench.listen(`/ws/${key}`)
  const crossing = limit({ timeInForce: 'GTX', price: '65000.0', newClientOrderId: 'glft:1/2' })
  expect(bench.perp.send('POST', '/order', crossing).body).toMatchObject({ status: 'NEW' })
  expect(frames).toMatchObject([
    { e: 'ORDER_TRADE_UPDATE', o: { x: 'NEW', X: 'NEW', c: 'glft:1/2' } },
    { e: 'ORDER_TRADE_UPDATE', o: { x: 'EXPIRED', X: 'EXPIRED', z: '0.000' } },
  ])
  const name = { symbol: 'BTCUSDT', origClientOrderId: 'glft:1/2' }
  expect(bench.perp.send('GET', '/order', name).body).toMatchObject({ status: 'EXPIRED' })
  expect(bench.perp.send('GET', '/openOrder', name).body).toMatchObject({ code: -2013 })
  expect(bench.perp.send('DELETE', '/order', name).body).toMatchObject({ code: -2011 })
})

test('orders rest in the visible book, and can be amended and canceled one by one or together', () => {
  const bench = running()
  const sent = bench.perp.send('POST', '/order', limit({ newClientOrderId: 'a' })).body as Row
  const depth = () =>
    (bench.open('/depth?symbol=BTCUSDT').body as { bids: [string, string][] }).bids
  expect(depth()).toContainEqual(['63500.0', '0.010'])
  expect(
    bench.perp.send('PUT', '/order', {
      symbol: 'BTCUSDT',
      orderId: sent.orderId as string,
      side: 'BUY',
      quantity: '0.02',
      price: '63400.0',
    }).body,
  ).toMatchObject({ orderId: sent.orderId, origQty: '0.020', price: '63400.0', status: 'NEW' })
  expect(depth()).not.toContainEqual(['63500.0', '0.010'])

  const batchOrders = JSON.stringify([limit({ newClientOrderId: 'b' }), limit({ price: '1' })])
  expect(bench.perp.send('POST', '/batchOrders', { batchOrders }).body).toMatchObject([
    { clientOrderId: 'b', status: 'NEW' },
    { code: -4164 },
  ])
  const origClientOrderIdList = JSON.stringify(['b', 'nope'])
  expect(
    bench.perp.send('DELETE', '/batchOrders', { symbol: 'BTCUSDT', origClientOrderIdList }).body,
  ).toMatchObject([{ clientOrderId: 'b', status: 'CANCELED' }, { code: -2011 }])
  expect(bench.perp.send('DELETE', '/allOpenOrders', { symbol: 'BTCUSDT' }).body).toMatchObject({
    code: '200',
  })
  expect(bench.perp.send('GET', '/openOrders').body).toEqual([])
  expect(bench.perp.send('GET', '/allOrders').body).toMatchObject([
    { clientOrderId: 'a', status: 'CANCELED' },
    { clientOrderId: 'b', status: 'CANCELED' },
  ])
})

test('the dead-man switch works through the protocol', () => {
  const bench = running()
  bench.perp.send('POST', '/order', limit())
  expect(
    bench.perp.send('POST', '/countdownCancelAll', { symbol: 'BTCUSDT', countdownTime: 5_000 })
      .body,
  ).toEqual({ symbol: 'BTCUSDT', countdownTime: '5000' })
  bench.pass(4_990_000)
  expect(bench.perp.send('GET', '/openOrders').body).toHaveLength(1)
  bench.pass(10_000)
  expect(bench.perp.send('GET', '/openOrders').body).toHaveLength(0)
})

test('a guarded cancel names the placing nonce, and burns it when the order never came', () => {
  const bench = running()
  const { perp } = bench
  const { signer } = demoAccounts(seed).perp
  const text = (params: Record<string, string>, nonceUs: number) =>
    perp.sign(`${new URLSearchParams(params)}&nonce=${nonceUs}&signer=${signer}`)
  const name = { symbol: 'BTCUSDT', origClientOrderId: 'g' }

  const placedUs = perp.nextNonceUs()
  const order = limit({ newClientOrderId: 'g' }) as Record<string, string>
  expect(perp.raw('POST', '/order', text(order, placedUs)).status).toBe(200)
  const guarded = perp.raw('DELETE', '/guardedCancelOrder', text(name, placedUs))
  expect(guarded.body).toMatchObject({ clientOrderId: 'g', status: 'CANCELED' })

  const lateUs = perp.nextNonceUs()
  expect(perp.raw('DELETE', '/guardedCancelOrder', text(name, lateUs)).body).toMatchObject({
    code: -2011,
  })
  expect(perp.raw('POST', '/order', text(order, lateUs)).body).toMatchObject({ code: -4225 })
})

test('a lost reply may or may not have been carried out', () => {
  const before = running({ faults: { lostBefore: 1 } })
  expect(before.perp.send('POST', '/order', limit())).toMatchObject({ status: 503 })
  expect(before.perp.send('GET', '/openOrders').body).toHaveLength(0)
  const after = running({ faults: { lostAfter: 1, dropped: 1 } })
  expect(after.perp.send('POST', '/order', limit())).toMatchObject({ status: 0 })
  expect(after.perp.send('GET', '/openOrders').body).toHaveLength(1)
})

test('two accounts trade with each other', () => {
  const bench = running()
  const { bids, asks } = bench.open('/depth?symbol=BTCUSDT&limit=5').body as {
    bids: [string, string][]
    asks: [string, string][]
  }
  // Inside the spread, so both meet before anybody outside.
  const price = ((Number(bids[0]?.[0]) + Number(asks[0]?.[0])) / 2).toFixed(1)
  bench.perp.send('POST', '/order', limit({ price, timeInForce: 'GTX' }))
  const taken = bench.hedge.send('POST', '/order', {
    ...limit({ price, side: 'SELL', timeInForce: 'IOC' }),
    newOrderRespType: 'RESULT',
  })
  expect(taken.body).toMatchObject({ status: 'FILLED', avgPrice: `${price}0000000` })
  const trades = (client: typeof bench.perp) =>
    client.send('GET', '/userTrades', { symbol: 'BTCUSDT' }).body as Row[]
  expect(trades(bench.perp)).toMatchObject([{ maker: true, buyer: true }])
  expect(trades(bench.hedge)).toMatchObject([{ maker: false, buyer: false }])
})
