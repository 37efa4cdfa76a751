import type { RunSummary } from '#services/executor/summary.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'
import { type RunOptions, readRunOptions, startHelp } from './options.ts'
import { createStack } from './stack.ts'
import { summaryText } from './summary-text.ts'

const exitCode = { ended: 0, fault: 1, input: 2 } as const

/**
 * Runs one command line of `npm start`.
 *
 * @param stopAsked - resolves when somebody wants the run to end
 * @returns the exit code
 */
export async function main(
  argv: readonly string[],
  stopAsked: Promise<undefined>,
): Promise<number> {
  try {
    const options = readRunOptions(argv)
    if (options === 'help') {
      process.stdout.write(`${startHelp}\n`)
      return exitCode.ended
    }
    return await run(options, stopAsked)
  } catch (error) {
    return tell(error)
  }
}

/** One run from start to summary; ends by time, by the end of a tape, by a signal, or by a fault. */
async function run(options: RunOptions, stopAsked: Promise<undefined>): Promise<number> {
  // With --json standard output belongs to the one object at the end.
  const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`)
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
  return report(options, summary, [...(problem ? [problem] : []), ...faults], say)
}

function report(
  options: RunOptions,
  summary: RunSummary | undefined,
  problems: readonly Error[],
  say: (line: string) => void,
): number {
  if (summary) {
    say(summaryText(summary))
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
  }
  for (const { message } of problems) process.stderr.write(`error: ${message}\n`)
  // Stopped before trading began: there are no books to check.
  const isWrong = summary !== undefined && !summary.accountCheck.exact
  return problems.length > 0 || isWrong ? exitCode.fault : exitCode.ended
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

function tell(error: unknown): number {
  if (error instanceof TradingError) {
    process.stderr.write(`error: ${error.message}\n`)
    return error.remedy === 'reject-input' ? exitCode.input : exitCode.fault
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return exitCode.fault
}
