import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Approved, Order } from '#shared/trading/order/order.ts'
import { exampleInstrument } from '../fixture.ts'
import {
  entryCostE8,
  feeFromWire,
  readIncome,
  readPositions,
  readUserTrades,
  readWalletE8,
} from './account.ts'
import { placeParams, readOrder } from './order.ts'
import { readUserMessage } from './user-event.ts'
import { parseWire } from './wire.ts'

const instrument = exampleInstrument()
const bySymbol = new Map([[instrument.symbol, instrument]])

test('an order is sent as documented, reduce-only only when it is', () => {
  const order = {
    clientOrderId: 'g:1/2_a',
    strategy: 'glft',
    instrumentId: 0,
    side: 'sell',
    timeInForce: 'GTX',
    priceTicks: 645_001,
    sizeLots: 20,
    reduceOnly: false,
  } as Approved<Order>
  expect(placeParams(order, instrument)).toEqual([
    ['symbol', 'BTCUSDT'],
    ['side', 'SELL'],
    ['type', 'LIMIT'],
    ['timeInForce', 'GTX'],
    ['quantity', '0.020'],
    ['price', '64500.1'],
    ['newClientOrderId', 'g:1/2_a'],
    ['newOrderRespType', 'RESULT'],
  ])
  expect(placeParams({ ...order, reduceOnly: true }, instrument).at(-1)).toEqual([
    'reduceOnly',
    'true',
  ])
})

test('long ids keep every digit, and text that looks like one is left alone', () => {
  const text =
    '{"clientOrderId":"x,12345678901234567890","orderId":8389765590000000123,"symbol":"BTCUSDT","status":"NEW","executedQty":"0","updateTime":1760000000000}'
  const order = readOrder(parseWire(text), instrument)
  expect(order.venueOrderId).toBe('8389765590000000123')
  expect(order.clientOrderId).toBe('x,12345678901234567890')
  expect(parseWire('[1760000000000,-9007199254740991]')).toEqual([1760000000000, -9007199254740991])
})

test.each([
  ['NEW', 'working'],
  ['PARTIALLY_FILLED', 'working'],
  ['FILLED', 'filled'],
  ['CANCELED', 'canceled'],
  ['EXPIRED', 'expired'],
  ['REJECTED', 'rejected'],
])('status %s is %s', (status, expected) => {
  const raw = {
    clientOrderId: 'a',
    orderId: 1,
    symbol: 'BTCUSDT',
    status,
    executedQty: '0.005',
    updateTime: 5,
    extra: 1,
  }
  expect(readOrder(raw, instrument)).toMatchObject({ status: expected, filledLots: 5 })
})

test('an order reply without status names the field, and HTML is no reply', () => {
  expect(() => readOrder({ clientOrderId: 'a' }, instrument)).toThrow(
    /order reply: field 'orderId'/,
  )
  expect(() => parseWire('<html>Bad gateway</html>')).toThrow(
    expect.objectContaining({ code: 'WIRE_SHAPE_UNKNOWN' }),
  )
})

test('the wallet of an asset that was never held is empty', () => {
  const rows = [{ asset: 'USDT', balance: '1000.12345678', availableBalance: '3' }]
  expect(readWalletE8(rows, 'USDT')).toBe(100_012_345_678n)
  expect(readWalletE8(rows, 'USDF')).toBe(0n)
})

const position = {
  symbol: 'BTCUSDT',
  positionAmt: '-0.250',
  entryPrice: '64000.333333333',
  positionSide: 'BOTH',
  updateTime: 1,
  leverage: '20',
}
test('positions are signed; hedge mode is refused', () => {
  expect(readPositions([position])[0]).toMatchObject({ amount: '-0.250' })
  expect(() => readPositions([{ ...position, positionSide: 'LONG' }])).toThrow(/hedge mode/)
})

test('the cost of a position is amount × entry, rounded once', () => {
  expect(entryCostE8('-0.250', '64000.333333333')).toBe(-1_600_008_333_333n)
  expect(entryCostE8('0', '0.0')).toBe(0n)
  fc.assert(
    fc.property(
      fc.integer({ min: -1e6, max: 1e6 }),
      fc.integer({ min: 1, max: 1e8 }),
      (lots, ticks) => {
        const amount = `${lots < 0 ? '-' : ''}${Math.floor(Math.abs(lots) / 1_000)}.${String(Math.abs(lots) % 1_000).padStart(3, '0')}`
        const price = `${Math.floor(ticks / 10)}.${ticks % 10}`
        expect(entryCostE8(amount, price)).toBe(BigInt(lots) * BigInt(ticks) * 10_000n)
      },
    ),
  )
})

