import { TradingError } from '#shared/kernel/error.ts'
import type { Register } from '../port.ts'
import { isNotFound, isPreconditionFailed, platformFault } from './fault.ts'
import { patiently } from './patience.ts'
import { type BucketOptions, openBucket } from './storage.ts'

export type StorageRegisterOptions = BucketOptions & {
  /** Name of the object, as in `executor/lease.json`. */
  readonly name: string
}

export type StoredText = {
  readonly text: string
  /** Generation of the object. */
  readonly version: string
  /** When this was written, by the clock of the store. */
  readonly writtenAtUs: number
  /** When this was read, by the same clock; may lag by less than a second. */
  readonly serverNowUs: number
}

export type StorageRegister = Omit<Register, 'read'> & {
  /** @throws TradingError STATE_CORRUPT when the object was written by something else */
  read(): Promise<StoredText | undefined>
}

/** Whoever writes here must know soon: one that needs longer is better given up and sent anew. */
const patience = { tryTimeoutMs: 3_000, triesMax: 1 }
/** The store takes so much metadata in all. */
const textBytesMax = 7_000

/**
 * A small text as an object of a bucket.
 *
 * It stands in the object's metadata: they come with the generation and the server's time of writing in one answer, so
 * what is read is one moment. The content says the same for people who look at it.
 */
export function openStorageRegister(options: StorageRegisterOptions): StorageRegister {
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
        return storedFrom(place, metadata, reply)
      } catch (cause) {
        if (isNotFound(cause)) return undefined
        throw platformFault(cause, `read ${place}`)
      }
    },
    async write(text, version) {
      if (Buffer.byteLength(text) > textBytesMax)
        throw new TradingError(
          'OPTION_INVALID',
          `${place} takes ${textBytesMax} bytes, not ${Buffer.byteLength(text)}`,
        )
      const target = await file()
      try {
        await patiently(`write ${place}`, patience, () =>
          target.save(`${text}\n`, {
            resumable: false,
            contentType: 'application/json',
            metadata: { cacheControl: 'no-store', metadata: { text } },
            preconditionOpts: { ifGenerationMatch: version ?? '0' },
          }),
        )
        return String(target.metadata.generation)
      } catch (cause) {
        if (isPreconditionFailed(cause)) return undefined
        // Somebody removed what it replaces; at the first write it is the bucket that is missing.
        if (isNotFound(cause) && version !== undefined) return undefined
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

function storedFrom(place: string, metadata: ObjectMetadata, reply: unknown): StoredText {
  const text = metadata.metadata?.text
  const updatedMs = Date.parse(String(metadata.updated))
  const serverMs = Date.parse(dateHeader(reply))
  if (typeof text !== 'string' || Number.isNaN(updatedMs) || metadata.generation === undefined)
    throw new TradingError(
      'STATE_CORRUPT',
      `${place} was not written by a trader; make sure none runs, look at it, then delete it`,
    )
  if (Number.isNaN(serverMs))
    throw new TradingError('PLATFORM_UNREACHABLE', `${place}: the answer has no Date; ask again`)
  return {
    text,
    version: String(metadata.generation),
    writtenAtUs: updatedMs * 1_000,
    serverNowUs: serverMs * 1_000,
  }
}

function dateHeader(reply: unknown): string {
  const headers = (reply as { headers?: unknown } | undefined)?.headers
  if (headers instanceof Headers) return headers.get('date') ?? ''
  return String((headers as Readonly<Record<string, unknown>> | undefined)?.date ?? '')
}
