import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { SecondMarketReader } from '../public-market.ts'
import { functionPorts, noonMs, premium, scheduledAtUs } from '../scripted-market.fixture.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { ingestMarket } from './handler.ts'
import { differenceBps } from './reading.ts'

const input = { symbols: ['BTCUSDT', 'ETHUSDT'] }
const silence = async () => {
  throw new TradingError('VENUE_UNREACHABLE', 'no answer')
}

const second = (other: Partial<SecondMarketReader> = {}): SecondMarketReader => ({
  source: 'binance',
  premiumIndex: async () => [premium('BTCUSDT', { markPrice: 64_010 }), premium('ETHUSDT')],
  openInterest: async (symbol) => ({ symbol, openInterest: 80_000, timeMs: noonMs }),
  longShortRatio: async (symbol) => ({
    symbol,
    longShare: 0.6,
    shortShare: 0.4,
    longShortRatio: 1.5,
    timeMs: noonMs,
  }),
  ...other,
})

const interest = async (symbol: string) => ({ symbol, openInterest: 1_234.5, timeMs: noonMs })

async function world(
  market: Parameters<typeof functionPorts>[0] = {},
  secondMarket: SecondMarketReader | undefined = second(),
) {
  const ports = {
    ...functionPorts({ openInterest: interest, ...market }),
    secondMarket,
    warehouse: await testWarehouse(),
  }
  return { ports, alerts: () => ports.bus.said('alerts') }
}

test('stores both sources under the scheduled time', async () => {
  const { ports, alerts } = await world()
  expect(await ingestMarket(input, scheduledAtUs, ports)).toMatchObject({
    sources: ['aster', 'binance'],
    marks: 4,
    openInterest: 2,
    longShortRatios: 2,
    failed: [],
    notGiven: {},
  })
  const marks = await ports.warehouse.rowsOf('mark_prices')
  expect(marks.map(({ source, symbol, mark_price }) => [source, symbol, mark_price])).toEqual([
    ['aster', 'BTCUSDT', 64000.12345678],
    ['aster', 'ETHUSDT', 64000.12345678],
    ['binance', 'BTCUSDT', 64_010],
    ['binance', 'ETHUSDT', 64000.12345678],
  ])
  expect(marks[0]?.observed_at).toBe('2026-11-21T12:00:05.000000Z')
  const [ratio] = await ports.warehouse.rowsOf('long_short_ratios')
  expect(ratio).toMatchObject({ source: 'binance', long_share: 0.6, long_short_ratio: 1.5 })
  expect(alerts()).toEqual([])
})

test('a second delivery of the same time changes nothing', async () => {
  const { ports } = await world()
  await ingestMarket(input, scheduledAtUs, ports)
  await ingestMarket(input, scheduledAtUs, ports)
  expect(await ports.warehouse.rowsOf('mark_prices')).toHaveLength(4)
  expect(await ports.warehouse.rowsOf('open_interest')).toHaveLength(2)
})

test('when the venue is silent the second source stands in under its own name, told once', async () => {
  let isSilent = true
  const { ports, alerts } = await world({
    premiumIndex: async () =>
      isSilent ? await silence() : [premium('BTCUSDT'), premium('ETHUSDT')],
    openInterest: async (symbol) => (isSilent ? await silence() : await interest(symbol)),
  })
  const minute = (n: number) => (scheduledAtUs + n * 60_000_000) as Micros
  const run = (n: number) => {
    const clock = { nowUs: () => minute(n) }
    return ingestMarket(input, minute(n), { ...ports, clock })
  }
  expect(await run(0)).toMatchObject({ marks: 2, openInterest: 2 })
  expect(await run(1)).toMatchObject({ marks: 2 })
  const marks = await ports.warehouse.rowsOf('mark_prices')
  expect(new Set(marks.map(({ source }) => source))).toEqual(new Set(['binance']))
  const first = alerts().filter(({ summary }) => String(summary).includes('premiumIndex'))
  expect(first).toHaveLength(1)
  expect(first[0]).toMatchObject({ alert: 'data-quality', severity: 'warning' })

  isSilent = false
  await run(2)
  const resolved = alerts().filter(({ severity }) => severity === 'resolved')
  expect(resolved.map(({ dedupe_key }) => dedupe_key)).toContain(first[0]?.dedupe_key)
  const said = alerts().length
  await run(3)
  expect(alerts()).toHaveLength(said)
})