test('income keeps sign, kind and id', () => {
  const row = {
    symbol: 'BTCUSDT',
    incomeType: 'FUNDING_FEE',
    income: '-0.37500000',
    asset: 'USDT',
    info: '',
    time: 1570636800000,
    tranId: 9689322392,
    tradeId: '',
  }
  expect(readIncome([row])).toEqual([
    {
      symbol: 'BTCUSDT',
      incomeType: 'FUNDING_FEE',
      amountE8: -37_500_000n,
      asset: 'USDT',
      transactionId: 9689322392,
      timeMs: 1570636800000,
    },
  ])
  expect(() => readIncome([{ ...row, tranId: '90071992547409930' }])).toThrow(/too large/)
})

test.each([
  ['-0.5', true, 200, 50_000_000n],
  ['0.5', true, 200, 50_000_000n],
  ['-0.5', true, -15, -50_000_000n],
  ['0.5', true, -15, -50_000_000n],
  ['0.5', false, -15, 50_000_000n],
  ['0', true, -15, 0n],
])('a fee written %s (maker %s at %i ppm) costs %s', (amount, isMaker, makerFeePpm, expected) => {
  expect(feeFromWire(amount, 'USDT', isMaker, { ...instrument, makerFeePpm })).toBe(expected)
})

test('a fee in another asset is an error, because the books could not add it', () => {
  expect(() => feeFromWire('0.5', 'ASTER', true, instrument)).toThrow(/charged in ASTER/)
})

test('an execution reads the same from the list and from the stream', () => {
  const listed = readUserTrades(
    [
      {
        id: 698759,
        orderId: 25851813,
        side: 'SELL',
        price: '64500.1',
        qty: '0.002',
        quoteQty: '129.0002',
        maker: true,
        buyer: false,
        commission: '-0.02580004',
        commissionAsset: 'USDT',
        realizedPnl: '1.5',
        positionSide: 'BOTH',
        time: 1569514978020,
        symbol: 'BTCUSDT',
      },
    ],
    instrument,
  )
  const pushed = readUserMessage(
    {
      e: 'ORDER_TRADE_UPDATE',
      E: 1569514978030,
      T: 1569514978020,
      o: {
        s: 'BTCUSDT',
        c: 'mine',
        S: 'SELL',
        x: 'TRADE',
        X: 'PARTIALLY_FILLED',
        i: 25851813,
        l: '0.002',
        z: '0.002',
        L: '64500.1',
        N: 'USDT',
        n: '0.02580004',
        T: 1569514978020,
        t: 698759,
        m: true,
        rp: '1.5',
      },
    },
    bySymbol,
  )
  expect(pushed).toMatchObject({ kind: 'order', clientOrderId: 'mine', status: 'working' })
  expect(pushed.kind === 'order' && pushed.execution).toEqual(listed[0])
})

test('account updates give wallets and their reason; other frames are told apart', () => {
  expect(
    readUserMessage(
      {
        e: 'ACCOUNT_UPDATE',
        E: 2,
        T: 1,
        a: { m: 'FUNDING_FEE', B: [{ a: 'USDT', wb: '122624.12345678', cw: '100', bc: '-1' }] },
      },
      bySymbol,
    ),
  ).toEqual({
    kind: 'account',
    eventTimeUs: 1_000,
    reason: 'FUNDING_FEE',
    wallets: [{ asset: 'USDT', walletE8: 12_262_412_345_678n }],
  })
  expect(readUserMessage({ e: 'listenKeyExpired', E: 1 }, bySymbol).kind).toBe('listen-key-expired')
  expect(readUserMessage({ e: 'MARGIN_CALL', E: 1 }, bySymbol).kind).toBe('ignored')
  expect(() => readUserMessage({ E: 1 }, bySymbol)).toThrow(/user stream frame: field 'e'/)
})
