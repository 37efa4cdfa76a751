import { describe, expect, it } from 'vitest'
import { binomialCdf } from '#shared/analytics/distribution/binomial.ts'
import { chiSquaredCdf, chiSquaredQuantile } from '#shared/analytics/distribution/chi-squared.ts'
import { normalCdf, normalQuantile } from '#shared/analytics/distribution/normal.ts'
import {
  christoffersenTest,
  conditionalCoverageTest,
  countTransitions,
  kupiecAcceptance,
  kupiecTest,
  trafficLight,
} from '#shared/analytics/var/backtest.ts'
import {
  cornishFisherQuantile,
  cornishFisherValueAtRisk,
  historicalTailRisk,
  isCornishFisherDomain,
  normalTailRisk,
} from '#shared/analytics/var/value-at-risk.ts'

const relative = (found: number, expected: number) => Math.abs(found / expected - 1)

describe('the normal distribution', () => {
  it.each([
    [-37, 5.725571222525139e-300],
    [-20, 2.7536241186063314e-89],
    [-8, 6.220960574271819e-16],
    [-7, 1.279812543885835e-12],
    [-3, 0.0013498980316300957],
    [-1, 0.15865525393145707],
    [0, 0.5],
    [0.3, 0.6179114221889526],
    [1.96, 0.9750021048517795],
    [5, 0.9999997133484281],
  ])('Φ(%d) agrees with erfc to 1e-13', (x, expected) => {
    expect(relative(normalCdf(x), expected)).toBeLessThan(1e-13)
  })

  it.each([
    [1e-300, -37.0470962993612],
    [1e-20, -9.262340089798405],
    [1e-6, -4.753424308822899],
    [0.001, -3.090232306167813],
    [0.025, -1.9599639845400538],
    [0.3, -0.5244005127080407],
    [0.975, 1.9599639845400536],
    [0.999999, 4.753424308817089],
  ])('z[%d] agrees with AS 241 to 1e-12', (probability, expected) => {
    expect(relative(normalQuantile(probability), expected)).toBeLessThan(1e-12)
  })

  it('refuses a probability that has no quantile', () => {
    for (const probability of [0, 1, -0.1, Number.NaN])
      expect(() => normalQuantile(probability)).toThrow(/strictly between 0 and 1/)
  })
})

describe('chi-squared and binomial', () => {
  it.each([
    [0.95, 1, 3.841458820694124],
    [0.99, 1, 6.634896601021213],
    [0.95, 2, 5.991464547107979],
  ] as const)('the %d quantile with %i degrees of freedom is %d', (probability, degrees, value) => {
    expect(chiSquaredQuantile(probability, degrees)).toBeCloseTo(value, 10)
    expect(chiSquaredCdf(value, degrees)).toBeCloseTo(probability, 13)
  })

  it.each([
    [4, 0.8922],
    [5, 0.9588],
    [9, 0.9997],
    [10, 0.9999],
  ])('P(X ≤ %i) of 250 days at 1 %% is %d', (successes, expected) => {
    expect(binomialCdf({ successes, trials: 250, probability: 0.01 })).toBeCloseTo(expected, 4)
  })
})

describe('Kupiec (1995)', () => {
  it.each([
    [0, 250, 0.05, 25.64664719377529],
    [10, 250, 0.01, 12.955491062356018],
    [17, 255, 0.05, 1.3561917640457324],
    [7, 255, 0.01, 5.316341340978191],
    [25, 500, 0.05, 0],
  ])(
    '%i exceptions in %i days at %d give LR %d',
    (exceptions, observations, probability, ratio) => {
      const test = kupiecTest({ exceptions, observations, probability })
      expect(test.likelihoodRatio).toBeCloseTo(ratio, 9)
      expect(test.pValue).toBeCloseTo(1 - chiSquaredCdf(ratio, 1), 9)
    },
  )

  const shares = [0.01, 0.025, 0.05, 0.075, 0.1]
  it.each([
    [255, [1, 6], [3, 11], [7, 20], [12, 27], [17, 35]],
    [365, [1, 7], [4, 15], [11, 26], [19, 37], [26, 48]],
    [510, [2, 10], [7, 20], [17, 35], [28, 50], [39, 64]],
    [1000, [5, 16], [16, 35], [38, 64], [60, 91], [82, 119]],
  ])('accepts the published ranges for %i days', (observations, ...ranges) => {
    for (const [column, probability] of shares.entries()) {
      const { fewest, most } = kupiecAcceptance({ observations, probability, confidence: 0.95 })
      expect([fewest, most]).toEqual(ranges[column])
    }
  })

  it('accepts every day an exception when that is what the model claims', () => {
    expect(kupiecTest({ exceptions: 5, observations: 5, probability: 0.5 }).pValue).toBeLessThan(
      0.05,
    )
  })
})

