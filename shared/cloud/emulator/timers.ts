import type { Timers } from '#shared/kernel/runtime.ts'
import { microsPerMilli } from '#shared/kernel/unit.ts'

/** Timers of the machine; a fake that waits for a deadline keeps no process alive. */
export const wallTimers: Timers = {
  after(delayUs, task) {
    const timer = setTimeout(task, delayUs / microsPerMilli)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
