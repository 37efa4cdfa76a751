import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { microsPerMilli, microsPerSecond } from '#shared/kernel/unit.ts'

export const waitUs = (runtime: Runtime, delayUs: number): Promise<void> =>
  new Promise((resolve) => {
    runtime.timers.after(delayUs, resolve)
  })

/** @throws TradingError VENUE_UNREACHABLE when the answers take longer */
export async function inTime<T>(
  runtime: Runtime,
  patienceUs: number,
  work: Promise<T>,
): Promise<T> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    cancel = runtime.timers.after(patienceUs, () => {
      const line = `no answer in ${patienceUs / microsPerSecond} s`
      reject(new TradingError('VENUE_UNREACHABLE', line))
    })
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel()
  }
}

/** @returns whether it was reached in time */
export async function waitUntil(
  runtime: Runtime,
  isReached: () => boolean,
  patienceUs: number,
): Promise<boolean> {
  const deadlineUs = runtime.clock.nowUs() + patienceUs
  while (!isReached()) {
    if (runtime.clock.nowUs() > deadlineUs) return false
    await waitUs(runtime, 20 * microsPerMilli)
  }
  return true
}
