import { describe, expect, test } from 'vitest'
import type { TrialSummary } from '#shared/analytics/result.ts'
import { honestyText, judgeSweep } from './honesty.ts'
import { readDimension } from './read-space.ts'
import { openAnalyticRunner } from './runner/analytic.ts'
import { proposeParameters } from './sampler.ts'
import { walkForwardSteps } from './walk-forward.ts'

async function trialsOf(options: { edge: number; periods: number }, count = 300) {
  const space = [readDimension('x=0..1'), readDimension('y=0..1')]
  const trials = Array.from({ length: count }, (_, index) => index)
  const request = { space, seed: 5, trials, history: [] }
  const points = proposeParameters({ ...request, sampler: 'random' })
  const spec = { name: 'analytic', strategy: 'known function', paths: [], options } as const
  return await openAnalyticRunner(spec).run(points)
}

describe('the honesty numbers', () => {
  test('call the best of many worthless trials luck', async () => {
    const trials = await trialsOf({ edge: 0, periods: 250 })
    const honesty = judgeSweep(trials)
    expect(honesty.probabilisticSharpe).toBeGreaterThan(0.99)
    expect(honesty.deflatedSharpe).toBeLessThan(0.9)
    expect(honesty.bestSharpe).toBeCloseTo(honesty.luckSharpe as number, 1)
    expect(Math.abs((honesty.pbo as number) - 0.5)).toBeLessThan(0.2)
    expect(honestyText(honesty)[0]).toMatch(/^FAILS: the best trial may be luck/)
  })

  test('let a strong edge through, and call it a reason to test further', async () => {
    const honesty = judgeSweep(await trialsOf({ edge: 1, periods: 250 }))
    expect(honesty.deflatedSharpe).toBeGreaterThan(0.99)
    expect(honestyText(honesty)[0]).toMatch(/^PASSES both gates. That is a reason to test further/)
  })

  test('say so when even the best trial loses', async () => {
    const honesty = judgeSweep(await trialsOf({ edge: -2, periods: 250 }))
    expect(honestyText(honesty)[0]).toMatch(/^FAILS: even the best trial loses/)
  })

  test('have nothing to say about trials that never traded', () => {
    const idle: TrialSummary = {
      trial: 0,
      parameters: {},
      pnlQuote: 0,
      feesQuote: 0,
      tradedNotionalQuote: 0,
      fills: 0,
      maxDrawdownRatio: 0,
      periodSeconds: 60,
      returns: new Array<number>(64).fill(0),
    }
    const honesty = judgeSweep([idle, { ...idle, trial: 1 }])
    expect([honesty.bestSharpe, honesty.deflatedSharpe]).toEqual([undefined, undefined])
    expect(honestyText(honesty)[0]).toMatch(/^NO RESULT/)
  })
})

describe('walk forward', () => {
  const day = 86_400_000_000
  const windows = {
    trainUs: 4 * day,
    testUs: 2 * day,
    purgeUs: 0,
    embargoUs: 0,
    isExpanding: false,
  }
  const trialWith = (trial: number, returns: readonly number[]): TrialSummary => ({
    trial,
    parameters: { x: trial },
    pnlQuote: 0,
    feesQuote: 0,
    tradedNotionalQuote: 0,
    fills: 0,
    maxDrawdownRatio: 0,
    periodSeconds: 86_400,
    returns,
  })
  /** Days 0-3 train, 4-5 test; days 2-5 train, 6-7 test. */
  const first = trialWith(0, [0.02, 0.01, 0.02, 0.01, -0.5, -0.4, 0.01, -0.02])
  const second = trialWith(1, [-0.01, 0.01, -0.01, 0.01, 0.03, 0.02, 0.04, 0.05])

  test('chooses on the train window and keeps the test window, even a bad one', () => {
    const steps = walkForwardSteps([first, second], windows)
    expect(steps.map(({ trial, testReturns }) => [trial, testReturns])).toEqual([
      [0, [-0.5, -0.4]],
      [1, [0.04, 0.05]],
    ])
    expect(steps.map(({ trainPeriods }) => trainPeriods)).toEqual([4, 4])
  })

  test('leaves out training that ends within purge and embargo before the test', () => {
    const embargoed = walkForwardSteps([first, second], { ...windows, embargoUs: day })
    expect(embargoed.map(({ trainPeriods }) => trainPeriods)).toEqual([3, 3])
    const both = walkForwardSteps([first, second], { ...windows, embargoUs: day, purgeUs: day })
    expect(both.map(({ trainPeriods }) => trainPeriods)).toEqual([2, 2])
  })

  test('chooses the same whatever happens after the train window', () => {
    const shuffled = [first, second].map((trial) => ({
      ...trial,
      returns: [...trial.returns.slice(0, 4), 9, -9, 9, -9],
    }))
    const [before] = walkForwardSteps([first, second], windows)
    const [after] = walkForwardSteps(shuffled, windows)
    expect([after?.trial, after?.trainSharpe]).toEqual([before?.trial, before?.trainSharpe])
  })

  test('of worthless trials finds an edge in training and none in the tests', async () => {
    const trials = await trialsOf({ edge: 0, periods: 400 })
    const steps = walkForwardSteps(trials, { ...windows, trainUs: 40 * day, testUs: 20 * day })
    const mean = (values: readonly number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(steps.map(({ trainSharpe }) => trainSharpe))).toBeGreaterThan(0.35)
    expect(Math.abs(mean(steps.map(({ testSharpe }) => testSharpe ?? 0)))).toBeLessThan(0.15)
  })

  test('refuses a span without a window, and trials of different length', () => {
    const tooLong = { ...windows, trainUs: 40 * day }
    expect(() => walkForwardSteps([first], tooLong)).toThrow(/8.0 days hold no train and test/)
    const shorter = { ...second, returns: [0.1] }
    expect(() => walkForwardSteps([first, shorter], windows)).toThrow(/trial 1 has 1 returns/)
  })
})
