import { describe, expect, it } from 'vitest'
import {
  combinatorialPaths,
  combinatorialSplits,
  countPaths,
} from '#shared/analytics/overfit/cpcv.ts'
import { probabilityOfOverfitting } from '#shared/analytics/overfit/pbo.ts'
import {
  deflatedSharpe,
  expectedMaxNormal,
  expectedMaxSharpe,
  minBacktestYears,
  minTrackRecordPoints,
  probabilisticSharpe,
} from '#shared/analytics/overfit/sharpe-inference.ts'
import { tripleBarrier } from '#shared/analytics/overfit/triple-barrier.ts'
import { createRandom } from '#shared/kernel/random.ts'

describe('the deflated Sharpe ratio of Bailey & López de Prado (2014)', () => {
  const paper = {
    sharpe: 2.5 / Math.sqrt(250),
    points: 1_250,
    skewness: -3,
    kurtosisRaw: 10,
    trialCount: 100,
    trialSharpeVariance: 0.5 / 250,
  }

  it('gives the published SR₀ and DSR', () => {
    expect(expectedMaxSharpe(paper)).toBeCloseTo(0.11317200186513214, 9)
    expect(deflatedSharpe(paper)).toBeCloseTo(0.9003968344493903, 9)
    expect(Math.abs(deflatedSharpe(paper)! - 0.9004)).toBeLessThan(5e-4)
  })

  it.each([
    [46, -3, 10, 0.9505017068755787],
    [88, 0, 3, 0.9504908166760139],
  ])(
    'gives 0.9505 for %i trials with skewness %d and kurtosis %d',
    (trialCount, skewness, kurtosisRaw, dsr) => {
      const found = deflatedSharpe({ ...paper, trialCount, skewness, kurtosisRaw })
      expect(found).toBeCloseTo(dsr, 9)
      expect(Math.abs(found! - 0.9505)).toBeLessThan(5e-4)
    },
  )

  it('is not what the example says with excess kurtosis or an annual Sharpe ratio', () => {
    const excess = deflatedSharpe({ ...paper, kurtosisRaw: 7 })!
    expect(Math.abs(excess - 0.9004)).toBeGreaterThan(5e-4)
    const annual = deflatedSharpe({ ...paper, sharpe: 2.5, trialSharpeVariance: 0.5 })!
    expect(Math.abs(annual - 0.9004)).toBeGreaterThan(5e-4)
  })

  it('equals the probabilistic one for a single trial', () => {
    const single = { ...paper, trialCount: 1 }
    expect(deflatedSharpe(single)).toBe(probabilisticSharpe({ ...paper, sharpeBenchmark: 0 }))
  })
})

describe('the probabilistic Sharpe ratio of Bailey & López de Prado (2012)', () => {
  it.each([
    [24, 0, 3, 0.9816749190910771, 0.982],
    [24, -2.448, 10.164, 0.913361083860933, 0.913],
    [36, -2.448, 10.164, 0.9535052188653401, 0.953],
  ])(
    'over %i months with skewness %d and kurtosis %d is %d',
    (points, skewness, kurtosisRaw, psr, printed) => {
      const found = probabilisticSharpe({
        sharpe: 0.458,
        sharpeBenchmark: 0,
        points,
        skewness,
        kurtosisRaw,
      })
      expect(found).toBeCloseTo(psr, 9)
      // 0.9535 is printed as 0.953, so a half of the last digit is not quite enough.
      expect(Math.abs(found! - printed)).toBeLessThan(6e-4)
    },
  )

  it('fails the example with excess kurtosis', () => {
    const excess = {
      sharpe: 0.458,
      sharpeBenchmark: 0,
      points: 24,
      skewness: -2.448,
      kurtosisRaw: 7.164,
    }
    expect(Math.abs(probabilisticSharpe(excess)! - 0.913)).toBeGreaterThan(5e-3)
  })

  it('is one half at the benchmark and not defined for one return', () => {
    const even = { sharpe: 0.1, sharpeBenchmark: 0.1, skewness: 0, kurtosisRaw: 3 }
    expect(probabilisticSharpe({ ...even, points: 100 })).toBe(0.5)
    expect(probabilisticSharpe({ ...even, points: 1 })).toBeUndefined()
  })
})

