import { availableParallelism } from 'node:os'
import { invariant, TradingError } from '#shared/kernel/error.ts'
import type { GlftVariant } from '#shared/simulation/replay/glft-variants.ts'
import { replayGlft } from '#shared/simulation/replay/replay.ts'
import type { ReplayResult, VariantResult } from '#shared/simulation/replay/replay-result.ts'
import { alternate, type BenchResult, type Contender, pairedRatio, spreadOf } from '../bench.ts'
import { type BacktestFeed, loadBacktestFeed } from './feed.ts'
import { type Peer, startCpp, startHftbacktest, writeTape } from './peer.ts'
import { startSweepThreads } from './sweep-threads.ts'
import { singleVariant, sweepVariants, terms } from './workload.ts'

const rowsMin = 10_000_000
const rounds = 7
const goals = { vsHftbacktest: 5, sweep64VsHftbacktest: 50, vsCpp: 0.5 }
/** Fills and P&L may differ by this share from hftbacktest's. */
const agreementRatio = 0.01

/**
 * One GLFT market maker over 10 M recorded rows: ours, the same in hftbacktest and in C++; and 64 variants of it in one
 * pass. A rate is rows × variants per second; every row goes through two books.
 */
export async function benchBacktest(say: (line: string) => void): Promise<BenchResult> {
  const feed = loadBacktestFeed(rowsMin)
  if (!feed)
    throw new TradingError(
      'FILE_UNREADABLE',
      'the recordings in ../shared/data are absent: nothing to replay',
    )
  const rows = feed.tape.rowCount
  const notes = [
    `tape: ${feed.source}; ${rows} rows, ${(feed.tape.byteLength / rows).toFixed(1)} bytes each`,
  ]
  writeTape(feed)

  const replay = (variants: readonly GlftVariant[]): ReplayResult =>
    replayGlft({ ...terms, market: feed.market, tape: feed.tape, variants })
  const results = new Map<string, ReplayResult>()
  const ours = (name: string, variants: readonly GlftVariant[]): Contender => ({
    name,
    run: async () => {
      const from = performance.now()
      results.set(name, replay(variants))
      return (rows * variants.length * 1_000) / (performance.now() - from)
    },
  })

  const cpp = startCpp(singleVariant)
  if (!cpp) notes.push('g++ is absent: no comparison with C++')
  const hftbacktest = tryHftbacktest(feed, say, notes)
  const threads = startSweepThreads({ ...terms, market: feed.market }, feed.tape, sweepVariants)
  const peerNumbers = new Map<string, readonly number[]>()
  const peer = (name: string, program: Peer): Contender => ({
    name,
    run: async () => {
      const { seconds, numbers } = await program.run()
      peerNumbers.set(name, numbers)
      return rows / seconds
    },
  })
  const contenders: Contender[] = [
    ours('ours', [singleVariant]),
    ...(cpp ? [peer('C++', cpp)] : []),
    ...(hftbacktest ? [peer('hftbacktest', hftbacktest)] : []),
    ours('ours x64', sweepVariants),
    {
      name: `ours x64, ${threads.count} threads`,
      run: async () => (rows * sweepVariants.length) / (await threads.run()),
    },
  ]
  const rates = await alternate(contenders, { rounds, warmUps: 2 })
  cpp?.close()
  hftbacktest?.close()
  await threads.close()

  const single = results.get('ours') as ReplayResult
  const mine = single.variants[0] as VariantResult
  const swept = results.get('ours x64')?.variants[0] as VariantResult
  invariant(swept.quotesChecksum === mine.quotesChecksum, 'the sweep and the single run disagree')
  if (cpp) notes.push(compareCpp(single, peerNumbers.get('C++') as readonly number[]))
  if (hftbacktest)
    notes.push(compareHftbacktest(single, peerNumbers.get('hftbacktest') as number[], feed))

  const rate = (name: string) => rates.get(name) ?? []
  const ratios = {
    ...(hftbacktest && {
      vsHftbacktest: pairedRatio(rate('ours'), rate('hftbacktest')),
      sweep64VsHftbacktest: pairedRatio(rate('ours x64'), rate('hftbacktest')),
    }),
    ...(cpp && { vsCpp: pairedRatio(rate('ours'), rate('C++')) }),
  }
  const result: BenchResult = {
    name: 'backtest',
    ratios: Object.fromEntries(Object.entries(ratios).map(([k, v]) => [k, Number(v.toFixed(3))])),
    goals,
    rates: Object.fromEntries([...rates].map(([k, v]) => [k, spreadOf(v)])),
    notes,
  }
  report(result, say)
  return result
}

