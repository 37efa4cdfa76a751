import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  assetsOf,
  countdownText,
  decimalsOf,
  intervalText,
  minutesText,
  numberText,
  percentText,
  signedText,
  strategyText,
  timeMsText,
} from './format.ts'

test.each([
  ['BTCUSDT', 'BTC', 'USDT'],
  ['ETHUSD1', 'ETH', 'USD1'],
  ['BTCSPOT', 'BTC', 'USDT'],
  ['USDT', 'USDT', 'quote units'],
])('%s is %s in %s', (symbol, base, quote) => {
  expect(assetsOf(symbol)).toEqual({ base, quote })
})

test('the digits of a price on a grid are found, and show it exactly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e7 }), fc.nat(6), (steps, decimals) => {
      const price = steps / 10 ** decimals
      expect(decimalsOf(price)).toBeLessThanOrEqual(decimals)
      expect(Number(price.toFixed(decimalsOf(price)))).toBeCloseTo(price, 8)
    }),
  )
})

test('signs are words of their own, and nothing has none', () => {
  expect(signedText(1234.5, 2)).toBe('+1,234.50')
  expect(signedText(-0.5, 2)).toBe('−0.50')
  expect(signedText(0, 2)).toBe('0.00')
  expect(signedText(-0.0001, 2)).toBe('0.00')
  expect(numberText(-3, 0)).toBe('−3')
  expect(percentText(0.0001, 4)).toBe('+0.0100 %')
})

test('times are UTC', () => {
  expect(timeMsText(1_700_000_000_123_456)).toBe('22:13:20.123')
})

test.each([
  [3_661e6, '1:01:01'],
  [0, '0:00:00'],
  [-1, undefined],
])('a countdown of %d us reads %s', (untilUs, text) => {
  expect(countdownText(untilUs)).toBe(text)
})

test.each([
  [8, '8 h'],
  [0.5, '30 min'],
  [30 / 3600, '30 s'],
])('an interval of %d hours reads %s', (hours, text) => {
  expect(intervalText(hours)).toBe(text)
})

test('a strategy is named by its kind', () => {
  expect([strategyText('glft:BTCUSDT'), strategyText('grid')]).toEqual(['glft', 'grid'])
})

test.each([
  [300_000, '5:00'],
  [299_001, '5:00'],
  [61_000, '1:01'],
  [1, '0:01'],
  [0, undefined],
  [-5, undefined],
])('%d ms are left as %s', (leftMs, text) => {
  expect(minutesText(leftMs)).toBe(text)
})
