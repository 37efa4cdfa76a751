import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { createRateBudget, type Lane, rateLimitFromWire } from './budget.ts'

const minuteUs = 60_000_000

function budgetAt(startUs: number, weightMax = 100, ordersMax = 50) {
  const time = { nowUs: startUs }
  const budget = createRateBudget({ nowUs: () => time.nowUs as Micros })
  budget.setLimits([
    { resource: 'weight', intervalUs: minuteUs, limit: weightMax, headerSuffix: '1m' },
    { resource: 'orders', intervalUs: minuteUs, limit: ordersMax, headerSuffix: '1m' },
  ])
  return { time, budget }
}

test('no window of a minute, wherever it begins, holds more than the limit', () => {
  const request = fc.record({
    passedUs: fc.integer({ min: 0, max: 8_000_000 }),
    lane: fc.constantFrom<Lane>('read', 'place', 'cancel'),
    weight: fc.integer({ min: 0, max: 30 }),
    orders: fc.integer({ min: 0, max: 1 }),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 * minuteUs }),
      fc.array(request, { maxLength: 120 }),
      (startUs, requests) => {
        const { time, budget } = budgetAt(startUs)
        const sent: { atUs: number; weight: number; orders: number }[] = []
        for (const { passedUs, lane, weight, orders } of requests) {
          time.nowUs += passedUs
          if (budget.take(lane, { weight, orders }) > 0) continue
          sent.push({ atUs: time.nowUs, weight, orders })
          const inWindow = sent.filter(({ atUs }) => time.nowUs - atUs <= minuteUs)
          expect(inWindow.reduce((sum, s) => sum + s.weight, 0)).toBeLessThanOrEqual(100)
          expect(inWindow.reduce((sum, s) => sum + s.orders, 0)).toBeLessThanOrEqual(50)
        }
      },
    ),
  )
})

test('reads leave room for placing, and placing leaves room for cancels', () => {
  const { budget } = budgetAt(0)
  const countOf = (lane: Lane) => {
    let count = 0
    while (budget.take(lane, { weight: 1, orders: 0 }) === 0) count++
    return count
  }
  expect(countOf('read')).toBe(60)
  expect(countOf('place')).toBe(30)
  expect(countOf('cancel')).toBe(10)
})

test('asking again after the time it names works in the end, and not before a window has passed', () => {
  const { time, budget } = budgetAt(5_000_000)
  expect(budget.take('cancel', { weight: 100, orders: 0 })).toBe(0)
  let waitedUs = 0
  for (;;) {
    const waitUs = budget.take('cancel', { weight: 100, orders: 0 })
    if (waitUs === 0) break
    time.nowUs += waitUs
    waitedUs += waitUs
  }
  expect(waitedUs).toBeGreaterThanOrEqual(minuteUs)
  expect(waitedUs).toBeLessThanOrEqual(minuteUs + 2_000_000)
})

test('what the venue says was used counts, also when others used it', () => {
  const { budget } = budgetAt(0)
  budget.observe({ 'x-mbx-used-weight-1m': '95' })
  expect(budget.take('cancel', { weight: 6, orders: 0 })).toBeGreaterThan(0)
  expect(budget.take('cancel', { weight: 5, orders: 0 })).toBe(0)
  // A smaller figure is an older one, or a window that began later: it gives nothing back.
  budget.observe({ 'x-mbx-used-weight-1m': '3' })
  expect(budget.take('cancel', { weight: 1, orders: 0 })).toBeGreaterThan(0)
})

test('a pause holds everything back for its whole length', () => {
  const { time, budget } = budgetAt(0)
  budget.pause(7_000_000)
  expect(budget.take('cancel', { weight: 1, orders: 0 })).toBe(7_000_000)
  time.nowUs += 6_999_999
  expect(budget.take('cancel', { weight: 1, orders: 0 })).toBe(1)
  time.nowUs += 1
  expect(budget.take('cancel', { weight: 1, orders: 0 })).toBe(0)
})

test('a single request dearer than its share still gets through an idle window', () => {
  const { budget } = budgetAt(0)
  expect(budget.take('read', { weight: 80, orders: 0 })).toBe(0)
  expect(budget.take('read', { weight: 80, orders: 0 })).toBeGreaterThan(0)
})

test.each([
  ['REQUEST_WEIGHT', 'MINUTE', 1, 'weight', minuteUs, '1m'],
  ['ORDERS', 'TEN_SECONDS', 1, 'orders', 10_000_000, '10s'],
  ['ORDERS', 'SECOND', 10, 'orders', 10_000_000, '10s'],
  ['ORDERS', 'DAY', 1, 'orders', 86_400_000_000, '1d'],
])('%s per %s × %i is read', (rateLimitType, interval, intervalNum, resource, us, suffix) => {
  expect(rateLimitFromWire({ rateLimitType, interval, intervalNum, limit: 7 })).toEqual({
    resource,
    intervalUs: us,
    limit: 7,
    headerSuffix: suffix,
  })
})

test('kinds of limits that are not known are left out', () => {
  const entry = { interval: 'MINUTE', intervalNum: 5, limit: 6_000 }
  expect(rateLimitFromWire({ ...entry, rateLimitType: 'RAW_REQUEST' })).toBeUndefined()
})
