import { TradingError } from '#shared/kernel/error.ts'
import type { Clock, Timers } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'

export type EgressOptions = {
  /** Asks the venue its time, in ms. @throws TradingError VENUE_UNREACHABLE while there is no way out */
  readonly readVenueTimeMs: () => Promise<number>
  readonly clock: Clock
  readonly timers: Timers
  readonly patienceSeconds: number
  readonly report: (line: string) => void
}

export type EgressProof = {
  readonly attempts: number
  /** Venue time minus ours at the proof, in ms; half the round trip is not taken off. */
  readonly clockOffsetMs: number
}

const pauseUsMin = microsPerSecond / 4
const pauseUsMax = 5 * microsPerSecond

/**
 * Proves that packets leave the container and the venue answers. A static address through NAT can take a minute to
 * work after an instance starts, and trading before that would only look like a broken venue.
 *
 * @throws TradingError VENUE_UNREACHABLE when it never answered, and at once whatever another attempt cannot mend
 */
export async function proveEgress(options: EgressOptions): Promise<EgressProof> {
  const { readVenueTimeMs, clock, timers, patienceSeconds, report } = options
  const deadlineUs = clock.nowUs() + patienceSeconds * microsPerSecond
  let pauseUs = pauseUsMin
  for (let attempts = 1; ; attempts++) {
    try {
      const venueTimeMs = await readVenueTimeMs()
      return { attempts, clockOffsetMs: Math.round(venueTimeMs - clock.nowUs() / 1_000) }
    } catch (error) {
      if (!(error instanceof TradingError) || error.remedy !== 'retry-later') throw error
      if (clock.nowUs() + pauseUs > deadlineUs)
        throw new TradingError(
          'VENUE_UNREACHABLE',
          `no way to the venue within ${patienceSeconds} s (${attempts} attempts, last: ${error.message}); check NAT, firewall and the venue's status`,
          {},
          error,
        )
      if (attempts === 1) report(`the venue cannot be reached yet: ${error.message}`)
      await new Promise<void>((resolve) => {
        timers.after(pauseUs, resolve)
      })
      pauseUs = Math.min(2 * pauseUs, pauseUsMax)
    }
  }
}
