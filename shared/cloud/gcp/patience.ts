import { TradingError } from '#shared/kernel/error.ts'
import { platformFault } from './fault.ts'

export type Patience = {
  /** One try may take this long, its content included. */
  readonly tryTimeoutMs: number
  readonly triesMax: number
}

const firstPauseMs = 250

/**
 * Does work that may be repeated: again after a pause while the platform gives no answer.
 *
 * The HTTP clients of Google wait for a silent server without end, and the retries of @google-cloud/storage 8.4.0 leave
 * a promise that never settles once their time is over; hence a clock and a count of our own.
 *
 * @param what - the operation and its object, for the message
 * @throws TradingError PLATFORM_UNREACHABLE after the last try
 * @throws whatever `work` throws otherwise, at once
 */
export async function patiently<T>(
  what: string,
  { tryTimeoutMs, triesMax }: Patience,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await inTime(what, tryTimeoutMs, work())
    } catch (cause) {
      const fault = platformFault(cause, what)
      if (fault.code !== 'PLATFORM_UNREACHABLE') throw cause
      if (tries === triesMax) throw fault
      await new Promise((wake) => setTimeout(wake, firstPauseMs * 2 ** (tries - 1)))
    }
  }
}

async function inTime<T>(what: string, timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new TradingError('PLATFORM_UNREACHABLE', `${what}: no answer in ${timeoutMs} ms`)),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([work, silence])
  } finally {
    clearTimeout(timer)
  }
}
