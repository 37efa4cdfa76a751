import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replayTape } from '#services/local/replay.ts'
import { type SimulationOptions, simulate } from '#services/local/simulation.ts'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'

const options: SimulationOptions = {
  seed: 7,
  durationUs: 60 * microsPerSecond,
  symbols: ['BTCUSDT'],
  strategies: ['glft', 'grid', 'funding-carry'],
  equityQuote: 10_000,
  latencyUs: 5_000,
  report: () => {},
}

test('the same seed gives the same run to the last intent, another seed another run', async () => {
  const first = await simulate(options)
  expect(first.orders).toBeGreaterThan(50)
  expect(first.fills).toBeGreaterThan(5)
  expect(await simulate(options)).toEqual(first)
  const other = await simulate({ ...options, seed: 8 })
  expect(other.intentsHash).not.toBe(first.intentsHash)
})

test('the books of a run equal the books of the venue to the last unit', async () => {
  const { accountCheck, pnl } = await simulate({ ...options, symbols: ['BTCUSDT', 'ETHUSDT'] })
  expect(accountCheck).toEqual({ exact: true, differences: [] })
  // Funding settles every 30 s on an invented market, so a minute has some.
  expect(Number(pnl.funding)).not.toBe(0)
})

test('a recorded run, fed to the same trader again, asks for the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'asterai-replay-'))
  const path = join(folder, 'tape.arrow')
  let written: Promise<void> | undefined
  const summary = await simulate({
    ...options,
    openTape: (header) => {
      const writer = openTapeWriter(path, header)
      return {
        append: writer.append,
        async close() {
          written = writer.close()
        },
      }
    },
  })
  await written
  const replay = await replayTape(path)
  rmSync(folder, { recursive: true })
  expect(replay.intentsHash).toBe(summary.intentsHash)
  expect(replay.intents).toBe(summary.intents)
})
