import type { TradingError } from '#shared/kernel/error.ts'
import type { Blobs, Platform, Warehouse } from '../port.ts'
import { endpointUrl, type GcpEnvironment } from './environment.ts'
import { bucketName } from './names.ts'
import { openGcpSecrets } from './secrets.ts'

export type GcpPlatformOptions = {
  /** Hears of lost messages, messages that could not be taken, subscriptions that do not open. */
  readonly onFault: (fault: TradingError) => void
  /** Messages of one sender keep their order; an executor gives its holder name. */
  readonly sender?: string
}

/**
 * The platform in Google Cloud, or on its emulators. Secrets are read now; the clients of the warehouse and of the
 * buckets are loaded when they are first used, because most services use few of them.
 *
 * @throws TradingError PLATFORM_UNREACHABLE, PLATFORM_REFUSED when a secret cannot be read
 */
export async function openGcpPlatform(
  environment: GcpEnvironment,
  options: GcpPlatformOptions,
): Promise<Platform> {
  const { projectId, bucketPrefix, secretVersions, endpoints } = environment
  const { openGcpBus } = await import('./bus.ts')
  const [bus, secrets] = await Promise.all([
    openGcpBus({ environment, ...options }),
    openGcpSecrets({ projectId, versions: secretVersions, endpoint: endpoints.secretManager }),
  ])
  const warehouse = lazyWarehouse(environment)
  return {
    bus,
    warehouse,
    secrets,
    blobs: (bucket) => lazyBlobs(environment, bucketName(bucketPrefix, bucket)),
    async close() {
      bus.close()
      await Promise.all([bus.closed(), warehouse.close()])
    },
  }
}

function lazyWarehouse({ projectId, dataset, endpoints }: GcpEnvironment): Warehouse {
  const open = async (): Promise<Warehouse> => {
    const { openBigQueryWarehouse } = await import('./warehouse.ts')
    return openBigQueryWarehouse({
      project: projectId,
      dataset,
      ...(endpoints.bigquery === undefined
        ? {}
        : { restEndpoint: endpointUrl(endpoints.bigquery) }),
      ...(endpoints.bigqueryStorage === undefined
        ? {}
        : { grpcEndpoint: endpoints.bigqueryStorage }),
    })
  }
  let opened: Promise<Warehouse> | undefined
  const warehouse = once(open, (opening) => {
    opened = opening
  })
  return {
    insert: async (table, rows) => (await warehouse()).insert(table, rows),
    query: async (sql) => (await warehouse()).query(sql),
    close: async () => (await opened)?.close(),
  }
}

function lazyBlobs({ projectId, endpoints }: GcpEnvironment, bucket: string): Blobs {
  const blobs = once(async (): Promise<Blobs> => {
    const { openStorageBlobs } = await import('./blobs.ts')
    const endpoint =
      endpoints.storage === undefined ? {} : { endpoint: endpointUrl(endpoints.storage) }
    return openStorageBlobs({ project: projectId, bucket, ...endpoint })
  })
  return {
    put: async (name, bytes) => (await blobs()).put(name, bytes),
    create: async (name, bytes) => (await blobs()).create(name, bytes),
    get: async (name) => (await blobs()).get(name),
    list: async (prefix) => (await blobs()).list(prefix),
  }
}

/** Opens at the first call; a failed opening is tried again at the next. */
function once<T>(
  open: () => Promise<T>,
  onOpening: (opening: Promise<T> | undefined) => void = () => {},
): () => Promise<T> {
  let opening: Promise<T> | undefined
  return async () => {
    opening ??= open()
    onOpening(opening)
    try {
      return await opening
    } catch (error) {
      opening = undefined
      onOpening(undefined)
      throw error
    }
  }
}
