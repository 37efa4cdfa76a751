import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMinute, microsPerSecond } from '#shared/kernel/unit.ts'
import { readRunOptions } from './options.ts'
import { simulate } from './simulation.ts'
import { summaryText } from './summary-text.ts'

const help = `asterai simulate - the whole trader against the local exchange on a virtual clock

Usage: npm run simulate -- [options]

Options:
  --seed N            seed of the market (default 1)
  --for TIME          simulated time (default 10m)
  --symbols A,B       default BTCUSDT,ETHUSDT
  --strategies A,B    default all
  --equity N          paper money in USDT (default 10000)
  --folder DIR        where the run's tape and summary go (default run)
  --json              last line on standard output is one JSON object

Examples:
  npm run simulate -- --seed 7 --for 10m
  npm run simulate -- --seed 7 --for 1h --strategies glft --json

The same options give the same fingerprint, on every machine.`

const latencyUs = 5_000

async function main(argv: readonly string[]): Promise<number> {
  const options = readRunOptions(argv)
  if (options === 'help') {
    process.stdout.write(`${help}\n`)
    return 0
  }
  if (options.tapes.length > 0 || options.venue !== 'twin')
    throw new TradingError(
      'OPTION_INVALID',
      'a simulation invents its market; --tape and --venue belong to npm start',
    )
  const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`)
  const durationUs = options.durationUs ?? 10 * microsPerMinute
  const folder = join(options.folder, `simulation-${options.seed}`)
  mkdirSync(folder, { recursive: true })
  // The disk keeps its own time: the simulation does not wait for it, the command does.
  let written: Promise<void> | undefined
  const startedMs = performance.now()
  const summary = await simulate({
    seed: options.seed,
    durationUs,
    symbols: options.symbols ?? ['BTCUSDT', 'ETHUSDT'],
    strategies: options.strategies,
    equityQuote: options.equityQuote,
    latencyUs,
    openTape: (header) => {
      const writer = openTapeWriter(join(folder, 'tape.arrow'), header)
      return {
        append: writer.append,
        async close() {
          written = writer.close()
        },
      }
    },
    report: say,
    progress: showProgress,
  })
  await written
  const tookSeconds = (performance.now() - startedMs) / 1_000
  writeFileSync(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  say(summaryText(summary))
  const simulatedSeconds = durationUs / microsPerSecond
  say(
    `${simulatedSeconds} s simulated in ${tookSeconds.toFixed(1)} s: ${(simulatedSeconds / tookSeconds).toFixed(0)} times faster than life`,
  )
  if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, tookSeconds })}\n`)
  return summary.accountCheck.exact ? 0 : 1
}

function showProgress(part: number): void {
  if (!process.stderr.isTTY) return
  const filled = Math.round(part * 30)
  process.stderr.write(
    `\r[${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${(part * 100).toFixed(0)} %${part === 1 ? '\r\x1b[K' : ''}`,
  )
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  if (!(error instanceof TradingError) && error instanceof Error)
    process.stderr.write(`${error.stack}\n`)
  process.exitCode = error instanceof TradingError && error.remedy === 'reject-input' ? 2 : 1
}
