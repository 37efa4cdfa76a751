import type { RunSummary } from '#services/executor/summary.ts'
import { carryOut, type Voice } from '#shared/cloud/command-line/run.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import { type RunOptions, runOptionsOf, startCommand } from './options.ts'
import { createStack } from './stack.ts'
import { summaryText } from './summary-text.ts'
import { bytesOfGb, removeOldTapes, textOfRemoved } from './tape-keeping.ts'

/**
 * Runs one command line of `npm start`.
 *
 * @param stopAsked - resolves when somebody wants the run to end
 * @returns the exit code
 */
export const main = (argv: readonly string[], stopAsked: Promise<undefined>): Promise<number> =>
  carryOut(startCommand, (given, voice) => run(runOptionsOf(given.options), stopAsked, voice))(argv)

/** One run from start to summary; ends by time, by the end of a tape, by a signal, or by a fault. */
async function run(
  options: RunOptions,
  stopAsked: Promise<undefined>,
  voice: Voice,
): Promise<number> {
  const { say } = voice
  const end = Promise.withResolvers<Error | undefined>()
  stopAsked.then(end.resolve)

  const runId = `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}-${options.seed}`
  say(`starting run ${runId} (${options.mode}); Ctrl-C ends it`)
  let countdown: NodeJS.Timeout | undefined
  let tidy: NodeJS.Timeout | undefined
  const stack = createStack(options, runId, { log: say, onEnd: end.resolve })
  try {
    const started = stack.start()
    const operatorUrl = await Promise.race([started, end.promise])
    if (typeof operatorUrl !== 'string') {
      started.catch(() => {
        // Stopping a start makes it fail; that is what was asked for.
      })
    } else {
      say(`\n  open ${operatorUrl}\n`)
      tidy = keepTapesBounded(options, runId, say)
      if (options.durationUs !== undefined)
        countdown = setTimeout(() => end.resolve(undefined), options.durationUs / microsPerMilli)
    }
  } catch (error) {
    // The fault of the start is the one to tell.
    await stack.stop()
    throw withWayOut(error, options)
  }
  const stopProgress = showProgress(options)
  const problem = await end.promise
  stopProgress()
  clearTimeout(countdown)
  clearInterval(tidy)
  const { summary, faults } = await stack.stop()
  return report(summary, [...(problem ? [problem] : []), ...faults], voice)
}

const tidyEveryMs = 3_600_000

/** Removes old tapes now and once an hour: by now nobody else can be at work in the folder. */
function keepTapesBounded(
  { folder, keepTapesGb }: RunOptions,
  currentRunId: string,
  say: Voice['say'],
): NodeJS.Timeout {
  const tidy = () => {
    try {
      const removed = removeOldTapes(folder, { bytesMax: bytesOfGb(keepTapesGb), currentRunId })
      const line = textOfRemoved(removed, keepTapesGb)
      if (line !== undefined) say(line)
    } catch (error) {
      // Trading does not end for it; the disk is watched elsewhere.
      say(`old tapes were not removed: ${(error as Error).message}`)
    }
  }
  tidy()
  return setInterval(tidy, tidyEveryMs)
}

/** What a person can do about a start that failed, where the fault alone does not say it. */
function withWayOut(error: unknown, { folder, mode, venue }: RunOptions): unknown {
  if (!(error instanceof TradingError)) return error
  const { code, details, message } = error
  if (code === 'VENUE_UNREACHABLE' && venue === 'aster' && mode === 'paper')
    return new TradingError(
      code,
      `${message}; without --venue aster it trades on the local exchange, which needs none`,
      details,
      error,
    )
  // Two runs cannot share a folder: that is a wrong option, not a fault that passes.
  if (code === 'WAREHOUSE_BUSY')
    return new TradingError(
      'CONFIG_INVALID',
      `another run is going on in ${folder} (${message.replace(/; .*/, '')}); stop it, or start this one with another --folder and --port`,
      details,
      error,
    )
  return error
}

function report(
  summary: RunSummary | undefined,
  problems: readonly Error[],
  { answer, say }: Voice,
): number {
  if (summary) {
    say(summaryText(summary))
    answer(summary)
  }
  for (const { message } of problems) process.stderr.write(`error: ${message}\n`)
  // Stopped before trading began: there are no books to check.
  const isWrong = summary !== undefined && !summary.accountCheck.exact
  return problems.length > 0 || isWrong ? 1 : 0
}

/** A line that counts down on a terminal; nothing where output goes to a file. */
function showProgress({ durationUs }: RunOptions): () => void {
  if (durationUs === undefined || !process.stderr.isTTY) return () => {}
  const startedMs = performance.now()
  const totalSeconds = durationUs / 1_000_000
  const timer = setInterval(() => {
    const seconds = Math.min(totalSeconds, (performance.now() - startedMs) / 1_000)
    const filled = Math.round((seconds / totalSeconds) * 30)
    const bar = `${'#'.repeat(filled)}${'.'.repeat(30 - filled)}`
    process.stderr.write(`\r[${bar}] ${seconds.toFixed(0)} of ${totalSeconds} s`)
  }, 500)
  return () => {
    clearInterval(timer)
    process.stderr.write('\r\x1b[K')
  }
}