describe('minimum lengths', () => {
  it.each([
    [252, 2.7309842751596634, 2.73],
    [52, 2.828833586945237, 2.83],
    [12, 3.239800696444647, 3.24],
  ])('a Sharpe of 2 against 1 needs years at %i returns a year', (perYear, years, printed) => {
    const points = minTrackRecordPoints({
      sharpe: 2 / Math.sqrt(perYear),
      sharpeBenchmark: 1 / Math.sqrt(perYear),
      skewness: 0,
      kurtosisRaw: 3,
      confidence: 0.95,
    })!
    expect(points / perYear).toBeCloseTo(years, 9)
    expect(Math.abs(points / perYear - printed)).toBeLessThan(0.01)
  })

  it('needs 4.99 years of skewed months', () => {
    const shape = { skewness: -0.72, kurtosisRaw: 5.78, confidence: 0.95 }
    const root = Math.sqrt(12)
    const points = minTrackRecordPoints({ sharpe: 2 / root, sharpeBenchmark: 1 / root, ...shape })!
    expect(points / 12).toBeCloseTo(4.991258223875627, 9)
    const excess = minTrackRecordPoints({
      sharpe: 2 / root,
      sharpeBenchmark: 1 / root,
      ...shape,
      kurtosisRaw: 2.78,
    })!
    expect(Math.abs(excess / 12 - 4.99)).toBeGreaterThan(0.01)
  })

  it('is undefined when the Sharpe ratio is not above the benchmark', () => {
    const flat = {
      sharpe: 0.1,
      sharpeBenchmark: 0.1,
      skewness: 0,
      kurtosisRaw: 3,
      confidence: 0.95,
    }
    expect(minTrackRecordPoints(flat)).toBeUndefined()
  })

  it('expects 1.57 as the best of ten draws and five years for 45 trials', () => {
    expect(expectedMaxNormal(10)).toBeCloseTo(1.5746, 4)
    expect(Math.abs(expectedMaxNormal(10)! - 1.57)).toBeLessThan(5e-3)
    expect(minBacktestYears({ trialCount: 45, sharpeAnnual: 1 })).toBeCloseTo(4.998, 3)
  })
})

describe('the probability of backtest overfitting', () => {
  const columns = (rows: readonly (readonly [number, number])[]) => [
    rows.map(([one]) => one),
    rows.map(([, other]) => other),
  ]

  it.each(['mean', 'sharpe'] as const)(
    'is 1 where the winner changes and 0 where it stays, by %s',
    (metric) => {
      const changing = columns([
        [1, 0],
        [1, 0],
        [0, 1],
        [0, 1],
      ])
      const constant = columns([
        [1, 0],
        [1, 0],
        [1, 0],
        [1, 0],
      ])
      expect(probabilityOfOverfitting({ trials: changing, blocks: 2, metric }).pbo).toBe(1)
      expect(probabilityOfOverfitting({ trials: constant, blocks: 2, metric }).pbo).toBe(0)
    },
  )

  const noise = (seed: number, rows: number, trials: number, edge = 0) => {
    const random = createRandom(seed)
    return Array.from({ length: trials }, (_, trial) =>
      Float64Array.from({ length: rows }, () => random.normal() + (trial === 3 ? edge : 0)),
    )
  }

  it('is one half on average over forty matrices of noise', () => {
    let sum = 0
    for (let seed = 1; seed <= 40; seed++)
      sum += probabilityOfOverfitting({ trials: noise(seed, 500, 20), blocks: 10 }).pbo
    expect(Math.abs(sum / 40 - 0.5)).toBeLessThan(0.05)
  })

  it('is about zero when one trial has an edge of a quarter sigma', () => {
    const { pbo, probabilityOfLoss } = probabilityOfOverfitting({
      trials: noise(5, 500, 20, 0.25),
      blocks: 10,
    })
    expect(pbo).toBeLessThan(0.02)
    expect(probabilityOfLoss).toBeLessThan(0.02)
  })

  it('tries all 12,870 halves of sixteen blocks', () => {
    const result = probabilityOfOverfitting({ trials: noise(6, 165, 4), blocks: 16 })
    expect(result.splits).toBe(12_870)
    expect(result.rowsDropped).toBe(5)
  })
})

describe('combinatorial purged cross-validation', () => {
  it.each([
    [6, 2, 15, 5],
    [8, 3, 56, 21],
    [5, 1, 5, 1],
    [7, 3, 35, 15],
  ])('(%i, %i) has %i splits and %i paths', (groups, testGroups, splits, paths) => {
    const shape = { groups, testGroups }
    expect(combinatorialSplits(shape)).toHaveLength(splits)
    expect(countPaths(shape)).toBe(paths)
    expect(combinatorialPaths(shape)).toHaveLength(paths)
  })
})

describe('triple barrier', () => {
  const closeQuote = [
    100, 101, 102.5, 101, 99, 97.5, 98, 99, 100.5, 103, 104.5, 104, 103.5, 101, 100,
  ]
  const barriers = { profitRatio: 0.02, stopRatio: 0.02, barsMax: 4 }

  it('labels the vector computed by hand', () => {
    const labels = tripleBarrier({ closeQuote, ...barriers })
    expect(labels.slice(0, 11).map((one) => [one?.label, one?.touchedBar])).toEqual([
      [1, 2],
      [-1, 5],
      [-1, 4],
      [-1, 5],
      [0, 8],
      [1, 8],
      [1, 8],
      [1, 9],
      [1, 9],
      [0, 13],
      [-1, 13],
    ])
    expect(labels.slice(11)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('takes the stop when one bar reaches both', () => {
    const labels = tripleBarrier({
      closeQuote: [100, 100],
      highQuote: [100, 103],
      lowQuote: [100, 97],
      ...barriers,
      barsMax: 1,
    })
    expect(labels[0]).toEqual({ label: -1, touchedBar: 1 })
  })
})
