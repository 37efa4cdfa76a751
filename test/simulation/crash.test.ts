import { expect, test } from 'vitest'
import { simulate } from '#services/local/simulation.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'

/** Seed and the lives, in seconds, of sessions that die without a word; a case that ever failed stays here. */
const deaths: readonly [number, readonly number[]][] = [
  [1, [0.15, 25]],
  [2, [16.04, 9.46]],
  [13, [23.15, 11.58]],
  [14, [31.07, 26.31]],
]

test.each(deaths)(
  'seed %i, killed after %j s: the next session finds nothing lost',
  async (seed, lives) => {
    const summary = await simulate({
      seed,
      durationUs: 30 * microsPerSecond,
      crashAfterUs: lives.map((seconds) => seconds * microsPerSecond),
      symbols: ['BTCUSDT'],
      strategies: ['glft', 'grid', 'funding-carry'],
      equityQuote: 10_000,
      latencyUs: 5_000,
      faults: { lostBefore: 0.02, lostAfter: 0.02, dropped: 0.5, unsent: 0.02 },
      report: () => {},
    })
    // What the dead left is canceled or taken over, and the new session trades.
    expect(summary.orders).toBeGreaterThan(10)
    expect(summary.accountCheck).toEqual({ exact: true, differences: [] })
  },
)

test('a kill outlives the process: the next session places nothing', async () => {
  const summary = await simulate({
    seed: 5,
    durationUs: 20 * microsPerSecond,
    crashAfterUs: [10 * microsPerSecond],
    commandBeforeCrash: { command: 'kill', reason: 'operator' },
    symbols: ['BTCUSDT'],
    strategies: ['glft', 'grid'],
    equityQuote: 10_000,
    latencyUs: 5_000,
    report: () => {},
  })
  expect(summary.killed).toBe('operator')
  expect(summary.orders).toBe(0)
  expect(summary.accountCheck.exact).toBe(true)
})
