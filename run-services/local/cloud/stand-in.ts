import { join } from 'node:path'
import { createEmulatedWarehouse, startBigQueryEmulator } from '#shared/cloud/emulator/bigquery.ts'
import { startPubsubEmulator } from '#shared/cloud/emulator/pubsub.ts'
import { createEmulatedBucket, startStorageEmulator } from '#shared/cloud/emulator/storage.ts'
import { openStorageBlobs } from '#shared/cloud/gcp/blobs.ts'
import { decodeRow } from '#shared/cloud/gcp/bus-row.ts'
import { endpointUrl, readGcpEnvironment } from '#shared/cloud/gcp/environment.ts'
import { bucketName, subscriptionName, warehouseReader } from '#shared/cloud/gcp/names.ts'
import { provisionMessaging } from '#shared/cloud/gcp/provision.ts'
import { openBigQueryWarehouse } from '#shared/cloud/gcp/warehouse.ts'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { type BucketName, buckets } from '#shared/cloud/manifest/bucket.ts'
import type { TableName } from '#shared/cloud/manifest/table.ts'
import { topics } from '#shared/cloud/manifest/topic.ts'
import type { Blobs, Row } from '#shared/cloud/port.ts'

export type StandInCloud = {
  /** What a process needs in its environment to use it. */
  readonly variables: Readonly<Record<string, string>>
  /**
   * Waits for the rows that are on their way to the warehouse.
   *
   * @returns rows that are still not stored, and the fills of the run that are
   */
  settle(runId: string): Promise<{ readonly waitingRows: number; readonly fills: number }>
  close(): Promise<void>
}

const project = 'asterai-emulated'
const dataset = 'asterai'
/** The subscriptions that store rows. */
const warehouseSubscriptions = Object.entries(topics).flatMap(([topic, { table }]) =>
  table === undefined ? [] : [subscriptionName(topic, warehouseReader)],
)
const settleMs = 20_000
const askAgainMs = 50

/**
 * A cloud on this machine: BigQuery and Storage emulators in processes of their own, Pub/Sub in this one, with every
 * topic, table and bucket of the manifest. Nothing of it outlives the run.
 *
 * @param folder - whose blobs (models, promotions) are there from the start
 * @throws TradingError CONFIG_INVALID when the emulators were not built
 */
export async function startStandInCloud(
  folder: string,
  log: (line: string) => void,
): Promise<StandInCloud> {
  // Google's clients otherwise look for the metadata server of a machine in the cloud. Threads inherit this.
  process.env.METADATA_SERVER_DETECTION = 'none'
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    const bigquery = await startBigQueryEmulator({ project })
    closers.push(() => bigquery.close())
    const storage = await startStorageEmulator()
    closers.push(() => storage.close())
    await createEmulatedWarehouse({ host: bigquery.host, project, dataset })
    const warehouse = await openBigQueryWarehouse({
      project,
      dataset,
      restEndpoint: `http://${bigquery.host}`,
      grpcEndpoint: bigquery.grpcHost,
    })
    closers.push(() => warehouse.close())
    for (const bucket of Object.keys(buckets) as BucketName[]) {
      const name = bucketName(project, bucket)
      await createEmulatedBucket(storage.host, project, name)
      const emulated = openStorageBlobs({
        project,
        bucket: name,
        endpoint: endpointUrl(storage.host),
      })
      await copyBlobs(openBlobs(join(folder, 'blobs', bucket)), emulated)
    }

    let writing = 0
    const pubsub = await startPubsubEmulator({
      async writeRows(table, rows) {
        const name = table.split('.').at(-1) as TableName
        writing += 1
        try {
          await warehouse.insert(name, rows.map((row) => decodeRow(name, row)) as readonly Row[])
        } catch (error) {
          log(`${rows.length} rows of ${name} not stored yet: ${(error as Error).message}`)
          throw error
        } finally {
          writing -= 1
        }
      },
    })
    closers.push(() => pubsub.close())
    const variables = {
      GOOGLE_CLOUD_PROJECT: project,
      ASTERAI_REGION: 'asia-northeast1',
      ASTERAI_DATASET: dataset,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      BIGQUERY_EMULATOR_HOST: bigquery.host,
      BIGQUERY_STORAGE_EMULATOR_HOST: bigquery.grpcHost,
      STORAGE_EMULATOR_HOST: storage.host,
    }
    await provisionMessaging(readGcpEnvironment({ ...variables, ASTERAI_SERVICE: 'executor' }))
    return {
      variables,
      async settle(runId) {
        const deadline = performance.now() + settleMs
        let waiting = waitingRows(pubsub)
        while ((waiting > 0 || writing > 0) && performance.now() < deadline) {
          await new Promise((wake) => setTimeout(wake, askAgainMs))
          waiting = waitingRows(pubsub)
        }
        const { rows } = await warehouse.query(
          `SELECT COUNT(*) AS fills FROM fills WHERE run_id = '${runId}'`,
        )
        return { waitingRows: waiting, fills: Number(rows[0]?.[0]) }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Few and small: models, cards and promotions. */
async function copyBlobs(from: Blobs, to: Blobs): Promise<void> {
  for (const name of await from.list('')) {
    const bytes = await from.get(name)
    if (bytes) await to.put(name, bytes)
  }
}

function waitingRows({ backlog }: Awaited<ReturnType<typeof startPubsubEmulator>>): number {
  let sum = 0
  for (const name of warehouseSubscriptions) {
    const { waiting = 0, lent = 0 } = backlog(name) ?? {}
    sum += waiting + lent
  }
  return sum
}
