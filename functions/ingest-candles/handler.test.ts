import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { functionPorts, kline, noonMs, scheduledAtUs } from '../scripted-market.fixture.ts'
import { ingestCandles } from './handler.ts'

const bitcoin = { symbols: ['BTCUSDT'], interval: '1m', lookback: 3 }

test('stores the closed candles of the lookback and leaves the open one out', async () => {
  const ports = functionPorts()
  const report = await ingestCandles(bitcoin, scheduledAtUs, ports)
  expect(report).toEqual({
    function: 'ingest-candles',
    venue: 'aster',
    interval: '1m',
    candles: 3,
    missing: {},
  })
  const rows = ports.warehouse.rowsOf('candles')
  expect(rows.map(({ open_time }) => (Number(open_time) / 1_000 - noonMs) / 60_000)).toEqual([
    -3, -2, -1,
  ])
  expect(rows[0]).toEqual({
    venue: 'aster',
    symbol: 'BTCUSDT',
    interval: '1m',
    open_time: (noonMs - 180_000) * 1_000,
    open: 64_000,
    high: 64_010.5,
    low: 63_990.1,
    close: 64_001,
    volume: 12.345,
    quote_volume: 790_000.12,
    trades: 321,
  })
})

test('a candle that closes in the very millisecond of the call is still open', async () => {
  const ports = functionPorts({ klines: async () => [kline(noonMs - 60_000)] })
  const report = await ingestCandles(bitcoin, ((noonMs - 1) * 1_000) as Micros, ports)
  expect(report).toMatchObject({ candles: 0, missing: { BTCUSDT: 3 } })
})

test('one that ended less than five seconds ago may still change, and is left to the next run', async () => {
  const provisional = kline(noonMs - 60_000, { high: 64_005, volume: 4, tradeCount: 5 })
  const final = kline(noonMs - 60_000)
  const ports = (candle: typeof final) => functionPorts({ klines: async () => [candle] })
  const before = ports(provisional)
  const sharpAtNoon = (noonMs * 1_000) as Micros
  expect(await ingestCandles(bitcoin, sharpAtNoon, before)).toMatchObject({ candles: 0 })
  expect(await ingestCandles(bitcoin, (scheduledAtUs - 1_000) as Micros, before)).toMatchObject({
    candles: 0,
  })
  const after = ports(final)
  await ingestCandles(bitcoin, scheduledAtUs, after)
  expect(after.warehouse.rowsOf('candles')).toMatchObject([{ high: 64_010.5, trades: 321 }])
})

test('the same scheduled time twice, and the next one, leave each candle once', async () => {
  const ports = functionPorts()
  await ingestCandles(bitcoin, scheduledAtUs, ports)
  await ingestCandles(bitcoin, scheduledAtUs, ports)
  expect(ports.warehouse.rowsOf('candles')).toHaveLength(3)
})

test('a late repetition stores nothing newer than its scheduled time', async () => {
  const ports = functionPorts()
  const anHourAgo = (scheduledAtUs - 3_600_000_000) as Micros
  await ingestCandles(bitcoin, anHourAgo, ports)
  const openTimes = ports.warehouse.rowsOf('candles').map(({ open_time }) => Number(open_time))
  expect(Math.max(...openTimes)).toBe((noonMs - 3_600_000 - 60_000) * 1_000)
})

test('candles the venue does not have are counted, not invented', async () => {
  const ports = functionPorts({ klines: async () => [kline(noonMs - 60_000)] })
  const report = await ingestCandles(bitcoin, scheduledAtUs, ports)
  expect(report).toMatchObject({ candles: 1, missing: { BTCUSDT: 2 } })
})

test.each([
  [{ symbols: [] }, 'symbols'],
  [{ symbols: ['btc usdt'] }, 'symbols.0: wants upper-case'],
  [{ symbols: Array(51).fill('BTCUSDT') }, 'symbols'],
  [{ interval: '7m' }, 'interval'],
  [{ lookback: 0 }, 'lookback'],
  [{ lookback: 1.5 }, 'lookback'],
  [{ lookback: 10_000 }, 'lookback'],
  [{ depth: 3 }, 'depth'],
  ['all', 'input'],
])('refuses %j and asks the venue nothing', async (input, field) => {
  let asked = 0
  const ports = functionPorts({
    klines: async () => {
      asked += 1
      return []
    },
  })
  const failure = await ingestCandles(input, scheduledAtUs, ports).catch((error) => error)
  expect(failure).toMatchObject({ code: 'OPTION_INVALID' })
  expect(failure.message).toContain(field)
  expect(failure.message).not.toContain('\n')
  expect(asked).toBe(0)
})

test.each([
  { high: 63_000 },
  { low: 64_000.5 },
  { low: 0 },
  { open: Number.NaN },
  { volume: -1 },
  { close: Number.POSITIVE_INFINITY },
])('a candle that cannot be (%j) is an error and nothing of it is stored', async (wrong) => {
  const ports = functionPorts({ klines: async () => [kline(noonMs - 60_000, wrong)] })
  await expect(ingestCandles(bitcoin, scheduledAtUs, ports)).rejects.toMatchObject({
    code: 'WIRE_SHAPE_UNKNOWN',
    message: expect.stringContaining('BTCUSDT 1m candle 2026-11-21T11:59:00.000Z'),
  })
  expect(ports.warehouse.rowsOf('candles')).toEqual([])
})

test('a symbol that fails does not hold up the others, and the call says so', async () => {
  const ports = functionPorts({
    klines: async (symbol) => {
      if (symbol === 'BADUSDT') throw new TradingError('VENUE_REFUSED', 'no such symbol')
      return [kline(noonMs - 60_000)]
    },
  })
  const input = { ...bitcoin, symbols: ['BTCUSDT', 'BADUSDT', 'ETHUSDT'] }
  await expect(ingestCandles(input, scheduledAtUs, ports)).rejects.toMatchObject({
    code: 'VENUE_REFUSED',
    message: '1 of 3 symbols failed, the first: no such symbol',
  })
  expect(ports.warehouse.rowsOf('candles').map(({ symbol }) => symbol)).toEqual([
    'BTCUSDT',
    'ETHUSDT',
  ])
})
