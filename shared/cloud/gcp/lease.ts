import { TradingError } from '#shared/kernel/error.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { Lease } from '../port.ts'
import { isNotFound, isPreconditionFailed, platformFault } from './fault.ts'
import {
  type LeaseClaim,
  type LeaseObject,
  type LeaseSnapshot,
  openObjectLease,
} from './object-lease.ts'
import { patiently } from './patience.ts'
import { type BucketOptions, openBucket } from './storage.ts'

export type StorageLeaseOptions = BucketOptions & {
  /** Name of the object, as in `executor/lease.json`. */
  readonly name: string
  /** Of this process. */
  readonly clock: Clock
  readonly timeToLiveUs?: number
}

/**
 * Right to be the only writer, as an object of Cloud Storage.
 *
 * @throws TradingError PLATFORM_UNREACHABLE from every call when it is unknown what became of it: call again
 */
export const openStorageLease = (options: StorageLeaseOptions): Lease =>
  openObjectLease({ ...options, object: storageLeaseObject(options) })

/** A renewal is due every few seconds: one that needs longer is better given up and sent anew. */
const patience = { tryTimeoutMs: 3_000, triesMax: 1 }

/**
 * The claim of a lease as an object of a bucket.
 *
 * The claim stands in the object's metadata: they come with the generation and the server's time of writing in one
 * answer, so what is read is one moment. The content says the same for people who look at it.
 */
export function storageLeaseObject(
  options: BucketOptions & { readonly name: string },
): LeaseObject {
  const { bucket, name } = options
  const place = `gs://${bucket}/${name}`
  let opened: ReturnType<typeof openBucket> | undefined
  const file = async () => {
    opened ??= openBucket(options)
    return (await opened).file(name)
  }

  return {
    place,
    async read() {
      try {
        const target = await file()
        const [metadata, reply] = await patiently(`read ${place}`, patience, () =>
          target.getMetadata(),
        )
        return snapshotFrom(place, metadata, reply)
      } catch (cause) {
        if (isNotFound(cause)) return undefined
        throw platformFault(cause, `read ${place}`)
      }
    },
    async write(claim, generation) {
      const target = await file()
      try {
        await patiently(`write ${place}`, patience, () =>
          target.save(`${JSON.stringify(claim)}\n`, {
            resumable: false,
            contentType: 'application/json',
            metadata: { cacheControl: 'no-store', metadata: { claim: JSON.stringify(claim) } },
            preconditionOpts: { ifGenerationMatch: generation },
          }),
        )
        return String(target.metadata.generation)
      } catch (cause) {
        if (isPreconditionFailed(cause)) return undefined
        // Somebody removed what we wrote; at the first write it is the bucket that is missing.
        if (isNotFound(cause) && generation !== '0') return undefined
        throw platformFault(cause, `write ${place}`)
      }
    },
  }
}

type ObjectMetadata = {
  readonly generation?: string | number | undefined
  readonly updated?: string | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined
}

function snapshotFrom(place: string, metadata: ObjectMetadata, reply: unknown): LeaseSnapshot {
  const claim = claimFrom(metadata.metadata?.claim)
  const updatedMs = Date.parse(String(metadata.updated))
  const serverMs = Date.parse(dateHeader(reply))
  if (!claim || Number.isNaN(updatedMs) || metadata.generation === undefined)
    throw new TradingError(
      'STATE_CORRUPT',
      `${place} is not a lease; make sure no trader runs, then delete it`,
    )
  if (Number.isNaN(serverMs))
    throw new TradingError('PLATFORM_UNREACHABLE', `${place}: the answer has no Date; ask again`)
  return {
    claim,
    generation: String(metadata.generation),
    writtenAtUs: updatedMs * 1_000,
    serverNowUs: serverMs * 1_000,
  }
}

function dateHeader(reply: unknown): string {
  const headers = (reply as { headers?: unknown } | undefined)?.headers
  if (headers instanceof Headers) return headers.get('date') ?? ''
  return String((headers as Readonly<Record<string, unknown>> | undefined)?.date ?? '')
}

function claimFrom(text: unknown): LeaseClaim | undefined {
  try {
    const { epoch, holder, token, isReleased } = JSON.parse(String(text))
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
