import { join } from 'node:path'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { openBus } from '#shared/cloud/local/bus.ts'
import { openFileLease } from '#shared/cloud/local/lease.ts'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { feedWarehouse } from '#shared/cloud/local/warehouse-feed.ts'
import type { BucketName } from '#shared/cloud/manifest/bucket.ts'
import type { Blobs, Bus, Lease, Warehouse } from '#shared/cloud/port.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'

/** What a thread must be told to find its platform. */
export type PlatformGiven = {
  readonly folder: string
  readonly busName: string
  /** Variables of an emulated cloud; absent: folders and channels of this machine. */
  readonly cloud?: Readonly<Record<string, string>>
}

/** What the threads of one machine share, whichever binding is behind it. */
export type MachinePlatform = {
  readonly bus: Bus
  readonly blobs: (bucket: BucketName) => Blobs
  openLease(): Lease
  /** The warehouse with whatever it takes for the rows of topics to get there; one thread opens it. */
  openWarehouse(): Promise<OpenWarehouse>
  close(): Promise<void>
}

export type OpenWarehouse = Warehouse & {
  /** Stores what is on its way and closes. @returns rows that could not be stored */
  finish(): Promise<number>
}

/** A query of the page that runs on would hold up the rows of the trader, and the end of the run. */
const queryMsMax = 30_000

/** @param service - name of the thread's service in the manifest */
export async function openMachinePlatform(
  given: PlatformGiven,
  service: string,
  runtime: Runtime,
  log: (line: string) => void,
): Promise<MachinePlatform> {
  if (given.cloud === undefined) return localPlatform(given, runtime, log)
  const { emulatedPlatform } = await import('./emulated.ts')
  return await emulatedPlatform(given.cloud, service, runtime, log)
}

function localPlatform(
  { folder, busName }: PlatformGiven,
  { clock, timers }: Runtime,
  log: (line: string) => void,
): MachinePlatform {
  const bus = openBus(busName)
  return {
    bus,
    blobs: (bucket) => openBlobs(join(folder, 'blobs', bucket)),
    openLease: () => openFileLease({ folder: join(folder, 'lease', 'executor'), clock }),
    async openWarehouse() {
      const warehouse = await openWarehouse(join(folder, 'warehouse.duckdb'), {
        queryMsMax,
        report: log,
      })
      const feed = feedWarehouse(bus, warehouse, {
        timers,
        onFailure: ({ table, rows, error, willRetry }) =>
          log(
            `${rows.length} rows of ${table} not stored${willRetry ? ' yet' : ''}: ${error.message}`,
          ),
      })
      return {
        ...warehouse,
        async finish() {
          const { waiting } = await feed.stop()
          await warehouse.close()
          return waiting
        },
      }
    },
    async close() {
      bus.close()
    },
  }
}
