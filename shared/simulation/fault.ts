import { createRandom } from '#shared/kernel/random.ts'

/** What goes wrong, as shares of requests or messages between 0 and 1. Everything is off by default. */
export type FaultOptions = {
  /** Write is not carried out and answered 503. */
  readonly lostBefore?: number
  /** Write is carried out and answered 503. */
  readonly lostAfter?: number
  /** Of both kinds above: the connection drops instead of a 503. */
  readonly dropped?: number
  /** User stream messages that arrive twice. */
  readonly duplicated?: number
  /** User stream messages that arrive after the one that follows them. */
  readonly reordered?: number
  /** User stream messages that never arrive. */
  readonly unsent?: number
  /** Depth messages that never arrive. */
  readonly depthGap?: number
  /** Mean of the exponential extra time before a reply, in µs. */
  readonly replyDelayUs?: number
}

export type WriteFate = {
  readonly executes: boolean
  readonly reply: 'normal' | 'unavailable' | 'dropped'
}

export type Faults = {
  ofWrite(): WriteFate
  ofUserMessage(): 'sent' | 'twice' | 'late' | 'unsent'
  losesDepth(): boolean
  replyDelayUs(): number
}

/** Seeded faults: the same requests in the same order meet the same fate. */
export function createFaults(seed: number, options: FaultOptions = {}): Faults {
  const random = createRandom(seed ^ 0x5eed)
  const happens = (share: number | undefined) => !!share && random.uniform() < share
  const lost = () => (happens(options.dropped) ? 'dropped' : 'unavailable')
  return {
    ofWrite: () => {
      if (happens(options.lostBefore)) return { executes: false, reply: lost() }
      if (happens(options.lostAfter)) return { executes: true, reply: lost() }
      return { executes: true, reply: 'normal' }
    },
    ofUserMessage: () => {
      if (happens(options.unsent)) return 'unsent'
      if (happens(options.duplicated)) return 'twice'
      return happens(options.reordered) ? 'late' : 'sent'
    },
    losesDepth: () => happens(options.depthGap),
    replyDelayUs: () =>
      options.replyDelayUs ? Math.round(random.exponential(1 / options.replyDelayUs)) : 0,
  }
}