describe('Christoffersen (1998)', () => {
  it.each([
    [230, 10, 8, 2, 3.145310958],
    [225, 12, 12, 1, 0.152778729],
  ])('transitions %i %i %i %i give LR %d', (n00, n01, n10, n11, ratio) => {
    expect(christoffersenTest({ n00, n01, n10, n11 }).likelihoodRatio).toBeCloseTo(ratio, 8)
  })

  it('counts transitions and sums both ratios', () => {
    const days = [false, true, true, false, false]
    const transitions = countTransitions(days)
    expect(transitions).toEqual({ n00: 1, n01: 1, n10: 1, n11: 1 })
    const count = { exceptions: 2, observations: 5, probability: 0.05 }
    const both = conditionalCoverageTest(count, transitions)
    expect(both.likelihoodRatio).toBeCloseTo(kupiecTest(count).likelihoodRatio, 12)
    expect(both.pValue).toBeCloseTo(Math.exp(-both.likelihoodRatio / 2), 12)
  })

  it('is zero without exceptions, not undefined', () => {
    expect(christoffersenTest({ n00: 99, n01: 0, n10: 0, n11: 0 }).likelihoodRatio).toBe(0)
  })
})

describe('the Basel traffic light', () => {
  it.each([
    [0, 'green'],
    [4, 'green'],
    [5, 'yellow'],
    [9, 'yellow'],
    [10, 'red'],
    [40, 'red'],
  ] as const)('shows %i exceptions in 250 days as %s', (exceptions, zone) => {
    expect(trafficLight({ exceptions, observations: 250, probability: 0.01 }).zone).toBe(zone)
  })
})

describe('value at risk', () => {
  const dowd = { skewness: 2, kurtosisRaw: 3 }

  it("repeats the published run of R's Dowd package, which is outside the domain", () => {
    expect(-(3.2 + 5.6 * cornishFisherQuantile(0.1, dowd))).toBeCloseTo(4.145348059, 8)
    expect(isCornishFisherDomain(dowd)).toBe(false)
    const input = { ...dowd, mean: 3.2, standardDeviation: 5.6, confidence: 0.9 }
    expect(cornishFisherValueAtRisk(input)).toBeUndefined()
  })

  it.each([
    [0.05, -0.5, 1, -1.762106],
    [0.05, -1, 3, -1.849786],
    [0.01, -0.5, 3, -3.301284],
    [0.01, -1, 3, -3.386689],
  ])('z_cf at %d with skewness %d and excess kurtosis %d is %d', (p, skewness, excess, z) => {
    expect(cornishFisherQuantile(p, { skewness, kurtosisRaw: excess + 3 })).toBeCloseTo(z, 6)
    expect(cornishFisherQuantile(p, { skewness, kurtosisRaw: excess })).not.toBeCloseTo(z, 2)
  })

  it.each([
    [0.95, 2.062712808],
    [0.975, 2.337802792],
    [0.99, 2.66521422],
  ])('the normal expected shortfall at %d is %d sigma', (confidence, expected) => {
    const risk = normalTailRisk({ mean: 0, standardDeviation: 1, confidence })
    expect(risk.expectedShortfallRatio).toBeCloseTo(expected, 8)
  })

  it('scales ten days by the root of time', () => {
    const input = { mean: 0, standardDeviation: 0.03 * Math.sqrt(10), confidence: 0.99 }
    expect(1e6 * normalTailRisk(input).valueAtRiskRatio).toBeCloseTo(220_696.74, 2)
  })

  it('reads history: the fifth worst of a hundred days, and the mean of the five', () => {
    const returns = Array.from({ length: 100 }, (_, day) => (day - 30) / 1_000)
    const risk = historicalTailRisk(returns, 0.95)
    expect(risk?.valueAtRiskRatio).toBeCloseTo(0.026, 12)
    expect(risk?.expectedShortfallRatio).toBeCloseTo(0.028, 12)
  })

  it('weighs the last day of a tail that is no whole number of days', () => {
    const risk = historicalTailRisk([-0.3, -0.2, -0.1, ...new Array<number>(27).fill(0)], 0.95)
    expect(risk?.valueAtRiskRatio).toBeCloseTo(0.2, 12)
    expect(risk?.expectedShortfallRatio).toBeCloseTo((0.3 + 0.5 * 0.2) / 1.5, 12)
  })

  it('is undefined when the tail holds less than one day', () => {
    expect(historicalTailRisk([-0.1, 0.1], 0.95)).toBeUndefined()
    expect(() => historicalTailRisk([-0.1, 0.1], 0.05)).toThrow(/confidence 0.05/)
  })
})
