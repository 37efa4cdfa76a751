import { describe, expect, it } from 'vitest'
import { accountingProblems } from './accounting.ts'
import { type GateFacts, judgeGates } from './gates.ts'
import { sampleResult } from './report/sample.fixture.ts'

/** A result that nothing is wrong with. */
const good: GateFacts = {
  isFundingWaived: false,
  lookAhead: { verdict: 'clean', cuts: 16, decisions: 900 },
  pbo: 0.1,
  syntheticSources: [],
  accountingProblems: [],
  quoteUnit: 'USDT',
  liquidations: 0,
  liquidationLossQuote: 0,
  endEquityQuote: 11_000,
  totalPnlQuote: 1_000,
  alphaQuote: 900,
  rebateQuote: 100,
  roundTrips: 200,
  trialCount: 40,
  sharpePerPeriod: 0.1,
  deflatedSharpe: 0.97,
  trackRecordPoints: 365,
  minTrackRecordPoints: 200,
  periodSeconds: 86_400,
  returnRatio: 0.1,
  benchmarks: [{ name: 'buy and hold', returnRatio: 0.05 }],
}

const verdictOf = (facts: GateFacts, name: string) =>
  judgeGates(facts).find((gate) => gate.name === name)

describe('gates', () => {
  it('all pass for a result that nothing is wrong with', () => {
    expect(judgeGates(good).map(({ verdict }) => verdict)).toEqual(new Array(11).fill('passed'))
  })

  it.each([
    ['deflated-sharpe', { deflatedSharpe: 0.949 }, /94\.9 %, less than 95 %/],
    ['overfitting', { pbo: 0.51 }, /51 % of the splits/],
    ['track-record', { minTrackRecordPoints: 400 }, /365\.0 days long; 400\.0 days are needed/],
    ['track-record', { minTrackRecordPoints: undefined }, /not above zero/],
    ['track-record', { sharpePerPeriod: undefined }, /too short, or nothing/],
    [
      'rebate',
      { alphaQuote: -5 },
      /only by the maker rebate: \+1,000\.00 with it, −5\.0000 USDT without/,
    ],
    ['round-trips', { roundTrips: 29 }, /Only 29 round trips/],
    ['synthetic-source', { syntheticSources: ['a.gz'] }, /invented \(a\.gz\)/],
    ['funding', { isFundingWaived: true }, /waived/],
    ['benchmark', { returnRatio: 0.01 }, /buy and hold \+5\.00 %/],
    [
      'liquidation',
      { liquidations: 2, liquidationLossQuote: 12.5 },
      /2 times, which cost 12\.5000 USDT/,
    ],
    ['liquidation', { endEquityQuote: 0 }, /ruined/],
    ['accounting', { accountingProblems: ['fees: 1 against 2'] }, /contradict each other/],
    [
      'look-ahead',
      {
        lookAhead: { verdict: 'caught', index: 6, cutIndex: 7, full: 'a', truncated: 'b' } as const,
      },
      /decision at event 6 changes/,
    ],
  ])('%s fails and says why in one sentence', (name, change, sentence) => {
    const gate = verdictOf({ ...good, ...change }, name)
    expect(gate?.verdict).toBe('failed')
    expect(gate?.sentence).toMatch(sentence)
    expect(judgeGates({ ...good, ...change })[0]?.name).toBe(name)
  })

  it('fails when the look-ahead detector was not run', () => {
    const { lookAhead: _, ...unchecked } = good
    expect(verdictOf(unchecked, 'look-ahead')?.verdict).toBe('failed')
  })

  it('does not call what it cannot judge a pass', () => {
    expect(verdictOf({ ...good, deflatedSharpe: undefined }, 'deflated-sharpe')?.verdict).toBe(
      'unknown',
    )
    const { pbo: _, ...unchosen } = good
    expect(verdictOf(unchosen, 'overfitting')?.verdict).toBe('unknown')
    expect(verdictOf({ ...unchosen, trialCount: 1 }, 'overfitting')?.verdict).toBe('not-applicable')
    expect(verdictOf({ ...good, benchmarks: [] }, 'benchmark')?.verdict).toBe('unknown')
  })

  it('puts failures first and what was not judged second', () => {
    const gates = judgeGates({ ...good, roundTrips: 1, deflatedSharpe: undefined })
    expect(gates.slice(0, 3).map(({ verdict }) => verdict)).toEqual(['failed', 'unknown', 'passed'])
  })
})

describe('accounting', () => {
  const result = sampleResult({ hours: 300 })

  it('finds nothing wrong with a result that adds up', () => {
    expect(accountingProblems(result)).toEqual([])
  })

  it.each([
    [
      'parts',
      { pnl: { ...result.pnl, spreadQuote: result.pnl.spreadQuote + 1 } },
      /sum of its parts/,
    ],
    ['notional', { tradedNotionalQuote: result.tradedNotionalQuote + 10 }, /traded notional/],
    ['equity', { startEquityQuote: result.startEquityQuote + 1 }, /last equity/],
    [
      'fees',
      { fills: { ...result.fills, feeQuote: result.fills.feeQuote.map((fee) => fee * 1.01) } },
      /fees/,
    ],
    [
      'columns',
      { fills: { ...result.fills, markoutBps: [[], [], []] } },
      /fill columns have different lengths/,
    ],
    ['lengths', { benchmarks: [{ name: 'hold', equityQuote: [1] }] }, /hold has 1 samples/],
  ])('finds a contradiction in %s', (_, change, message) => {
    expect(accountingProblems({ ...result, ...change }).join()).toMatch(message)
  })
})
