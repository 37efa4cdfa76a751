import { expect, test } from 'vitest'
import { createMarketEstimate, observeStep } from './estimate.ts'

const second = 1_000_000
const none = Number.NEGATIVE_INFINITY

test('finds the law that the depths were made from', () => {
  // Trades reach depth i + 0.5 and no deeper so often that λ falls by half per tick.
  const config = { windowSteps: 2_048, refitSteps: 1, binCount: 50, fitBins: 11 }
  const estimate = createMarketEstimate(config, second)
  const depths: number[] = []
  for (let bin = 0; bin < 11; bin++) {
    const reaching = 2 ** (10 - bin)
    const deepestHere = bin === 10 ? reaching : reaching / 2
    for (let i = 0; i < deepestHere; i++) depths.push(2 * bin + 1)
  }
  while (depths.length < 2_048) depths.push(none)
  for (const depth of depths) observeStep(estimate, 2_000, depth)
  expect(estimate.isFitted).toBe(true)
  expect(estimate.fit.perTick).toBeCloseTo(Math.LN2, 12)
  // λ(0.5) = 1024 / 2048 s
  expect(estimate.fit.perSecond).toBeCloseTo(0.5 * Math.SQRT2, 12)
})

test('the volatility is the spread of mid changes per √step', () => {
  const config = { windowSteps: 100, refitSteps: 1, binCount: 50, fitBins: 10 }
  const estimate = createMarketEstimate(config, second / 4)
  for (let step = 0; step < 500; step++) observeStep(estimate, 2_000 + 6 * (step % 2), none)
  // ±3 ticks per quarter second, mean 0 over an even window.
  expect(estimate.volatilityTicks).toBeCloseTo(6, 12)
})

test('a window forgets what left it', () => {
  const config = { windowSteps: 10, refitSteps: 1, binCount: 50, fitBins: 10 }
  const estimate = createMarketEstimate(config, second)
  for (let step = 0; step < 20; step++) observeStep(estimate, 2_000 + 100 * step * step, 31)
  for (let step = 0; step < 12; step++) observeStep(estimate, 9_000, none)
  expect(estimate.volatilityTicks).toBe(0)
  expect(estimate.histogram.every((count) => count === 0)).toBe(true)
  expect(estimate.changeSquares).toBe(0)
})

test('a missing mid is no change of the mid', () => {
  const config = { windowSteps: 4, refitSteps: 1, binCount: 50, fitBins: 10 }
  const estimate = createMarketEstimate(config, second)
  for (const mid of [2_000, undefined, 4_000, 4_000, 4_000]) observeStep(estimate, mid, none)
  expect(estimate.changeCount).toBe(2)
  expect(estimate.volatilityTicks).toBe(0)
})

test('keeps the last law when deeper fills are not rarer', () => {
  const config = { windowSteps: 8, refitSteps: 8, binCount: 50, fitBins: 10 }
  const estimate = createMarketEstimate(config, second)
  const feed = (depths: number[]) => depths.map((depth) => observeStep(estimate, 2_000, depth))
  // Refits fall on steps 8, 16, …: the first has depths 1, 3, 5 … in its window.
  feed([1, 1, 1, 1, 3, 3, 5, 7, 1])
  expect(estimate.isFitted).toBe(true)
  const { perSecond, perTick } = estimate.fit
  feed([9, 9, 9, 9, 9, 9, 9, 9])
  expect(estimate.fit).toMatchObject({ perSecond, perTick })
})
