import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Lease } from '../port.ts'

export type TenureOptions = {
  readonly lease: Lease
  readonly clock: Clock
  readonly timers: Timers
  /** From the taking of the lease until the first write: longer than the venue accepts what a predecessor signed. */
  readonly takeoverWaitSeconds: number
  /** The right to write is gone, for good. Called once. */
  readonly onLost: (reason: string) => void
  readonly report: (line: string) => void
}

/** The time of one process as the only writer. */
export type Tenure = Lease & {
  /** In memory, without asking anybody: true while nobody else can hold the lease. */
  mayWrite(): boolean
  /** Ends the waiting of `acquire`. */
  giveUp(): void
  readonly state: () => 'standby' | 'taking over' | 'writer' | 'ended'
}

const askEveryUs = microsPerSecond
const renewEveryUs = 3 * microsPerSecond
/** A lease lives 15 s on its server; a holder that could not renew stops this much earlier. */
const fenceAfterUs = 10 * microsPerSecond

/**
 * Makes a lease fit for a trader: waits for it as a standby, lets what the predecessor signed lapse before the first
 * write, rides out a storage that answers late, and stops by its own clock before the lease can pass to another.
 *
 * The clock is read before each renewal is sent, so a slow answer shortens the time to write and never lengthens it.
 */
export function createTenure(options: TenureOptions): Tenure {
  const { lease, clock, timers, takeoverWaitSeconds, onLost, report } = options
  let state: ReturnType<Tenure['state']> = 'standby'
  let renewedAtUs = 0
  let hasGivenUp = false
  let cancelFence = () => {}

  const end = (reason: string) => {
    if (state === 'ended') return
    state = 'ended'
    cancelFence()
    onLost(reason)
  }
  const armFence = () => {
    cancelFence()
    const leftUs = Math.max(0, renewedAtUs + fenceAfterUs - clock.nowUs())
    cancelFence = timers.after(leftUs, () => {
      end(`the lease could not be renewed for ${fenceAfterUs / microsPerSecond} s`)
    })
  }
  const renew = async () => {
    const askedAtUs = clock.nowUs()
    if (state === 'ended') throw lost('it was given up')
    try {
      await lease.renew()
      renewedAtUs = askedAtUs
      armFence()
    } catch (error) {
      // An answer that did not come says nothing about who holds it; the fence decides when that lasts too long.
      const isUnknown = error instanceof TradingError && error.remedy === 'retry-later'
      if (!isUnknown) end(error instanceof Error ? error.message : String(error))
      if (!isUnknown) throw error
      report(`the lease was not renewed yet: ${error.message}`)
    }
  }
  const wait = (delayUs: number) =>
    new Promise<void>((resolve) => {
      timers.after(delayUs, resolve)
    })

  return {
    async acquire(holder) {
      const epoch = await ask(holder)
      state = 'taking over'
      armFence()
      const writeFromUs = clock.nowUs() + takeoverWaitSeconds * microsPerSecond
      if (takeoverWaitSeconds > 0)
        report(`lease taken, epoch ${epoch}; writing begins in ${takeoverWaitSeconds} s`)
      for (let leftUs = writeFromUs - clock.nowUs(); leftUs > 0; ) {
        await wait(Math.min(leftUs, renewEveryUs))
        if (hasGivenUp) {
          state = 'ended'
          cancelFence()
          await lease.release()
          throw lost('it was given up before the first write')
        }
        await renew()
        leftUs = writeFromUs - clock.nowUs()
      }
      state = 'writer'
      return epoch
    },
    renew,
    async release() {
      cancelFence()
      const wasHeld = state === 'writer' || state === 'taking over'
      state = 'ended'
      if (wasHeld) await lease.release()
    },
    mayWrite: () => state === 'writer' && clock.nowUs() - renewedAtUs < fenceAfterUs,
    giveUp() {
      hasGivenUp = true
    },
    state: () => state,
  }

  async function ask(holder: string): Promise<number> {
    let said = ''
    for (;;) {
      if (hasGivenUp) throw lost('the waiting for it was ended')
      const askedAtUs = clock.nowUs()
      try {
        const epoch = await lease.acquire(holder)
        renewedAtUs = askedAtUs
        return epoch
      } catch (error) {
        if (!(error instanceof TradingError) || error.remedy !== 'retry-later') throw error
        if (said !== error.code) report(`standby: ${error.message}`)
        said = error.code
      }
      await wait(askEveryUs)
    }
  }
}

const lost = (why: string): TradingError =>
  new TradingError('LEASE_LOST', `no right to write: ${why}; start again to ask for it`)
