import { invariant, TradingError } from '#shared/kernel/error.ts'
import { createReplay } from '#shared/simulation/replay/replay.ts'
import type { BenchResult } from '../bench.ts'
import { loadBacktestFeed, passOf } from './feed.ts'
import { singleVariant, terms } from './workload.ts'

const rowsWanted = 1_000_000_000
const passesPerCycle = 25
const megabyte = 2 ** 20
const samples = 10
const limitMb = 1_024

/**
 * Streams 1 B rows through a replay block by block, the recording again and again, and watches the memory of the
 * process: what is kept per row would show as growth.
 */
export async function benchBacktestMemory(say: (line: string) => void): Promise<BenchResult> {
  const feed = loadBacktestFeed(1)
  const block = feed?.tape.blocks[0]
  if (!feed || !block)
    throw new TradingError(
      'FILE_UNREADABLE',
      'the recordings in ../shared/data are absent: nothing to replay',
    )
  const pass = passOf(block, passesPerCycle)
  const replay = createReplay({
    ...terms,
    ...{ market: feed.market, variants: [singleVariant] },
    equity: { periodUs: 60_000_000, startQuote: 10_000 },
  })
  const from = performance.now()
  const rss: number[] = []
  let rows = 0
  for (let index = 0; rows < rowsWanted; index++) {
    const next = pass(index)
    replay.push(next)
    rows += next.rows.length / 2
    if (rows < (rowsWanted / samples) * (rss.length + 1)) continue
    rss.push(process.memoryUsage.rss() / megabyte)
    say(`${(rows / 1e6).toFixed(0).padStart(5)} M rows  RSS ${rss.at(-1)?.toFixed(0)} MB`)
  }
  const { variants, steps, startUs, endUs } = replay.finish()
  const seconds = (performance.now() - from) / 1_000
  const largestMb = Math.max(...rss)
  invariant((variants[0]?.fills ?? 0) > 0, 'the long run filled nothing')
  const notes = [
    `${(rows / 1e6).toFixed(1)} M rows, ${((endUs - startUs) / 3.6e9).toFixed(1)} h of market, ${steps} decisions, ${variants[0]?.fills} fills in ${seconds.toFixed(1)} s`,
    `largest RSS ${largestMb.toFixed(0)} MB, at the first sample ${rss[0]?.toFixed(0)} MB`,
  ]
  say(notes.join('\n'))
  return {
    name: 'backtest-memory',
    ratios: { limitVsRss: Number((limitMb / largestMb).toFixed(3)) },
    goals: { limitVsRss: 1 },
    rates: { rows: { median: rows / seconds, best: rows / seconds, worst: rows / seconds } },
    notes,
  }
}
