import { randomUUID } from 'node:crypto'
import type { File } from '@google-cloud/storage'
import { checkBlobName, checkBlobPrefix } from '../blob-name.ts'
import type { Blobs } from '../port.ts'
import { isNotFound, isPreconditionFailed, platformFault } from './fault.ts'
import { type Patience, patiently } from './patience.ts'
import { type BucketOptions, openBucket } from './storage.ts'

/** A larger blob is sent in parts that can be resumed. */
const singleRequestBytesMax = 8_000_000
const neverWritten = 0
const markName = 'created-by'

/**
 * Blobs as objects of a Cloud Storage bucket. An object appears whole or not at all.
 *
 * Nothing is loaded or connected before the first use.
 *
 * @throws TradingError OPTION_INVALID from every call with a name that is none
 * @throws TradingError PLATFORM_UNREACHABLE or PLATFORM_REFUSED from every call
 */
export function openStorageBlobs(
  options: BucketOptions,
  patience: Patience = { tryTimeoutMs: 120_000, triesMax: 4 },
): Blobs {
  let opened: ReturnType<typeof openBucket> | undefined
  const bucket = () => {
    opened ??= openBucket(options)
    return opened
  }
  const fileOf = async (name: string) => {
    checkBlobName(name)
    return (await bucket()).file(name)
  }
  const at = (name: string) => `gs://${options.bucket}/${name}`

  return {
    async put(name, bytes) {
      const file = await fileOf(name)
      try {
        await patiently(`write ${at(name)}`, patience, () => upload(file, bytes))
      } catch (cause) {
        throw platformFault(cause, `write ${at(name)}`)
      }
    },
    async create(name, bytes) {
      const file = await fileOf(name)
      const mark = randomUUID()
      try {
        await patiently(`create ${at(name)}`, patience, () =>
          upload(file, bytes, neverWritten, mark),
        )
        return true
      } catch (cause) {
        if (isPreconditionFailed(cause)) return await hasMark(file, mark, at(name), patience)
        throw platformFault(cause, `create ${at(name)}`)
      }
    },
    async get(name) {
      const file = await fileOf(name)
      try {
        const [bytes] = await patiently(`read ${at(name)}`, patience, () => file.download())
        return new Uint8Array(bytes)
      } catch (cause) {
        if (isNotFound(cause)) return undefined
        throw platformFault(cause, `read ${at(name)}`)
      }
    },
    async list(prefix) {
      checkBlobPrefix(prefix)
      try {
        const from = await bucket()
        const [files] = await patiently(`list ${at(prefix)}`, patience, () =>
          from.getFiles({ prefix, fields: 'items(name),nextPageToken' }),
        )
        return files.map(({ name }) => name).sort()
      } catch (cause) {
        throw platformFault(cause, `list ${at(prefix)}`)
      }
    },
  }
}

async function upload(
  file: File,
  bytes: Uint8Array,
  generation?: number,
  mark?: string,
): Promise<void> {
  await file.save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    resumable: bytes.byteLength > singleRequestBytesMax,
    contentType: 'application/octet-stream',
    ...(mark === undefined ? {} : { metadata: { metadata: { [markName]: mark } } }),
    ...(generation === undefined ? {} : { preconditionOpts: { ifGenerationMatch: generation } }),
  })
}

/** A request is sent again when its answer is lost, and then refused for its own object: look whose it is. */
async function hasMark(
  file: File,
  mark: string,
  place: string,
  patience: Patience,
): Promise<boolean> {
  try {
    const [{ metadata }] = await patiently(`read ${place}`, patience, () => file.getMetadata())
    return metadata?.[markName] === mark
  } catch (cause) {
    throw platformFault(cause, `read ${place}`)
  }
}
