import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { createProgress } from '#pipelines/data/progress.ts'
import type { LookAheadVerdict } from '#shared/analytics/look-ahead.ts'
import { summariseBacktest } from '#shared/analytics/report/summarise.ts'
import type { BacktestResult } from '#shared/analytics/result.ts'
import type { Given } from '#shared/cloud/command-line/command.ts'
import { carryOut, runProcess, type Voice } from '#shared/cloud/command-line/run.ts'
import { microsPerMinute } from '#shared/kernel/unit.ts'
import { checkLookAhead } from './look-ahead-check.ts'
import { type BacktestRequest, backtestCommand, type Origin, requestOf } from './options.ts'
import { type ParityRow, summaryLines, writeOutput } from './output.ts'
import { runParity } from './parity.ts'
import { prepareTickBacktest, runTickBacktest } from './tick.ts'

/** Tapes shorter than this are checked for look-ahead unless told otherwise. */
const checkedUsMax = 5 * microsPerMinute

/** What a command found, ready to be written down. */
type Finding = {
  readonly result: BacktestResult
  readonly isFundingWaived: boolean
  readonly lookAhead?: LookAheadVerdict
  readonly notes: readonly string[]
  readonly parity?: { readonly rows: readonly ParityRow[]; readonly figures: object }
  readonly exitCode: number
}

async function main(
  given: Given<typeof backtestCommand.options>,
  { answer, say }: Voice,
): Promise<number> {
  const request = requestOf(given, originOf(process.argv.slice(2)))
  const finding = await find(request)
  const { isFundingWaived, lookAhead, parity, result } = finding
  const summary = summariseBacktest(result, {
    trialCount: 1,
    gatesInput: { isFundingWaived, ...(lookAhead ? { lookAhead } : {}) },
  })
  const folder = given.options.out ?? join('run', `backtest-${nameOf(request, result)}`)
  await writeOutput(folder, result, summary, parity)
  for (const line of summaryLines(result, summary)) say(line)
  for (const note of finding.notes) say(note)
  say(`report      ${join(folder, 'report.html')}`)
  answer({ folder, ...(parity ? { parity: parity.figures } : {}), summary })
  return finding.exitCode
}

function find(request: BacktestRequest): Promise<Finding> {
  switch (request.kind) {
    case 'tape':
      return runTape(request)
    case 'candle':
      return runCandles(request)
    case 'parity':
      return runParity(request.run, request.origin)
  }
}

async function runTape({
  checksLookAhead,
  options,
}: Extract<BacktestRequest, { kind: 'tape' }>): Promise<Finding> {
  let progress: ReturnType<typeof createProgress> | undefined
  const prepared = await prepareTickBacktest({
    ...options,
    onProgress: (done, total) => {
      progress ??= createProgress({ total, unit: 'bytes' })
      progress.show(done)
    },
  })
  const { changesPerSecond, eventsPerSecond, outcome, result } = await runTickBacktest(prepared)
  progress?.end()
  const isChecked = checksLookAhead ?? outcome.endUs - outcome.startUs < checkedUsMax
  const lookAhead = isChecked ? await checkLookAhead(prepared, outcome.events) : undefined
  return {
    result,
    isFundingWaived: outcome.waivedSettlements > 0,
    ...(lookAhead ? { lookAhead } : {}),
    notes: [
      `look-ahead  ${lookAhead ? lookAhead.verdict : 'not checked; add --check-lookahead'}`,
      `speed       ${Math.round(eventsPerSecond)} messages/s (${Math.round(changesPerSecond)} level changes and trades/s), reading included`,
      `intents     ${outcome.intents}, fingerprint ${outcome.intentsHash}`,
    ],
    exitCode: 0,
  }
}

async function runCandles({
  options,
}: Extract<BacktestRequest, { kind: 'candle' }>): Promise<Finding> {
  // Loaded when it is needed: the Parquet reader takes a while to start.
  const { playCandles, prepareCandles } = await import('./candle.ts')
  const { checkCandleLookAhead } = await import('./candle-look-ahead.ts')
  let progress: ReturnType<typeof createProgress> | undefined
  const prepared = await prepareCandles({
    ...options,
    onProgress: (done, total, what) => {
      progress ??= createProgress({ total, unit: '' })
      progress.show(done, what)
    },
  })
  const result = playCandles(prepared)
  const lookAhead = checkCandleLookAhead(prepared)
  progress?.end()
  return {
    result,
    isFundingWaived: options.waiveFunding === true,
    lookAhead,
    notes: [`look-ahead  ${lookAhead.verdict}`],
    exitCode: 0,
  }
}

function nameOf(request: BacktestRequest, { strategy, symbols }: BacktestResult): string {
  if (request.kind === 'parity') return `parity-${request.run.split('/').filter(Boolean).at(-1)}`
  const [first, ...more] = symbols
  return `${strategy}-${first}${more.length > 0 ? `-and-${more.length}` : ''}`.toLowerCase()
}

function originOf(argv: readonly string[]): Origin {
  const quoted = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`))
  return {
    nowUs: Date.now() * 1_000,
    command: `npm run backtest -- ${quoted.join(' ')}`,
    commit: commitOf(),
  }
}

/** The commit of the code that runs, marked when files differ from it. */
function commitOf(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      cwd: new URL('.', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== ''
    return `${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? ' with changes' : ''}`
  } catch {
    // An unpacked archive has no history.
    return 'unknown'
  }
}

await runProcess(carryOut(backtestCommand, main))
