import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { functionPorts, noonMs, scheduledAtUs } from '../scripted-market.fixture.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { checkMarketRows } from './handler.ts'

const minuteMs = 60_000
const input = { symbols: ['BTCUSDT'] }

const candle = (minutesAgo: number) => ({
  venue: 'aster',
  symbol: 'BTCUSDT',
  interval: '1m',
  open_time: (noonMs - minutesAgo * minuteMs) * 1_000,
  open: 1,
  high: 1,
  low: 1,
  close: 1,
  volume: 1,
  quote_volume: 1,
  trades: 1,
})

/** Everything fresh, with the candles of the minutes given. */
async function world(minutesAgo: readonly number[], markOther = 100) {
  const warehouse = await testWarehouse()
  await warehouse.fill('candles', minutesAgo.map(candle))
  const observed_at = (noonMs - minuteMs) * 1_000
  const row = { symbol: 'BTCUSDT', observed_at }
  await warehouse.fill('mark_prices', [
    { ...row, source: 'aster', mark_price: 100, index_price: 100 },
    { ...row, source: 'binance', mark_price: markOther, index_price: 100 },
  ])
  await warehouse.fill('open_interest', [{ ...row, source: 'aster', open_interest: 5 }])
  await warehouse.fill('funding_rates', [
    {
      ...row,
      venue: 'aster',
      rate: 0,
      interval_hours: 8,
      annualised_rate: 0,
      mark_price: 1,
      index_price: 1,
      next_funding_time: observed_at,
    },
  ])
  return { ...functionPorts(), warehouse }
}

test('good data gives good rows and no word', async () => {
  const ports = await world([5, 4, 3, 2, 1])
  expect(await checkMarketRows(input, scheduledAtUs, ports)).toEqual({
    function: 'check-data',
    checks: 6,
    failed: [],
  })
  expect(await ports.warehouse.rowsOf('data_checks')).toHaveLength(6)
  expect(ports.bus.said('alerts')).toEqual([])
})

test('a missing candle is counted, told once, and resolved under the same key', async () => {
  const ports = await world([5, 4, 1])
  expect(await checkMarketRows(input, scheduledAtUs, ports)).toMatchObject({
    failed: [expect.stringContaining('candle-gap BTCUSDT: 2 of 5 minute candles are missing')],
  })
  const again = (scheduledAtUs + 60_000_000) as Micros
  await checkMarketRows(input, again, ports)
  expect(ports.bus.said('alerts')).toHaveLength(1)
  await ports.warehouse.fill('candles', [candle(3), candle(2)])
  await checkMarketRows(input, (scheduledAtUs + 90_000_000) as Micros, ports)
  const alerts = ports.bus.said('alerts')
  expect(alerts.map(({ severity }) => severity)).toEqual(['warning', 'resolved'])
  expect(alerts[1]?.dedupe_key).toBe(alerts[0]?.dedupe_key)
})

test('a table that stopped growing is stale, and one that is empty has no figure', async () => {
  const ports = await world([9, 8, 7, 6])
  await checkMarketRows({ symbols: ['BTCUSDT', 'ETHUSDT'] }, scheduledAtUs, ports)
  const failed = (await ports.warehouse.rowsOf('data_checks')).filter(({ is_ok }) => !is_ok)
  expect(failed.map(({ subject, observed }) => [subject, observed])).toEqual([
    ['candles BTCUSDT', 365],
    ['candles ETHUSDT', null],
    ['funding_rates ETHUSDT', null],
    ['mark_prices ETHUSDT', null],
    ['open_interest ETHUSDT', null],
  ])
})

test('sources that differ all the time are found below the limit of a single minute', async () => {
  const ports = await world([2, 1], 100.3)
  expect(await checkMarketRows(input, scheduledAtUs, ports)).toMatchObject({
    failed: [expect.stringContaining('mark-bias BTCUSDT: 29.96 bps apart')],
  })
})

test('what was before this system was opened is not looked at', async () => {
  const ports = await world([50, 49, 2, 1])
  const openedUs = ((noonMs - 3 * minuteMs) * 1_000) as Micros
  expect(await checkMarketRows(input, scheduledAtUs, { ...ports, openedUs })).toMatchObject({
    failed: [],
  })
})
