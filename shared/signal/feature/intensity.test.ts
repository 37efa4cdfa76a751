import { describe, expect, it } from 'vitest'
import { createRandom, type Random } from '#shared/kernel/random.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import {
  advanceIntensity,
  createIntensityWindow,
  observeIntensityMid,
  observeIntensityTrade,
} from './intensity.ts'
import { binDepthTicks, emptyIntensityFit, fitIntensity } from './intensity-fit.ts'

const startUs = 1_700_000_000 * microsPerSecond

describe('fit of the fill intensity', () => {
  it.each([
    [2.986162360812285, 0.04235741115084049, 70],
    [0.8426573649994981, 0.016958811558646644, 300],
    [140, 1.5, 8],
  ])('returns A=%d and k=%d exactly without noise', (perSecond, perTick, bins) => {
    const rates = Float64Array.from(
      { length: bins },
      (_, bin) => perSecond * Math.exp(-perTick * (bin + 0.5)),
    )
    const fit = emptyIntensityFit()
    for (const counts of [rates.map((rate) => rate * 600), rates.map(() => 1)]) {
      expect(fitIntensity(rates, counts, bins, fit)).toBe(true)
      expect(Math.abs(fit.perSecond / perSecond - 1)).toBeLessThan(1e-12)
      expect(Math.abs(fit.perTick / perTick - 1)).toBeLessThan(1e-12)
    }
  })

  it('labels bins in whole ticks: the first is half a tick from the mid', () => {
    expect([0, 1, 69].map(binDepthTicks)).toEqual([0.5, 1.5, 69.5])
  })

  it('is within three standard errors under the noise of ten minutes', () => {
    const random = createRandom(42)
    const [perSecond, perTick, seconds, bins] = [3, 0.04, 600, 70]
    const fit = emptyIntensityFit()
    let within = 0
    const trials = 200
    for (let trial = 0; trial < trials; trial++) {
      const counts = Float64Array.from({ length: bins }, (_, bin) =>
        poissonLarge(random, perSecond * seconds * Math.exp(-perTick * (bin + 0.5))),
      )
      expect(
        fitIntensity(
          counts.map((count) => count / seconds),
          counts,
          bins,
          fit,
        ),
      ).toBe(true)
      const kScore = Math.abs(fit.perTick - perTick) / fit.perTickError
      const logScore = Math.abs(Math.log(fit.perSecond / perSecond)) / fit.logPerSecondError
      if (kScore < 3 && logScore < 3) within++
    }
    // Three standard errors on both: about 99.5 % of trials.
    expect(within / trials).toBeGreaterThan(0.97)
  })

  it('refuses one bin, and a rate that grows with depth', () => {
    const fit = emptyIntensityFit()
    expect(fitIntensity(Float64Array.of(1), Float64Array.of(1), 1, fit)).toBe(false)
    expect(fitIntensity(Float64Array.of(1, 2), Float64Array.of(1, 2), 2, fit)).toBe(false)
  })
})

/** Splits a large mean so that `exp(−mean)` does not underflow. */
function poissonLarge(random: Random, mean: number): number {
  let count = 0
  for (let left = mean; left > 0; left -= 100) count += random.poisson(Math.min(left, 100))
  return count
}

describe('window of fill intensities', () => {
  /** Poisson market orders on both sides whose reach is exponential: the law that is to be recovered. */
  function feed(seed: number, law: { perSecond: number; perTick: number; seconds: number }) {
    const random = createRandom(seed)
    const window = createIntensityWindow()
    const mid = 100_000.5
    observeIntensityMid(window, startUs, 2 * mid)
    const endUs = startUs + law.seconds * microsPerSecond
    let nowUs = startUs
    let firstFitUs: number | undefined
    for (;;) {
      nowUs += random.exponential(2 * law.perSecond) * microsPerSecond
      if (nowUs > endUs) break
      advanceIntensity(window, nowUs)
      if (window.isFitted) firstFitUs ??= nowUs
      const isBuy = random.uniform() < 0.5
      // An order that reaches `d` trades at the last tick before it.
      const reach = Math.floor(random.exponential(law.perTick) - 0.5) + 0.5
      if (reach > 0)
        observeIntensityTrade(window, isBuy ? mid + reach : mid - reach, isBuy ? 'buy' : 'sell')
    }
    advanceIntensity(window, endUs)
    return { window, firstFitSeconds: ((firstFitUs ?? Infinity) - startUs) / microsPerSecond }
  }

  it.each([
    [1, 0.05],
    [3, 0.04],
    [0.5, 0.8],
    [2.5, 1.6],
  ])('recovers A=%d per side and k=%d from ten minutes of simulated flow', (perSecond, perTick) => {
    let perSecondSum = 0
    let perTickSum = 0
    const runs = 12
    for (let seed = 1; seed <= runs; seed++) {
      const { window } = feed(seed, { perSecond, perTick, seconds: 600 })
      expect(window.isFitted).toBe(true)
      perSecondSum += window.fit.perSecond
      perTickSum += window.fit.perTick
    }
    // About 1200·A independent arrivals a run: three standard errors of the mean over the runs.
    const error = 3 / Math.sqrt(2 * 600 * perSecond * runs)
    expect(Math.abs(perSecondSum / runs / perSecond - 1)).toBeLessThan(2 * error)
    expect(Math.abs(perTickSum / runs / perTick - 1)).toBeLessThan(2 * error)
  })

  it('has a fit within 20 seconds at five trades a second', () => {
    for (let seed = 1; seed <= 20; seed++)
      expect(
        feed(seed, { perSecond: 2.5, perTick: 0.3, seconds: 60 }).firstFitSeconds,
      ).toBeLessThan(20)
  })

  it('has none before enough arrivals, and none when they have left the window', () => {
    const { window } = feed(1, { perSecond: 0.3, perTick: 0.3, seconds: 20 })
    expect(window.isFitted).toBe(false)
    const { window: busy } = feed(2, { perSecond: 2, perTick: 0.3, seconds: 60 })
    expect(busy.isFitted).toBe(true)
    advanceIntensity(busy, startUs + 700 * microsPerSecond)
    expect(busy.isFitted).toBe(false)
    expect(busy.arrivals).toBe(0)
  })

  it('still bounds the decay when all trades are at the touch', () => {
    const window = createIntensityWindow()
    observeIntensityMid(window, startUs, 200_001)
    for (let step = 1; step <= 300; step++) {
      advanceIntensity(window, startUs + step * 100_000)
      if (step % 3 === 0) observeIntensityTrade(window, 100_001, 'buy')
    }
    expect(window.isFitted).toBe(true)
    expect(window.fit.perTick).toBeGreaterThan(3)
  })

  it('ignores trades on the near side of the mid', () => {
    const window = createIntensityWindow()
    observeIntensityMid(window, startUs, 200_000)
    observeIntensityTrade(window, 99_990, 'buy')
    observeIntensityTrade(window, 100_010, 'sell')
    advanceIntensity(window, startUs + microsPerSecond)
    expect(window.arrivals).toBe(0)
  })
})
