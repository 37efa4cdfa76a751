import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aheadAfterUpdate, isReached, queueExponent } from './queue.ts'

const lots = fc.integer({ min: 0, max: 1_000 })
const exponent = fc.constantFrom(0, 1, 2, 3, 4)

test('nobody stands behind more than there is, and never moves back', () => {
  fc.assert(
    fc.property(
      exponent,
      lots,
      lots,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, before, after, share) => {
        const ahead = share * before
        const moved = aheadAfterUpdate(n, ahead, 0, before, after)
        expect(moved).toBeLessThanOrEqual(Math.min(ahead, after) + 1e-9)
        expect(moved).toBeGreaterThanOrEqual(-1e-9)
      },
    ),
  )
})

test('growth joins behind us', () => {
  fc.assert(
    fc.property(exponent, lots, lots, (n, before, growth) => {
      expect(aheadAfterUpdate(n, before, 0, before, before + growth)).toBe(before)
    }),
  )
})

test('what was traded is not taken off twice', () => {
  // 100 stood there, we behind 60; 40 traded, so 20 are left before us, and the update shows just that.
  expect(aheadAfterUpdate(3, 20, 40, 100, 60)).toBe(20)
})

test('cancels split by the power law: 100 lots, 40 ahead, 30 go', () => {
  // Behind 60: share behind 60³/(60³+40³) = 27/35, so 30 × 8/35 of them stood before us.
  expect(aheadAfterUpdate(3, 40, 0, 100, 70)).toBeCloseTo(40 - (30 * 8) / 35, 12)
  // n = 1: in proportion.
  expect(aheadAfterUpdate(1, 40, 0, 100, 70)).toBeCloseTo(40 - 30 * 0.4, 12)
  // Risk-averse: all of them stood behind.
  expect(aheadAfterUpdate(0, 40, 0, 100, 70)).toBe(40)
  expect(aheadAfterUpdate(0, 40, 0, 100, 30)).toBe(30)
})

test('an empty queue stays empty', () => {
  expect(aheadAfterUpdate(3, 0, 0, 0, 0)).toBe(0)
})

test('an order is reached by half a lot beyond its queue', () => {
  expect([0, -0.4, -0.5, -3].map(isReached)).toEqual([false, false, true, true])
})

test('risk-averse is the exponent 0', () => {
  expect(queueExponent({ kind: 'risk-averse' })).toBe(0)
  expect(queueExponent({ kind: 'power-prob', exponent: 3 })).toBe(3)
})
