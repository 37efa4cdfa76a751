import type { Clock } from '#shared/kernel/runtime.ts'
import { type Micros, microsPerMilli } from '#shared/kernel/unit.ts'

/** Request nonces of one signer: venue time in µs, never the same twice. */
export type NonceSource = {
  next(): number
  /** Feeds one reading of the venue's clock: what it said, and when the answer reached us. */
  observeServerTime(serverTimeMs: number, receivedAtUs: Micros): void
  /** Venue time minus ours, a lower bound; 0 until the first reading. */
  readonly serverOffsetUs: number
}

/** Nonces from the future are refused, so we stay this far behind what we know of the venue's clock. */
const biasUs = 20 * microsPerMilli

/**
 * Nonces that strictly increase and are never ahead of the venue's clock.
 *
 * A reading was taken before it reached us, so `reading − receive time` is a lower bound of the offset: a nonce
 * made from it is older than the venue's now by at least the bias, whatever the latency was.
 */
export function createNonceSource(clock: Clock): NonceSource {
  let last = 0
  let serverOffsetUs = 0
  return {
    next: () => {
      last = Math.max(last + 1, Math.floor(clock.nowUs() + serverOffsetUs - biasUs))
      return last
    },
    observeServerTime: (serverTimeMs, receivedAtUs) => {
      serverOffsetUs = serverTimeMs * microsPerMilli - receivedAtUs
    },
    get serverOffsetUs() {
      return serverOffsetUs
    },
  }
}
