import { expect, test } from 'vitest'
import { testInstrument } from '#shared/trading/testing/fixture.ts'
import { type ComparedFill, compareFills } from './fill-error.ts'

const instruments = [testInstrument()]
const fill = (more: Partial<ComparedFill> = {}): ComparedFill => ({
  clientOrderId: 'a-1-1',
  instrumentId: 0,
  side: 'buy',
  priceTicks: 640_000,
  sizeLots: 10,
  timeUs: 5_000_000,
  ...more,
})

test('the same fills differ by nothing', () => {
  const fills = [fill(), fill({ side: 'sell', priceTicks: 640_100 })]
  for (const counterpart of ['near', 'same-order'] as const) {
    const { buy, sell } = compareFills(fills, fills, instruments, counterpart)
    expect([buy.differingRatio, sell.differingRatio]).toEqual([0, 0])
    expect(buy.meanPriceDifferenceBps).toBe(0)
  }
})

test('a fill in two parts, a moment later, is the same fill', () => {
  const parts = [fill({ sizeLots: 4, timeUs: 6_000_000 }), fill({ sizeLots: 6, timeUs: 6_500_000 })]
  expect(compareFills([fill()], parts, instruments, 'near').buy.differingRatio).toBe(0)
})

test('near fills have another order, but not another market, side, time or price', () => {
  const differing = (other: ComparedFill) =>
    compareFills([fill()], [other], instruments, 'near').buy.differingRatio
  expect(differing(fill({ clientOrderId: 'b' }))).toBe(0)
  expect(differing(fill({ sizeLots: 5 }))).toBeCloseTo(1 / 3, 12)
  expect(differing(fill({ priceTicks: 640_060 }))).toBe(0)
  expect(differing(fill({ priceTicks: 640_070 }))).toBe(1)
  expect(differing(fill({ timeUs: 7_100_000 }))).toBe(1)
  expect(differing(fill({ side: 'sell' }))).toBe(1)
})

test('fills of the same order are counterparts at any time and price, as far as their size goes', () => {
  const differing = (other: ComparedFill) =>
    compareFills([fill()], [other], instruments, 'same-order').buy.differingRatio
  expect(differing(fill({ timeUs: 9e9, priceTicks: 630_000 }))).toBe(0)
  expect(differing(fill({ sizeLots: 20 }))).toBeCloseTo(1 / 3, 12)
  expect(differing(fill({ clientOrderId: 'b' }))).toBe(1)
})

test('each size is used once', () => {
  const two = [fill(), fill({ timeUs: 5_100_000 })]
  expect(compareFills(two, [fill()], instruments, 'near').buy.differingRatio).toBeCloseTo(1 / 3, 12)
})

test('the mean price is compared in bps, and not at all when one run did not fill', () => {
  const higher = compareFills([fill()], [fill({ priceTicks: 640_064 })], instruments, 'near')
  expect(higher.buy.meanPriceDifferenceBps).toBeCloseTo(1, 9)
  expect(compareFills([fill()], [], instruments, 'near').buy.meanPriceDifferenceBps).toBeUndefined()
  expect(compareFills([], [], instruments, 'near').sell.differingRatio).toBeUndefined()
})
