import type { RunSummary } from '#services/executor/summary.ts'
import { carryOut, type Voice } from '#shared/cloud/command-line/run.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import { type RunOptions, runOptionsOf, startCommand } from './options.ts'
import { createStack } from './stack.ts'
import { summaryText } from './summary-text.ts'

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
      if (options.durationUs !== undefined)
        countdown = setTimeout(() => end.resolve(undefined), options.durationUs / microsPerMilli)
    }
  } catch (error) {
    // The fault of the start is the one to tell.
    await stack.stop()
    throw error
  }
  const stopProgress = showProgress(options)
  const problem = await end.promise
  stopProgress()
  clearTimeout(countdown)
  const { summary, faults } = await stack.stop()
  return report(summary, [...(problem ? [problem] : []), ...faults], voice)
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
