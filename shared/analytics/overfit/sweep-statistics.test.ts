import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '#shared/kernel/random.ts'
import { sharpeRatio } from '../ratio.ts'
import type { TrialSummary } from '../result.ts'
import { combinations } from './combination.ts'
import { overfittingOf } from './overfitting.ts'
import { probabilityOfOverfitting } from './pbo.ts'
import { sweepStatistics } from './sweep-statistics.ts'

const trial = (number: number, returns: readonly number[], periodSeconds = 60): TrialSummary => ({
  trial: number,
  parameters: {},
  pnlQuote: 0,
  feesQuote: 0,
  tradedNotionalQuote: 0,
  fills: 0,
  maxDrawdownRatio: 0,
  periodSeconds,
  returns,
})

const noise = (seed: number, count: number) => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => random.normal() / 100)
}

describe('a sweep', () => {
  it('counts trials that never traded, though they have no Sharpe ratio', () => {
    const trials = [
      trial(0, noise(1, 64)),
      trial(1, new Array<number>(64).fill(0)),
      trial(2, noise(2, 64)),
    ]
    const found = sweepStatistics(trials)
    expect(found.trialCount).toBe(3)
    expect(found.trialsWithoutSharpe).toBe(1)
    expect(found.trialSharpes.perPeriod).toHaveLength(2)
    expect(found.pbo?.splits).toBe(12_870)
    const sharpes = trials.map((one) => sharpeRatio(one)?.perPeriod ?? Number.NEGATIVE_INFINITY)
    expect(found.best?.trial).toBe(sharpes.indexOf(Math.max(...sharpes)))
  })

  it('has no PBO when it cannot be cut, and nothing best when nothing varies', () => {
    expect(sweepStatistics([trial(0, noise(1, 15)), trial(1, noise(2, 15))]).pbo).toBeUndefined()
    expect(sweepStatistics([trial(0, [0, 0, 0])]).best).toBeUndefined()
    expect(sweepStatistics([]).trialCount).toBe(0)
  })

  it('refuses trials of different periods or lengths', () => {
    expect(() => sweepStatistics([trial(0, noise(1, 20)), trial(1, noise(2, 20), 3_600)])).toThrow(
      /trial 1 is sampled every 3600 s/,
    )
    expect(() => sweepStatistics([trial(0, noise(1, 20)), trial(1, noise(2, 19))])).toThrow(
      /trial 1 has 19 returns/,
    )
  })
})

describe('deflation', () => {
  const base = {
    returns: noise(3, 500).map((r) => r + 0.001),
    periodSeconds: 3_600,
    gatesInput: {},
  }

  it('scales the spread of trials to the period of the returns', () => {
    const perPeriod = [0.1, 0.2, 0.3]
    const hourly = overfittingOf({
      ...base,
      trialCount: 3,
      trialSharpes: { perPeriod, periodSeconds: 3_600 },
    })
    const daily = overfittingOf({
      ...base,
      trialCount: 3,
      trialSharpes: { perPeriod: perPeriod.map((s) => s * Math.sqrt(24)), periodSeconds: 86_400 },
    })
    expect(hourly.trialSharpeVariance).toBeCloseTo(0.01, 12)
    expect(daily.trialSharpeVariance).toBeCloseTo(0.01, 12)
    expect(daily.deflatedSharpe).toBeCloseTo(hourly.deflatedSharpe!, 12)
  })

  it('lowers the chance with every trial more', () => {
    const at = (trialCount: number) =>
      overfittingOf({
        ...base,
        trialCount,
        trialSharpes: { perPeriod: [0, 0.05, 0.1], periodSeconds: 3_600 },
      }).deflatedSharpe!
    expect(at(10)).toBeLessThan(at(3))
    expect(at(1_000)).toBeLessThan(at(10))
    expect(at(3)).toBeLessThan(overfittingOf({ ...base, trialCount: 1 }).deflatedSharpe!)
  })

  it('does not guess the spread of trials it was not given', () => {
    expect(overfittingOf({ ...base, trialCount: 50 }).deflatedSharpe).toBeUndefined()
    expect(() => overfittingOf({ ...base, trialCount: 0 })).toThrow(/count every trial/)
  })

  it('is undefined where returns do not vary', () => {
    const flat = overfittingOf({ ...base, returns: [0, 0, 0], trialCount: 1 })
    expect(flat).toMatchObject({ deflatedSharpe: undefined, minTrackRecordPoints: undefined })
  })
})

describe('PBO', () => {
  it('equals a plain recomputation of every split', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 2, max: 6 }),
        (seed, count) => {
          const blocks = 6
          const rows = 5
          const trials = Array.from({ length: count }, (_, index) =>
            noise(seed * 10 + index, blocks * rows),
          )
          const part = (column: readonly number[], chosen: readonly number[]) =>
            chosen.flatMap((block) => column.slice(block * rows, (block + 1) * rows))
          const logits = combinations(blocks, blocks / 2).map((inside) => {
            const outside = [...Array(blocks).keys()].filter((block) => !inside.includes(block))
            const ratio = (column: readonly number[], chosen: readonly number[]) =>
              sharpeRatio({ returns: part(column, chosen), periodSeconds: 1 })!.perPeriod
            const insides = trials.map((column) => ratio(column, inside))
            const outsides = trials.map((column) => ratio(column, outside))
            const winner = insides.indexOf(Math.max(...insides))
            const rank = outsides.filter((score) => score <= outsides[winner]!).length
            return Math.log(rank / (count + 1 - rank))
          })
          const found = probabilityOfOverfitting({ trials, blocks })
          expect(found.logits).toHaveLength(logits.length)
          for (const [split, logit] of logits.entries())
            expect(found.logits[split]).toBeCloseTo(logit, 9)
        },
      ),
      { numRuns: 20 },
    )
  })

  it.each([
    [[[1, 2]], 2, /at least two trials/],
    [
      [
        [1, 2],
        [1, 2],
      ],
      3,
      /must be even/,
    ],
    [
      [
        [1, 2],
        [1, 2],
      ],
      4,
      /cannot fill 4 blocks/,
    ],
    [
      [
        [1, Number.NaN],
        [1, 2],
      ],
      2,
      /no number/,
    ],
  ])('refuses what it cannot cut', (trials, blocks, message) => {
    expect(() => probabilityOfOverfitting({ trials, blocks })).toThrow(message)
  })

  it('leaves out the oldest rows when blocks do not divide them', () => {
    const trials = [noise(4, 60), noise(5, 60), noise(6, 60)]
    const older = trials.map((column, index) => [index * 9, -7, 5 - index, ...column])
    const found = probabilityOfOverfitting({ trials: older, blocks: 6 })
    expect(found).toEqual({ ...probabilityOfOverfitting({ trials, blocks: 6 }), rowsDropped: 3 })
  })

  it('does not count identical trials as a success', () => {
    const column = noise(9, 40)
    expect(probabilityOfOverfitting({ trials: [column, column, column], blocks: 4 }).pbo).toBe(1)
  })
})