function tryHftbacktest(
  feed: BacktestFeed,
  say: (line: string) => void,
  notes: string[],
): Peer | undefined {
  try {
    return startHftbacktest(singleVariant, feed.market, say)
  } catch (error) {
    const [line] = String((error as Error).message)
      .trim()
      .split('\n')
    notes.push(
      `hftbacktest cannot be had here (${line}): no comparison with it; it needs Python 3 and PyPI`,
    )
    return undefined
  }
}

/** @throws TradingError when C++ did anything else */
function compareCpp(run: ReplayResult, numbers: readonly number[]): string {
  const [mine] = run.variants as readonly [VariantResult]
  const [fills, orders, inventory, cash, , checksum, halfTicks, steps] = numbers
  const isSame =
    fills === mine.fills &&
    orders === mine.orders &&
    inventory === mine.inventoryLots &&
    cash === mine.cashTickLots &&
    checksum === mine.quotesChecksum &&
    halfTicks === run.lastHalfTicks &&
    steps === run.steps
  invariant(isSame, `C++ and ours disagree: ${numbers.join(' ')}`)
  return `C++ agrees exactly: ${steps} decisions, ${orders} orders, ${fills} fills, cash and quotes`
}

/** @throws TradingError when fills or P&L differ by more than a hundredth */
function compareHftbacktest(
  run: ReplayResult,
  numbers: readonly number[],
  { market }: BacktestFeed,
): string {
  const [mine] = run.variants as readonly [VariantResult]
  const [fills, position, balance, fee, , , checksum, halfTicks] = numbers as [
    ...[number, number, number, number, number, number, number, number],
  ]
  const pnl = balance + (position * halfTicks * market.tickQuote) / 2 - fee
  const pnlQuote = mine.pnlQuote as number
  const isNear = (a: number, b: number) => Math.abs(a - b) <= agreementRatio * Math.abs(b)
  invariant(
    isNear(mine.fills, fills) && isNear(pnlQuote, pnl),
    `hftbacktest and ours disagree: fills ${fills} and ${mine.fills}, P&L ${pnl} and ${pnlQuote}`,
  )
  const quotes = checksum === mine.quotesChecksum ? 'the same quotes' : 'other quotes'
  return `hftbacktest agrees: fills ${fills} (ours ${mine.fills}), P&L ${pnl.toFixed(4)} (ours ${pnlQuote.toFixed(4)}) USDT after fees of ${fee.toFixed(2)}, ${quotes}`
}

function report(result: BenchResult, say: (line: string) => void): void {
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(24)}${cells.map((cell) => cell.padStart(12)).join('')}`
  say(result.notes.join('\n'))
  say(`${rounds} alternating rounds, ${availableParallelism()} cores`)
  say('')
  say(row('variant rows', ['median', 'best', 'worst']))
  for (const [name, { median, best, worst }] of Object.entries(result.rates))
    say(
      row(
        name,
        [median, best, worst].map((rate) => `${(rate / 1e6).toFixed(1)} M/s`),
      ),
    )
  say('')
  for (const [name, goal] of Object.entries(goals)) {
    const ratio = result.ratios[name]
    if (ratio === undefined) continue
    say(
      `  ${name.padEnd(24)}${ratio.toFixed(2)}x (goal ${goal}: ${ratio >= goal ? 'met' : 'missed'})`,
    )
  }
}
