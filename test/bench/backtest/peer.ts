import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { GlftVariant } from '#shared/simulation/replay/glft-variants.ts'
import type { TapeBlock } from '#shared/simulation/replay/tape.ts'
import type { BacktestFeed } from './feed.ts'
import { terms } from './workload.ts'

const build = new URL('../build/', import.meta.url).pathname
const sources = new URL('./', import.meta.url).pathname
const tapePrefix = `${build}backtest`
const hftbacktestVersion = '2.4.4'

/** Another program that replays the same tape; it stays warm between runs. */
export type Peer = {
  /** One run: its seconds, and the numbers it printed after them. */
  run(): Promise<{ readonly seconds: number; readonly numbers: readonly number[] }>
  close(): void
}

/** Lays the blocks end to end in files, one per column. */
export function writeTape(feed: BacktestFeed): void {
  mkdirSync(build, { recursive: true })
  const { blocks } = feed.tape
  const joined = (
    column: (block: TapeBlock, rowStart: number, frameStart: number) => NodeJS.TypedArray,
  ) => {
    let [rowStart, frameStart] = [0, 0]
    return Buffer.concat(
      blocks.map((block) => {
        const part = column(block, rowStart, frameStart)
        rowStart += block.rows.length
        frameStart += block.frameEnds.length
        return Buffer.from(part.buffer, part.byteOffset, part.byteLength)
      }),
    )
  }
  const order = ({ receiveOrder, frameEnds }: TapeBlock, _: number, start: number) =>
    (receiveOrder ?? Int32Array.from(frameEnds.keys())).map((frame) => frame + start)
  writeFileSync(
    `${tapePrefix}.rows`,
    joined(({ rows }) => rows),
  )
  writeFileSync(
    `${tapePrefix}.ends`,
    joined(({ frameEnds }, start) => frameEnds.map((end) => end + start)),
  )
  writeFileSync(`${tapePrefix}.order`, joined(order))
  writeFileSync(
    `${tapePrefix}.exchange`,
    joined(({ exchangeTimeUs }) => exchangeTimeUs),
  )
  writeFileSync(
    `${tapePrefix}.receive`,
    joined(({ receiveTimeUs }) => receiveTimeUs),
  )
}

const argumentsFor = (variant: GlftVariant): string[] =>
  [
    variant.gammaPerTick,
    variant.halfSpreadFactor,
    variant.skewFactor,
    variant.orderLots,
    variant.inventoryLotsMax,
    variant.gridHalfSpreads,
    terms.latency.entryUs,
    terms.latency.responseUs,
    terms.queue.exponent,
    terms.stepUs,
  ].map(String)

/** Compiles and starts the C++ replay. @returns undefined where there is no g++ */
export function startCpp(variant: GlftVariant): Peer | undefined {
  try {
    execFileSync('g++', [
      ...['-O3', '-march=native', '-std=c++20', '-o', `${build}replay`],
      `${sources}replay.cpp`,
    ])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return startPeer(`${build}replay`, [tapePrefix, ...argumentsFor(variant)])
}

/** Starts the hftbacktest driver in its own virtual environment. @throws Error saying why it cannot be had */
export function startHftbacktest(
  variant: GlftVariant,
  market: BacktestFeed['market'],
  say: (line: string) => void,
): Peer {
  const python = `${build}venv/bin/python`
  if (!existsSync(`${build}venv/lib`) || !canImport(python)) {
    say(`installing hftbacktest ${hftbacktestVersion} into ${build}venv …`)
    execFileSync('python3', ['-m', 'venv', `${build}venv`], { stdio: 'pipe' })
    const install = ['-m', 'pip', 'install', '-q', `hftbacktest==${hftbacktestVersion}`]
    execFileSync(python, install, { stdio: 'pipe' })
  }
  const makerFee = String(terms.fees.makerFeePpm / 1e6)
  return startPeer(python, [
    ...[`${sources}hftbacktest_driver.py`, tapePrefix, ...argumentsFor(variant)],
    ...[String(market.tickQuote), String(market.lotBase), makerFee],
  ])
}

function canImport(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import hftbacktest'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

function startPeer(command: string, args: readonly string[]): Peer {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async run() {
      child.stdin.write('run\n')
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`${command} ended with code ${child.exitCode}`)
        if (!/^\d+ /.test(value)) continue
        const [nanoseconds, ...numbers] = value.split(' ').map(Number)
        return { seconds: (nanoseconds as number) / 1e9, numbers }
      }
    },
    close: () => child.stdin.end(),
  }
}
