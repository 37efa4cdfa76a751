import { randomUUID } from 'node:crypto'
import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { Lease } from '../port.ts'
import type { StorageRegister, StoredText } from './register.ts'

/** What the object says. `epoch` grows by one with every holder; a version of the store is no such number. */
type LeaseClaim = {
  readonly epoch: number
  readonly holder: string
  /** Of one process: how it knows its own writing again. */
  readonly token: string
  readonly isReleased: boolean
}

type LeaseSnapshot = StoredText & { readonly claim: LeaseClaim }

export type ObjectLeaseOptions = {
  readonly object: StorageRegister
  /** Of this process, for the age of its own last renewal; other clocks are never compared with it. */
  readonly clock: Clock
  readonly timeToLiveUs?: number
}

type Held = {
  readonly claim: LeaseClaim
  readonly version: string
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

  const read = async (): Promise<LeaseSnapshot | undefined> => {
    const found = await object.read()
    return found && { ...found, claim: claimFrom(found.text, object.place) }
  }

  /** A write whose answer was lost is refused when it is sent again: what is there then says who wrote it. */
  const write = async (claim: LeaseClaim, version?: string): Promise<string | undefined> => {
    const text = JSON.stringify(claim)
    const written = await object.write(text, version)
    if (written !== undefined) return written
    const found = await object.read()
    return found && found.version !== version && found.text === text ? found.version : undefined
  }

  return {
    async acquire(holder) {
      const before = await read()
      // A claim of our own that we do not know of: an earlier try arrived although its answer did not.
      if (before && (own || before.claim.token !== token))
        refuseWhileHeld(object.place, before, timeToLiveUs)
      const claim = { epoch: (before?.claim.epoch ?? 0) + 1, holder, token, isReleased: false }
      const sentAtUs = clock.nowUs()
      const version = await write(claim, before?.version)
      if (version === undefined) throw held(object.place, 'another process that was faster')
      own = { claim, version, sentAtUs }
      return claim.epoch
    },

    async renew() {
      const { claim, version, sentAtUs: renewedAtUs } = requireOwn()
      const sentAtUs = clock.nowUs()
      if (sentAtUs - renewedAtUs >= timeToLiveUs) lose('it was not renewed in time')
      let next = await object.write(JSON.stringify(claim), version)
      if (next === undefined) {
        // A renewal whose answer was lost lives since then, not since now: it is renewed over itself.
        const found = await read()
        if (found?.claim.token === claim.token && found.claim.epoch === claim.epoch)
          next = await object.write(JSON.stringify(claim), found.version)
      }
      if (next === undefined) lose('somebody else holds it')
      else own = { claim, version: next, sentAtUs }
    },

    async release() {
      const { claim, version } = requireOwn()
      own = undefined
      // Whoever took over meanwhile keeps it: the write is refused then.
      await write({ ...claim, isReleased: true }, version)
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

function claimFrom(text: string, place: string): LeaseClaim {
  const claim = parsed(text)
  if (claim) return claim
  throw new TradingError(
    'STATE_CORRUPT',
    `${place} is not a lease; make sure no trader runs, then delete it`,
  )
}

function parsed(text: string): LeaseClaim | undefined {
  try {
    const { epoch, holder, token, isReleased } = JSON.parse(text)
    const isClaim =
      Number.isSafeInteger(epoch) &&
      epoch > 0 &&
      typeof holder === 'string' &&
      typeof token === 'string' &&
      typeof isReleased === 'boolean'
    return isClaim ? { epoch, holder, token, isReleased } : undefined
  } catch {
    return undefined
  }
}
