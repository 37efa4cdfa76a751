import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxDrawdownRatio, worstDrawdowns } from './drawdown.ts'
import { monthlyReturns } from './month.ts'

const day = 86_400 * 1e6
const path = (...equityQuote: number[]) => ({
  equityQuote,
  timeUs: equityQuote.map((_, index) => index * day),
})

describe('drawdowns', () => {
  it('are listed with peak, trough, recovery and days, deepest first', () => {
    const found = worstDrawdowns(path(100, 110, 99, 110, 120, 60, 90))
    expect(found).toEqual([
      { startUs: 4 * day, troughUs: 5 * day, endUs: undefined, depthRatio: 0.5, days: 2 },
      { startUs: day, troughUs: 2 * day, endUs: 3 * day, depthRatio: 0.1, days: 2 },
    ])
  })

  it('are zero for equity that never falls and undefined without any', () => {
    expect(maxDrawdownRatio([100, 100, 101])).toBe(0)
    expect(worstDrawdowns(path(100, 100, 101))).toEqual([])
    expect(maxDrawdownRatio([])).toBeUndefined()
    expect(maxDrawdownRatio([0, 1])).toBeUndefined()
  })

  it('exceed one when the account went below zero', () => {
    expect(maxDrawdownRatio([100, -20])).toBeCloseTo(1.2, 12)
  })

  it('agree: the worst of the table is the deepest of all pairs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 40 }),
        (equity) => {
          let deepest = 0
          for (const [later, low] of equity.entries())
            for (const high of equity.slice(0, later)) deepest = Math.max(deepest, 1 - low / high)
          expect(maxDrawdownRatio(equity)).toBeCloseTo(deepest, 12)
          expect(worstDrawdowns(path(...equity))[0]?.depthRatio ?? 0).toBeCloseTo(deepest, 12)
        },
      ),
    )
  })
})

describe('monthly returns', () => {
  const at = (...ymd: [number, number, number]) => Date.UTC(ymd[0], ymd[1] - 1, ymd[2]) * 1_000

  it('are cut at UTC months and mark the ones not covered', () => {
    const months = monthlyReturns({
      timeUs: [at(2025, 1, 1), at(2025, 1, 31), at(2025, 2, 28), at(2025, 3, 10)],
      equityQuote: [100, 110, 99, 108.9],
    })
    expect(months.map(({ year, month, isPartial }) => [year, month, isPartial])).toEqual([
      [2025, 1, false],
      [2025, 2, false],
      [2025, 3, true],
    ])
    expect(months.map(({ returnRatio }) => Number(returnRatio.toFixed(9)))).toEqual([
      0.1, -0.1, 0.1,
    ])
  })

  it('compound to the whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 50, max: 200, noNaN: true }), { minLength: 2, maxLength: 200 }),
        (equityQuote) => {
          const timeUs = equityQuote.map((_, index) => at(2024, 2, 27) + index * day)
          const months = monthlyReturns({ timeUs, equityQuote })
          const whole = months.reduce((product, m) => product * (1 + m.returnRatio), 1)
          expect(whole).toBeCloseTo(equityQuote.at(-1)! / equityQuote[0]!, 9)
        },
      ),
    )
  })
})