test('no mark from anywhere is an error and a row, never a zero', async () => {
  const { ports } = await world({ premiumIndex: silence }, second({ premiumIndex: silence }))
  await expect(ingestMarket(input, scheduledAtUs, ports)).rejects.toMatchObject({
    code: 'VENUE_UNREACHABLE',
  })
  expect(await ports.warehouse.rowsOf('mark_prices')).toEqual([])
  const failed = (await ports.warehouse.rowsOf('data_checks')).filter(({ is_ok }) => !is_ok)
  expect(failed.map(({ subject }) => subject)).toEqual([
    'aster premiumIndex',
    'binance premiumIndex',
  ])
})

test.each([
  [{ markPrice: 0 }, 'zero'],
  [{ markPrice: Number.NaN }, 'NaN'],
  [{ indexPrice: -1 }, '-1'],
  [{ timeMs: noonMs - 600_000 }, '605 s old'],
])('a quote that cannot be (%j) is not stored and said', async (wrong, words) => {
  const { ports } = await world(
    { premiumIndex: async () => [premium('BTCUSDT', wrong), premium('ETHUSDT')] },
    undefined,
  )
  await expect(
    ingestMarket(input, scheduledAtUs, { ...ports, secondMarket: undefined }),
  ).rejects.toThrow(words)
  const marks = await ports.warehouse.rowsOf('mark_prices')
  expect(marks.map(({ symbol }) => symbol)).toEqual(['ETHUSDT'])
})

test('marks that are too far apart are a failed check and an alert', async () => {
  const { ports, alerts } = await world(
    {},
    second({
      premiumIndex: async () => [premium('BTCUSDT', { markPrice: 64_700 }), premium('ETHUSDT')],
    }),
  )
  await ingestMarket(input, scheduledAtUs, ports)
  const [check] = (await ports.warehouse.rowsOf('data_checks')).filter(({ is_ok }) => !is_ok)
  expect(check).toMatchObject({ check_name: 'mark-disagreement', subject: 'BTCUSDT', allowed: 50 })
  expect(check?.observed).toBeCloseTo(108.76, 2)
  expect(alerts()).toHaveLength(1)
})

test('a venue that tells less is not a fault', async () => {
  const { ports, alerts } = await world({ openInterest: undefined }, undefined)
  expect(
    await ingestMarket(input, scheduledAtUs, { ...ports, secondMarket: undefined }),
  ).toMatchObject({
    marks: 2,
    failed: [],
    notGiven: { openInterest: 'aster does not tell it', longShortRatios: 'aster has none' },
  })
  expect(alerts()).toEqual([])
})

test('a call that comes an hour late stores nothing of now under then', async () => {
  const { ports } = await world()
  const late = (scheduledAtUs - 3_600_000_000) as Micros
  expect(await ingestMarket(input, late, ports)).toHaveProperty('skipped')
  expect(await ports.warehouse.rowsOf('mark_prices')).toEqual([])
})

test('the distance of two prices is symmetric, zero for equal ones, and 10,000 bps per mean', () => {
  const price = fc.double({ min: 0.01, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(price, price, (a, b) => {
      expect(differenceBps(a, b)).toBe(differenceBps(b, a))
      expect(differenceBps(a, a)).toBe(0)
      expect(differenceBps(a, b)).toBeLessThanOrEqual(20_000)
    }),
  )
  expect(differenceBps(100.5, 99.5)).toBeCloseTo(100, 10)
})
