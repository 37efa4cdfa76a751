import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { functionPorts, noonMs, premium, scheduledAtUs } from '../scripted-market.fixture.ts'
import { annualisedSimpleRate365, scanFunding } from './handler.ts'

test('0.01 % every 8 hours is 10.95 % a year, every hour 87.6 %', () => {
  expect(annualisedSimpleRate365(0.0001, 8)).toBeCloseTo(0.1095, 12)
  expect(annualisedSimpleRate365(0.0001, 1)).toBeCloseTo(0.876, 12)
  expect(annualisedSimpleRate365(-0.0003, 4)).toBeCloseTo(-0.657, 12)
})

test('annual rates scale with the rate and against the interval', () => {
  const rates = fc.double({ min: -0.03, max: 0.03, noNaN: true })
  fc.assert(
    fc.property(rates, fc.constantFrom(1, 2, 4, 8), (rate, hours) => {
      expect(annualisedSimpleRate365(rate, hours)).toBeCloseTo((rate * 8_760) / hours, 9)
      expect(annualisedSimpleRate365(rate, hours) * hours).toBeCloseTo(
        annualisedSimpleRate365(rate, 1),
        9,
      )
    }),
  )
})

test('stores every symbol with its own interval under the scheduled time', async () => {
  const ports = functionPorts()
  const report = await scanFunding({}, scheduledAtUs, ports)
  expect(report).toEqual({ function: 'scan-funding', venue: 'aster', rates: 2, skipped: {} })
  const [bitcoin, ether] = ports.warehouse.rowsOf('funding_rates')
  expect(bitcoin).toMatchObject({
    venue: 'aster',
    symbol: 'BTCUSDT',
    observed_at: scheduledAtUs,
    rate: 0.0001,
    interval_hours: 8,
    mark_price: 64_000.12345678,
    next_funding_time: (noonMs + 4 * 3_600_000) * 1_000,
  })
  expect(bitcoin?.annualised_rate).toBeCloseTo(0.1095, 12)
  expect(ether).toMatchObject({ rate: -0.0002, interval_hours: 4 })
  expect(ether?.annualised_rate).toBeCloseTo(-0.438, 12)
})

test('the same scheduled time twice leaves the same rows, the next minute adds its own', async () => {
  const ports = functionPorts()
  await scanFunding({}, scheduledAtUs, ports)
  await scanFunding({}, scheduledAtUs, ports)
  expect(ports.warehouse.rowsOf('funding_rates')).toHaveLength(2)
  await scanFunding({}, (scheduledAtUs + 60_000_000) as Micros, ports)
  expect(ports.warehouse.rowsOf('funding_rates')).toHaveLength(4)
})

test('what cannot be annualised is skipped and named, never given 8 hours', async () => {
  const ports = functionPorts({
    premiumIndex: async () => [
      premium('BTCUSDT'),
      premium('NEWUSDT'),
      premium('SPOTUSDT', { nextFundingTimeMs: 0 }),
      premium('ETHUSDT', { timeMs: noonMs - 600_000 }),
    ],
  })
  expect(await scanFunding({}, scheduledAtUs, ports)).toMatchObject({
    rates: 1,
    skipped: {
      NEWUSDT: 'funding interval unknown',
      SPOTUSDT: 'pays no funding',
      ETHUSDT: 'estimate is stale',
    },
  })
})

test('only the symbols asked for, and unknown ones are named', async () => {
  const ports = functionPorts()
  const report = await scanFunding({ symbols: ['ETHUSDT', 'GONEUSDT'] }, scheduledAtUs, ports)
  expect(report).toMatchObject({ rates: 1, skipped: { GONEUSDT: 'unknown to the venue' } })
})

test('no usable estimate at all is an error', async () => {
  const ports = functionPorts({ fundingInfo: async () => new Map() })
  await expect(scanFunding({}, scheduledAtUs, ports)).rejects.toMatchObject({
    code: 'WIRE_SHAPE_UNKNOWN',
  })
})

test('a rate that is no number is an error, not zero', async () => {
  const ports = functionPorts({
    premiumIndex: async () => [premium('BTCUSDT', { fundingRate: Number.NaN })],
  })
  await expect(scanFunding({}, scheduledAtUs, ports)).rejects.toThrow('funding rate of BTCUSDT')
})

test.each([{ symbols: [] }, { symbols: 'BTCUSDT' }, { symbol: 'BTCUSDT' }, []])(
  'refuses %j',
  async (input) => {
    await expect(scanFunding(input, scheduledAtUs, functionPorts())).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  },
)
