import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCloudCollector } from '#services/collector/cloud.ts'
import { readCollectorConfig } from '#services/collector/config.ts'
import { createEmulatedWarehouse, startBigQueryEmulator } from '#shared/cloud/emulator/bigquery.ts'
import { startPubsubEmulator } from '#shared/cloud/emulator/pubsub.ts'
import { createEmulatedBucket, startStorageEmulator } from '#shared/cloud/emulator/storage.ts'
import { decodeRow } from '#shared/cloud/gcp/bus-row.ts'
import { readGcpEnvironment } from '#shared/cloud/gcp/environment.ts'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { openGcpPlatform } from '#shared/cloud/gcp/platform.ts'
import { provisionMessaging } from '#shared/cloud/gcp/provision.ts'
import { openBigQueryWarehouse } from '#shared/cloud/gcp/warehouse.ts'
import type { Row, Warehouse } from '#shared/cloud/port.ts'
import { startTwinWithDebtor, type TwinWithDebtor } from '#test/service/debtor.fixture.ts'
import { testLife } from '#test/service/life.fixture.ts'

/** The collector as it is deployed, with Google's clients, beside an exchange that liquidates somebody. */

const project = 'liquidations'
const place = { project, dataset: 'asterai' }
const closers: (() => Promise<unknown>)[] = []
let folder = ''
let twin: TwinWithDebtor
let warehouse: Warehouse
let deliveries = 0
let variables: Record<string, string> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asterai-liquidations-'))
  closers.push(() => rm(folder, { recursive: true }))
  twin = await startTwinWithDebtor()
  closers.push(() => twin.server.close())
  const bigquery = await startBigQueryEmulator({ project })
  closers.push(() => bigquery.close())
  await createEmulatedWarehouse({ ...place, host: bigquery.host })
  warehouse = await openBigQueryWarehouse({
    ...place,
    restEndpoint: `http://${bigquery.host}`,
    grpcEndpoint: bigquery.grpcHost,
  })
  closers.push(() => warehouse.close())
  const storage = await startStorageEmulator()
  closers.push(() => storage.close())
  await createEmulatedBucket(storage.host, project, bucketName(project, 'tapes'))
  const pubsub = await startPubsubEmulator({
    // What a subscription of the warehouse does, with an answer that gets lost twice after the rows are stored.
    async writeRows(table, rows) {
      expect(table).toBe(`${project}.asterai_raw.liquidations`)
      deliveries++
      await warehouse.insert(
        'liquidations',
        rows.map((row) => decodeRow('liquidations', row)) as readonly Row[],
      )
      if (deliveries < 3) throw new Error('the answer was lost')
    },
  })
  closers.push(() => pubsub.close())
  variables = {
    ASTERAI_SERVICE: 'collector',
    GOOGLE_CLOUD_PROJECT: project,
    ASTERAI_REGION: 'asia-northeast1',
    PUBSUB_EMULATOR_HOST: pubsub.host,
    STORAGE_EMULATOR_HOST: storage.host,
  }
  await provisionMessaging(readGcpEnvironment(variables), { retryBackoffMs: 5 })
})

afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

test('a liquidation on the exchange is one row in BigQuery although it was delivered three times', async () => {
  const life = testLife()
  const faults: string[] = []
  const config = readCollectorConfig({
    COLLECTOR_SYMBOLS: 'BTCUSDT',
    ASTER_REST_URL: twin.server.url,
    ASTER_STREAM_URL: twin.server.wsUrl,
    HEALTH_PORT: '0',
    SCRATCH_DIR: folder,
  })
  const environment = readGcpEnvironment(variables)
  const ended = runCloudCollector(
    {
      config,
      openPlatform: () =>
        openGcpPlatform(environment, { onFault: ({ message }) => faults.push(message) }),
    },
    life,
  )
  const port = /\d+$/.exec(await life.said(/probes on port/))?.[0]
  await life.said(/recording BTCUSDT/)
  await vi.waitFor(
    async () => {
      const state = await fetch(`http://127.0.0.1:${port}/state`)
      expect(((await state.json()) as { events: number }).events).toBeGreaterThan(0)
    },
    { timeout: 20_000 },
  )
  twin.ruin()
  await vi.waitFor(() => expect(deliveries).toBe(3), { timeout: 20_000 })
  life.end('the test is over')
  await ended
  expect(faults).toEqual([])
  const { rows } = await warehouse.query(
    'SELECT source, symbol, side, state, size = filled_size AS is_whole FROM liquidations',
  )
  const raw = await warehouse.query(`SELECT COUNT(*) FROM \`${project}.asterai_raw.liquidations\``)
  expect(raw.rows).toEqual([[3]])
  expect(rows).toEqual([['twin', 'BTCUSDT', 'sell', 'FILLED', true]])
})
