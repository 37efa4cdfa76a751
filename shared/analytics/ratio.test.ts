import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kurtosisRaw, momentsOf, skewness } from './moments.ts'
import { annualReturnRatio, calmarRatio, sharpeRatio, sortinoRatio, volatility } from './ratio.ts'
import { resampleEquity, returnsOf } from './returns.ts'
import { rollingSharpe } from './rolling.ts'

const day = 86_400
const returns = [0.01, -0.02, 0.03, 0.005]

describe('ratios', () => {
  it('name their period and have years of 365 days', () => {
    // mean 0.00625, deviations² 0.0000140625 + 0.0006890625 + 0.0005640625 + 0.0000015625, n − 1 = 3
    const deviation = Math.sqrt(0.00126875 / 3)
    const found = sharpeRatio({ returns, periodSeconds: day })
    expect(found?.perPeriod).toBeCloseTo(0.00625 / deviation, 12)
    expect(found?.annual).toBeCloseTo((0.00625 / deviation) * Math.sqrt(365), 12)
    expect(found).toMatchObject({ periodSeconds: day, points: 4 })
    expect(volatility({ returns, periodSeconds: 3_600 })?.annual).toBeCloseTo(
      deviation * Math.sqrt(8_760),
      12,
    )
  })

  it('divide by losses over all periods for Sortino', () => {
    const found = sortinoRatio({ returns, periodSeconds: day })
    expect(found?.perPeriod).toBeCloseTo(0.00625 / Math.sqrt(0.0004 / 4), 12)
  })

  it.each([
    ['nothing', []],
    ['one return', [0.01]],
    ['equal returns', [0.1, 0.1, 0.1]],
    ['equal returns with rounding', [0.1 + 0.2, 0.3, 0.3]],
    ['zeros', [0, 0, 0, 0]],
  ])('are undefined for %s', (_, some) => {
    const input = { returns: some, periodSeconds: day }
    expect(sharpeRatio(input)).toBeUndefined()
    expect(volatility(input)).toBeUndefined()
    expect(skewness(some)).toBeUndefined()
    expect(kurtosisRaw(some)).toBeUndefined()
  })

  it('are undefined for Sortino when nothing was lost', () => {
    expect(sortinoRatio({ returns: [0.01, 0.02], periodSeconds: day })).toBeUndefined()
  })

  it('do not annualise less than thirty days, nor ruin', () => {
    const span = { startEquityQuote: 100, endEquityQuote: 110 }
    expect(annualReturnRatio({ ...span, days: 29 })).toBeUndefined()
    expect(annualReturnRatio({ ...span, days: 365 })).toBeCloseTo(0.1, 12)
    expect(annualReturnRatio({ ...span, endEquityQuote: -1, days: 365 })).toBeUndefined()
    expect(calmarRatio({ annualReturnRatio: 0.1, maxDrawdownRatio: 0 })).toBeUndefined()
    expect(calmarRatio({ annualReturnRatio: 0.1, maxDrawdownRatio: 0.2 })).toBeCloseTo(0.5, 12)
  })

  it('never are NaN or infinite', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.9, max: 2, noNaN: true }), { maxLength: 30 }),
        (some) => {
          const input = { returns: some, periodSeconds: 60 }
          for (const ratio of [sharpeRatio(input), sortinoRatio(input), volatility(input)])
            if (ratio) expect(Number.isFinite(ratio.annual)).toBe(true)
          const moments = momentsOf(some)
          if (moments) expect(Object.values(moments).every(Number.isFinite)).toBe(true)
        },
      ),
    )
  })

  it('do not change with leverage', () => {
    const thousandths = fc.integer({ min: -900, max: 2_000 }).map((value) => value / 1_000)
    fc.assert(
      fc.property(
        fc.array(thousandths, { minLength: 2, maxLength: 30 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (some, leverage) => {
          const levered = some.map((value) => value * leverage)
          for (const ratio of [sharpeRatio, sortinoRatio]) {
            const one = ratio({ returns: some, periodSeconds: 60 })
            const other = ratio({ returns: levered, periodSeconds: 60 })
            expect(other === undefined).toBe(one === undefined)
            if (one && other) expect(other.perPeriod).toBeCloseTo(one.perPeriod, 6)
          }
        },
      ),
    )
  })
})

describe('moments', () => {
  it('have raw kurtosis: 1 for a coin, 3 for a normal sample of exact shape', () => {
    expect(kurtosisRaw([1, -1, 1, -1])).toBeCloseTo(1, 12)
    // P(0) = 2/3, P(±√3) = 1/6 each has kurtosis 3 exactly.
    const root = Math.sqrt(3)
    expect(kurtosisRaw([root, -root, 0, 0, 0, 0])).toBeCloseTo(3, 12)
    expect(skewness([1, 1, 1, 5])).toBeCloseTo(1.1547005, 6)
    expect(momentsOf([1, 2, 3, 4])?.standardDeviation).toBeCloseTo(Math.sqrt(5 / 3), 12)
  })
})

describe('returns', () => {
  it('end where the account ends', () => {
    expect(returnsOf([100, 110, -5, 20, 30])).toEqual([110 / 100 - 1, -5 / 110 - 1])
    expect(returnsOf([100, 0, 0])).toEqual([-1])
    expect(returnsOf([100])).toEqual([])
  })

  it('refuse equity that is no number', () => {
    expect(() => returnsOf([100, Number.NaN])).toThrow(/sample 1/)
  })

  it('compound to the whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 }),
        (equity) => {
          const whole = returnsOf(equity).reduce((product, r) => product * (1 + r), 1)
          expect(whole / (equity.at(-1)! / equity[0]!)).toBeCloseTo(1, 9)
        },
      ),
    )
  })

  it('are sampled by the last value at each edge, never averaged', () => {
    const timeUs = [0, 30, 60, 90, 120, 150].map((second) => second * 1e6)
    const path = resampleEquity({ timeUs, equityQuote: [1, 9, 2, 8, 3, 7] }, 60)
    expect(path).toEqual({ timeUs: [0, 60e6, 120e6], equityQuote: [1, 2, 3] })
  })
})

describe('rolling Sharpe', () => {
  it('equals the ratio of each window and waits for the first one', () => {
    const values = rollingSharpe({ returns, periodSeconds: day, windowPoints: 3 })
    expect(values.slice(0, 2)).toEqual([undefined, undefined])
    const last = sharpeRatio({ returns: returns.slice(1), periodSeconds: day })
    expect(values[3]).toBeCloseTo(last!.annual, 12)
    expect(rollingSharpe({ returns: [1, 1, 1], periodSeconds: day, windowPoints: 2 })).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
