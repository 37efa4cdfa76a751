import type { Bucket } from '@google-cloud/storage'
import { noLogin } from './emulated-login.ts'

export type BucketOptions = {
  readonly project: string
  /** The name of the bucket itself, not of its entry in the manifest. */
  readonly bucket: string
  /** Address of an emulator, as in `http://127.0.0.1:4443`. */
  readonly endpoint?: string
}

/**
 * A bucket, without asking for it. The client is loaded here, so that nobody else pays for it.
 *
 * Its own retries are off: see `patiently`.
 */
export async function openBucket({ project, bucket, endpoint }: BucketOptions): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage')
  const storage = new Storage({
    projectId: project,
    retryOptions: { autoRetry: false },
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, authClient: await noLogin() }),
  })
  // Where STORAGE_EMULATOR_HOST is set, the client leaves the path of the API out of every address (8.4.0).
  if (endpoint !== undefined) storage.baseUrl = `${endpoint}/storage/v1`
  return storage.bucket(bucket)
}
