import { TradingError } from '#shared/kernel/error.ts'
import { type Log, logFault, processLog } from '../telemetry/log.ts'

/** What a process's body is given: when to end, and how to say something. */
export type Life = {
  /** Resolves with the reason once the process shall end: a signal, or {@link Life.end}. */
  readonly ending: Promise<string>
  readonly isEnding: () => boolean
  /** Asks for the end from inside. The exit code is then 1: somebody should start it again. */
  end(reason: string): void
  readonly log: Log
}

export type LifeOptions = {
  readonly name: string
  /** From the wish to end until the process is cut off. */
  readonly handOverMs?: number
}

/** The platform kills 10 s after its signal; what is said last must still get out. */
const usualHandOverMs = 9_000

/**
 * Runs the body of a process until it has ended by itself, and turns the outcome into an exit code: 0 after a hand-over
 * that was whole, 1 when something was left undone or broke, 2 when the configuration is wrong.
 *
 * The body listens to `ending` and puts everything in order. A body that does not manage within `handOverMs` is cut off
 * with code 1: leases and dead-man switches cover for it.
 */
export async function runLife(
  { name, handOverMs = usualHandOverMs }: LifeOptions,
  body: (life: Life) => Promise<void>,
): Promise<never> {
  const log = processLog(name)
  const { promise: ending, resolve } = Promise.withResolvers<string>()
  let isEnding = false
  let exitCode = 0
  const begin = (reason: string, code: number) => {
    if (isEnding) return
    isEnding = true
    exitCode = code
    log(`ending: ${reason}`, code === 0 ? 'INFO' : 'ERROR')
    setTimeout(() => {
      log(`not in order ${handOverMs} ms after the wish to end; cut off`, 'ERROR')
      process.exit(1)
    }, handOverMs).unref()
    resolve(reason)
  }
  // A terminal that is closed must not leave orders behind either.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => begin(signal, 0))
  try {
    await body({
      ending,
      isEnding: () => isEnding,
      end: (reason) => begin(reason, 1),
      log,
    })
  } catch (error) {
    logFault(log, error, 'ERROR')
    exitCode = error instanceof TradingError && error.remedy === 'reject-input' ? 2 : 1
  }
  // Kept sockets and timers of a client must not hold up an end that is in order.
  process.exit(exitCode)
}
