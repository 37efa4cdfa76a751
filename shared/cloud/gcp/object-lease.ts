import { randomUUID } from 'node:crypto'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Lease } from '../port.ts'

/** What the object says. `epoch` grows by one with every holder; a generation of the store is no such number. */
export type LeaseClaim = {
  readonly epoch: number
  readonly holder: string
  /** Of one process: how it knows its own writing again. */
  readonly token: string
  readonly isReleased: boolean
}

export type LeaseSnapshot = {
  readonly claim: LeaseClaim
  /** Of the store: changes with every write. */
  readonly generation: string
  /** When this was written, by the clock of the store. */
  readonly writtenAtUs: number
  /** When this was read, by the same clock; may lag by less than a second. */
  readonly serverNowUs: number
}

/** One object of a store that writes only when nobody else has written since. */
export type LeaseObject = {
  readonly place: string
  /** @returns undefined when there never was one */
  read(): Promise<LeaseSnapshot | undefined>
  /**
   * @param generation - the one it replaces; `'0'` when there must be none
   * @returns the new generation; undefined when another one is there, or none
   */
  write(claim: LeaseClaim, generation: string): Promise<string | undefined>
}

export type ObjectLeaseOptions = {
  readonly object: LeaseObject
  /** Of this process, for the age of its own last renewal; other clocks are never compared with it. */
  readonly clock: Clock
  readonly timeToLiveUs?: number
}

type Held = {
  readonly claim: LeaseClaim
  readonly generation: string
  /** Read before the write was sent: the store's own time of writing is never earlier. */
  readonly sentAtUs: number
}

/**
 * Right to be the only writer, as one object of a store with compare-and-swap.
 *
 * A claim lapses by the store's clock alone: its time of writing against its time of reading. A holder that was silent
 * longer than the time to live gives up by itself, even when nobody took over. The exchange knows nothing of this:
 * a holder that hangs between the two is stopped by the fence of its process and by the nonce window of the venue.
 */
export function openObjectLease({
  object,
  clock,
  timeToLiveUs = 15 * microsPerSecond,
}: ObjectLeaseOptions): Lease {
  const token = randomUUID()
  let own: Held | undefined

  const lose = (why: string): never => {
    own = undefined
    throw new TradingError(
      'LEASE_LOST',
      `lease ${object.place} was lost: ${why}; restart this process`,
    )
  }
  const requireOwn = (): Held => own ?? lose('it is not held')

  /** A write whose answer was lost is refused when it is sent again: what is there then says who wrote it. */
  const write = async (claim: LeaseClaim, generation: string): Promise<string | undefined> => {
    const written = await object.write(claim, generation)
    if (written !== undefined) return written
    const found = await object.read()
    const isOurs =
      found !== undefined &&
      found.generation !== generation &&
      found.claim.token === claim.token &&
      found.claim.epoch === claim.epoch &&
      found.claim.isReleased === claim.isReleased
    return isOurs ? found.generation : undefined
  }

  return {
    async acquire(holder) {
      const before = await object.read()
      // A claim of our own that we do not know of: an earlier try arrived although its answer did not.
      if (before && (own || before.claim.token !== token))
        refuseWhileHeld(object.place, before, timeToLiveUs)
      const claim = { epoch: (before?.claim.epoch ?? 0) + 1, holder, token, isReleased: false }
      const sentAtUs = clock.nowUs()
      const generation = await write(claim, before?.generation ?? '0')
      if (generation === undefined) throw held(object.place, 'another process that was faster')
      own = { claim, generation, sentAtUs }
      return claim.epoch
    },

    async renew() {
      const { claim, generation, sentAtUs: renewedAtUs } = requireOwn()
      const sentAtUs = clock.nowUs()
      if (sentAtUs - renewedAtUs >= timeToLiveUs) lose('it was not renewed in time')
      const next = await write(claim, generation)
      if (next === undefined) lose('somebody else holds it')
      else own = { claim, generation: next, sentAtUs }
    },

    async release() {
      const { claim, generation } = requireOwn()
      own = undefined
      // Whoever took over meanwhile keeps it: the write is refused then.
      await write({ ...claim, isReleased: true }, generation)
    },
  }
}

function refuseWhileHeld(place: string, found: LeaseSnapshot, timeToLiveUs: number): void {
  const { claim, writtenAtUs, serverNowUs } = found
  const lapsesInUs = writtenAtUs + timeToLiveUs - serverNowUs
  if (claim.isReleased || lapsesInUs <= 0) return
  const seconds = Math.ceil(lapsesInUs / microsPerSecond)
  throw held(place, `${claim.holder}, lapses in ${seconds} s unless renewed`)
}

const held = (place: string, by: string): TradingError =>
  new TradingError(
    'LEASE_HELD',
    `lease ${place} is held by ${by}; stop the other process or wait`,
    { place },
  )
