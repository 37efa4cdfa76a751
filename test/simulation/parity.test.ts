import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runParity } from '#pipelines/backtest/parity.ts'
import { simulate } from '#services/local/simulation.ts'
import { accountingProblems } from '#shared/analytics/accounting.ts'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterai-parity-'))
const origin = { nowUs: 0, command: 'test', commit: 'test' }
afterAll(() => rmSync(folder, { recursive: true }))

/** A run as `npm run simulate` leaves it: the tape of everything the executor received, and its summary. */
beforeAll(async () => {
  let written: Promise<void> | undefined
  const summary = await simulate({
    seed: 7,
    durationUs: 60 * microsPerSecond,
    symbols: ['BTCUSDT'],
    strategies: ['glft', 'grid', 'funding-carry'],
    equityQuote: 10_000,
    latencyUs: 5_000,
    report: () => {},
    openTape: (header) => {
      const writer = openTapeWriter(join(folder, 'tape.arrow'), header)
      return {
        append: writer.append,
        async close() {
          written = writer.close()
        },
      }
    },
  })
  await written
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(summary))
})

test('the same events give the same intents; orders made anew and filled by the queue are nearly the same', async () => {
  const { exitCode, parity, result } = await runParity(folder, origin)
  const { figures } = parity
  expect(exitCode).toBe(0)
  expect(figures.isReplayEqual).toBe(true)
  expect(figures.recordedOrders).toBeGreaterThan(50)
  expect(figures.contradictions).toBe(0)
  // What remains: between two depth messages, 100 ms apart, the tape does not show the book that the venue had.
  expect(figures.sameOrdersDifferingRatio).toBeLessThan(0.05)
  expect(figures.differingRatio).toBeLessThan(0.2)
  expect(Math.abs(figures.pnlDifferenceQuote)).toBeLessThan(1)
  expect(accountingProblems(result)).toEqual([])
  // An invented market settles every 30 s.
  expect(result.pnl.fundingQuote).not.toBe(0)
  expect(parity.rows.map(({ label }) => label)).toContain('the same orders, buys: filled notional')
})

test('a parity is a function of the run alone', async () => {
  const [first, second] = [await runParity(folder, origin), await runParity(folder, origin)]
  expect(second).toEqual(first)
})

test('a run that claims other intents fails', async () => {
  const summary = { intents: 1, intentsHash: 'other' }
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(summary))
  const { exitCode, notes } = await runParity(folder, origin)
  expect(exitCode).toBe(1)
  expect(notes.join('\n')).toContain('OTHER INTENTS')
})
