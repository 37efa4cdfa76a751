import { expect, test } from 'vitest'
import { microsPerDay } from '#shared/kernel/unit.ts'
import { candleIntervalOf, candleIntervals, candleIntervalUsOf } from './candle-interval.ts'

test('names and lengths go both ways, rise, and divide a day', () => {
  const lengths = candleIntervals.map((name) => candleIntervalUsOf(name)!)
  expect(lengths.map(candleIntervalOf)).toEqual(candleIntervals)
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b))
  expect(lengths.filter((us) => microsPerDay % us !== 0)).toEqual([])
  expect(candleIntervalUsOf('15m')).toBe(900_000_000)
})

test('what no venue has is undefined', () => {
  expect(['7m', '1M', '', 'toString'].map(candleIntervalUsOf)).toEqual(Array(4).fill(undefined))
  expect(candleIntervalOf(7)).toBeUndefined()
})
