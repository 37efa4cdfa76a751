import { expect, test } from 'vitest'
import { microsPerDay } from '#shared/kernel/unit.ts'
import { standardLimits } from './limits.ts'
import { createWatch, watchEquity } from './watch.ts'

test('the daily stop counts from the start of the UTC day, the drawdown stop from the peak', () => {
  const watch = createWatch()
  expect(watchEquity(watch, 1_000n, 1, standardLimits)).toBeUndefined()
  expect(watchEquity(watch, 951n, 2, standardLimits)).toBeUndefined()
  expect(watchEquity(watch, 950n, 3, standardLimits)).toBe('daily loss reached 5 % of equity')
  expect(watchEquity(watch, 951n, microsPerDay + 1, standardLimits)).toBeUndefined()
  expect(watchEquity(watch, 910n, microsPerDay + 2, standardLimits)).toBeUndefined()
  expect(watchEquity(watch, 905n, 2 * microsPerDay + 1, standardLimits)).toBeUndefined()
  expect(watchEquity(watch, 860n, 3 * microsPerDay + 1, standardLimits)).toBeUndefined()
  expect(watchEquity(watch, 850n, 3 * microsPerDay + 2, standardLimits)).toBe(
    'drawdown reached 15 % of peak equity',
  )
})

test('an account without equity is stopped', () => {
  expect(watchEquity(createWatch(), 0n, 1, standardLimits)).toMatch(/daily loss/)
})
