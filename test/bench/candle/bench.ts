import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { invariant } from '#shared/kernel/error.ts'
import { microsPerHour } from '#shared/kernel/unit.ts'
import { cautiousTiers } from '#shared/simulation/bar/margin.ts'
import { runBars } from '#shared/simulation/bar/run.ts'
import { alignBars, type BarTable } from '#shared/simulation/bar/series.ts'
import type { BarRules } from '#shared/simulation/bar/state.ts'
import { createSmaCross, readSmaCrossConfig } from '#shared/simulation/bar/strategy/sma-cross.ts'
import { alternate, type BenchResult, type Contender, pairedRatio, spreadOf } from '../bench.ts'
import { type BenchBars, loadBars } from './bars.ts'
import { type PeerName, type Peers, type PeerTrade, startPeers } from './peer.ts'

const goals = { vsBacktestingPy: 5, vsVectorbt: 5 }
const fast = 24
const slow = 96
const takerFeeRatio = 3.5e-4
const rounds = 7
/** Ours is so short that one pass would measure the clock. */
const passes = 10

const rules: BarRules = {
  startEquityQuote: 1e9,
  leverage: 1,
  makerFeeRatio: 0,
  takerFeeRatio,
  liquidationFeeRatio: 0,
  slippageRatio: 0,
  path: 'pessimistic',
  throughTicks: 1,
  gapFill: 'limit',
}

/**
 * A moving-average cross over the same bars, one unit a trade, filled at the next open for a taker fee: ours against
 * backtesting.py and vectorbt (the faster of one call per symbol and one matrix). Ours also computes equity and
 * exposure of every bar and looks for liquidation; theirs is timed without them. Every trade must be the same.
 * Measured in processor time of all threads of a process, so that other work on the machine decides less.
 */
export async function benchCandle(say: (line: string) => void): Promise<BenchResult> {
  const bars = await loadBars(Date.now() * 1_000)
  const tables = bars.columns.map((columns) => alignBars([columns], microsPerHour))
  const work = bars.columns.reduce((sum, { timeUs }) => sum + timeUs.length, 0)
  const notes = [`bars: ${bars.source}`]
  const ours = runAll(tables)
  const peers = await startPeers([writeBars(bars), ...peerWords(bars)], say)
  if (typeof peers === 'string') notes.push(peers)

  const contenders: Contender[] = [
    {
      name: 'ours',
      run: async () => {
        const from = process.cpuUsage()
        for (let pass = 0; pass < passes; pass++) runAll(tables)
        const { user, system } = process.cpuUsage(from)
        return (work * passes * 1e6) / (user + system)
      },
    },
    ...(typeof peers === 'string' ? [] : peerContenders(peers, { ours, work })),
  ]
  const rates = await alternate(contenders, { rounds, warmUps: 1 })
  if (typeof peers !== 'string') peers.close()

  const rate = (name: string): readonly number[] => rates.get(name) ?? []
  const vectorbt = rate('vectorbt loop').map((loop, i) =>
    Math.max(loop, rate('vectorbt matrix')[i] as number),
  )
  const ratios: Record<string, number> =
    typeof peers === 'string'
      ? {}
      : {
          vsBacktestingPy: pairedRatio(rate('ours'), rate('backtesting.py')),
          vsVectorbt: pairedRatio(rate('ours'), vectorbt),
        }
  if (typeof peers !== 'string')
    notes.push(`${ours.length} trades, the same in all: entry bar, exit bar, P&L to 1e-6`)
  const result: BenchResult = {
    name: 'candle',
    ratios: Object.fromEntries(Object.entries(ratios).map(([k, v]) => [k, Number(v.toFixed(2))])),
    goals,
    rates: Object.fromEntries([...rates].map(([name, values]) => [name, spreadOf(values)])),
    notes,
  }
  report(result, say)
  return result
}

function runAll(tables: readonly BarTable[]): readonly PeerTrade[] {
  return tables.flatMap((table, index) => {
    const strategy = createSmaCross(1, readSmaCrossConfig({ fast, slow }), {
      kind: 'base',
      sizeBase: 1,
    })
    const instrument = {
      symbol: table.columns[0]?.symbol ?? '',
      ticksPerQuote: 100,
      lotsPerBase: 1_000,
      notionalQuoteMin: 0,
      tiers: cautiousTiers,
      funding: undefined,
    }
    const { record } = runBars({ table, instruments: [instrument], rules, strategy })
    return record.trips.map(
      ({ openStep, closeStep, pnlQuote }): PeerTrade => [index, openStep, closeStep, pnlQuote],
    )
  })
}

function peerContenders(
  peers: Peers,
  { ours, work }: { readonly ours: readonly PeerTrade[]; readonly work: number },
): readonly Contender[] {
  const contender = (name: string, peer: PeerName): Contender => ({
    name,
    run: async () => {
      const { seconds, trades } = await peers.run(peer)
      compare(name, ours, trades)
      return work / seconds
    },
  })
  return [
    contender('backtesting.py', 'backtesting'),
    contender('vectorbt loop', 'vectorbt-loop'),
    contender('vectorbt matrix', 'vectorbt-matrix'),
  ]
}

function compare(name: string, ours: readonly PeerTrade[], theirs: readonly PeerTrade[]): void {
  invariant(
    theirs.length === ours.length,
    `${name} made ${theirs.length} trades, we ${ours.length}`,
  )
  theirs.forEach(([symbol, entry, exit, pnl], i) => {
    const [ourSymbol, ourEntry, ourExit, ourPnl] = ours[i] as PeerTrade
    const isSame =
      symbol === ourSymbol &&
      entry === ourEntry &&
      exit === ourExit &&
      Math.abs(pnl - ourPnl) <= 1e-6
    invariant(isSame, `${name} trade ${i}: ${theirs[i]}, ours ${ours[i]}`)
  })
}

/** Writes open, high, low, close of each symbol as doubles, so that both sides have the same bits. */
function writeBars({ columns }: BenchBars): string {
  const path = fileURLToPath(new URL('../build/candle-bars.f64', import.meta.url))
  mkdirSync(fileURLToPath(new URL('../build', import.meta.url)), { recursive: true })
  const parts = columns.flatMap(({ open, high, low, close }) => [open, high, low, close])
  writeFileSync(
    path,
    Buffer.concat(
      parts.map(({ buffer, byteOffset, byteLength }) =>
        Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
      ),
    ),
  )
  return path
}

const peerWords = ({ columns }: BenchBars): readonly string[] =>
  [columns[0]?.timeUs.length ?? 0, columns.length, fast, slow, takerFeeRatio].map(String)

function report(result: BenchResult, say: (line: string) => void): void {
  say(result.notes.join('\n'))
  say(
    `sma-cross ${fast}/${slow}, next-bar-open fills, taker fee; ${rounds} alternating rounds, bars per second of processor time`,
  )
  say('')
  for (const [name, { median, best, worst }] of Object.entries(result.rates)) {
    const cells = [median, best, worst].map((rate) => `${(rate / 1e6).toFixed(2)} M/s`.padStart(12))
    say(`  ${name.padEnd(22)}${cells.join('')}`)
  }
  say('')
  for (const [name, goal] of Object.entries(goals)) {
    const ratio = result.ratios[name]
    if (ratio === undefined) continue
    say(
      `  ${name.padEnd(22)} ${ratio.toFixed(1)}x (goal ${goal}: ${ratio >= goal ? 'met' : 'missed'})`,
    )
  }
}
