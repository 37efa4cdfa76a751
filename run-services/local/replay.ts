import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDrive } from '#services/executor/drive.ts'
import type { RunSummary } from '#services/executor/summary.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { createTraderFromSpec, type TraderSpec } from '#shared/trading/engine/spec.ts'

const help = `asterai replay - feeds a recorded run to the same trader and compares what it asks for

Usage: npm run replay -- RUN [--json]

  RUN   folder of a run, its id, or a tape.arrow

Examples:
  npm run replay -- run/20261121T120000-7
  npm run replay -- 20261121T120000-7 --json

Exit codes: 0 same intents, 1 other intents, 2 input that cannot be used.`

export type Replay = {
  readonly events: number
  readonly intents: number
  readonly intentsHash: string
}

/**
 * Steps a fresh trader through everything a run received.
 *
 * @throws TradingError TAPE_MALFORMED when the tape was not written by an executor
 */
export async function replayTape(path: string): Promise<Replay> {
  const { header, events } = await openTape([path])
  const text = header.attributes.spec
  if (!text)
    throw new TradingError(
      'TAPE_MALFORMED',
      `${path} is no tape of a run: it holds market data only; replay needs run/<id>/tape.arrow`,
    )
  const state = createTraderFromSpec(JSON.parse(text) as TraderSpec, header.instruments)
  const drive = createDrive(
    state,
    () => {},
    () => {},
  )
  for await (const event of events) drive.receive(event)
  return { events: drive.eventCount, intents: drive.intentCount, intentsHash: drive.intentsHash() }
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) {
    process.stdout.write(`${help}\n`)
    return 0
  }
  const [run, ...more] = positionals
  if (run === undefined || more.length > 0)
    throw new TradingError('OPTION_INVALID', 'name one run, e.g. npm run replay -- run/<id>')
  const tape = tapeOf(run)
  const replay = await replayTape(tape)
  const recorded = summaryBeside(tape)
  const isSame = recorded === undefined ? null : recorded.intentsHash === replay.intentsHash
  const say = values.json ? process.stderr : process.stdout
  say.write(
    `replayed ${replay.events} events: ${replay.intents} intents, fingerprint ${replay.intentsHash}\n`,
  )
  say.write(
    isSame === null
      ? 'the run left no summary to compare with (it did not end by itself)\n'
      : isSame
        ? 'same intents as the run\n'
        : `the run asked for something else: ${recorded?.intents} intents, fingerprint ${recorded?.intentsHash}\n`,
  )
  if (values.json) process.stdout.write(`${JSON.stringify({ ...replay, isSame })}\n`)
  return isSame === false ? 1 : 0
}

/** @throws TradingError FILE_UNREADABLE */
function tapeOf(run: string): string {
  for (const candidate of [run, join('run', run)]) {
    if (!existsSync(candidate)) continue
    const path = statSync(candidate).isDirectory() ? join(candidate, 'tape.arrow') : candidate
    if (existsSync(path)) return path
  }
  throw new TradingError(
    'FILE_UNREADABLE',
    `no run '${run}': there is no ${run} and no ${join('run', run)} with a tape.arrow`,
  )
}

function summaryBeside(tape: string): RunSummary | undefined {
  const path = join(tape, '..', 'summary.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunSummary) : undefined
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`error: ${message}\n`)
    process.exitCode = error instanceof TradingError && error.remedy !== 'reject-input' ? 1 : 2
  }
}
