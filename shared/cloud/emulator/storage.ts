import { TradingError } from '#shared/kernel/error.ts'
import { freePorts, startTool, type ToolProcess } from './process.ts'

export type StorageEmulator = ToolProcess & {
  /** `127.0.0.1:port`, without TLS. */
  readonly host: string
}

/**
 * Starts fake-gcs-server with no bucket in it. It keeps everything in memory.
 *
 * @throws TradingError CONFIG_INVALID when it is not built, PLATFORM_UNREACHABLE when it does not start
 */
export async function startStorageEmulator(): Promise<StorageEmulator> {
  const [port = 0] = await freePorts(1)
  const host = `127.0.0.1:${port}`
  const tool = await startTool({
    name: 'fake-gcs-server',
    args: [
      '-backend=memory',
      '-scheme=http',
      '-host=127.0.0.1',
      `-port=${port}`,
      // Names itself in addresses of resumable uploads; by default Google's, which would leave this machine.
      `-public-host=${host}`,
      `-external-url=http://${host}`,
      '-log-level=error',
    ],
    isReady: async () => (await fetch(`http://${host}/storage/v1/b?project=any`)).ok,
  })
  return { ...tool, host }
}

/** Makes a bucket of an emulator; one that is there stays. @throws TradingError PLATFORM_REFUSED */
export async function createEmulatedBucket(
  host: string,
  project: string,
  bucket: string,
): Promise<void> {
  const reply = await fetch(`http://${host}/storage/v1/b?project=${project}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: bucket }),
  })
  if (!reply.ok && reply.status !== 409)
    throw new TradingError('PLATFORM_REFUSED', `fake-gcs-server: ${await reply.text()}`)
}
