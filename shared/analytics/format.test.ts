import { describe, expect, it } from 'vitest'
import {
  decimalText,
  durationText,
  moneyText,
  percentText,
  periodText,
  plainText,
  quoteUnitOf,
  signedMoneyText,
  signedPercentText,
  timeText,
} from './format.ts'

describe('text of figures', () => {
  it('shows a missing figure as missing, never as zero', () => {
    for (const text of [
      decimalText,
      moneyText,
      percentText,
      signedMoneyText,
      durationText,
      timeText,
    ])
      expect(text(undefined)).toBe('–')
    expect(decimalText(Number.NaN)).toBe('–')
  })

  it('groups thousands, has a real minus and no minus zero', () => {
    expect(decimalText(-1_234_567.891)).toBe('−1,234,567.89')
    expect(decimalText(-0.001)).toBe('0.00')
    expect(decimalText(1234, 0)).toBe('1,234')
  })

  it('leaves small amounts visible', () => {
    expect(signedMoneyText(0.006421)).toBe('+0.006421')
    expect(signedMoneyText(-12.34567)).toBe('−12.3457')
    expect(signedMoneyText(1234.5)).toBe('+1,234.50')
    expect(signedMoneyText(0)).toBe('0.00')
    expect(signedPercentText(0.000_001_43)).toBe('+0.000143 %')
    expect(percentText(0.1234)).toBe('12.34 %')
    expect(percentText(0.949, 1)).toBe('94.9 %')
  })

  it('names periods and lengths of time', () => {
    expect([86_400, 172_800, 3_600, 60, 90, 0.5].map(periodText)).toEqual([
      '1 day',
      '2 days',
      '1 h',
      '1 min',
      '90 s',
      '0.5 s',
    ])
    expect([5, 600, 10_000, 864_000].map(durationText)).toEqual([
      '5.0 s',
      '10.0 min',
      '2.8 h',
      '10.0 days',
    ])
    expect(timeText(1_721_347_022_000_000)).toBe('2024-07-18 23:57:02 UTC')
    expect(plainText(-0.1 - 0.2)).toBe('−0.3')
  })

  it('knows the quote currency only when all symbols share it', () => {
    expect(quoteUnitOf(['BTCUSDT', 'ETHUSDT'])).toBe('USDT')
    expect(quoteUnitOf(['BTCUSDT', 'ETHUSDC'])).toBe('quote')
    expect(quoteUnitOf(['ETHBTC'])).toBe('BTC')
    expect(quoteUnitOf(['BTC-PERP'])).toBe('quote')
    expect(quoteUnitOf([])).toBe('quote')
  })
})
