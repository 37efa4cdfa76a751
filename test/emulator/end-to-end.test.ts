import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { closePorts } from '#functions/environment.ts'
import { demoOptions } from '#services/twin/demo.ts'
import { startTwinServer } from '#services/twin/server.ts'
import { createEmulatedWarehouse, startBigQueryEmulator } from '#shared/cloud/emulator/bigquery.ts'
import { type PubsubEmulator, startPubsubEmulator } from '#shared/cloud/emulator/pubsub.ts'
import { type RunEmulator, startRunEmulator } from '#shared/cloud/emulator/run-admin.ts'
import { readGcpEnvironment } from '#shared/cloud/gcp/environment.ts'
import { deadLetterReader, subscriptionName } from '#shared/cloud/gcp/names.ts'
import { openPubsub, provisionMessaging } from '#shared/cloud/gcp/provision.ts'
import { openBigQueryWarehouse } from '#shared/cloud/gcp/warehouse.ts'
import type { Warehouse } from '#shared/cloud/port.ts'
import type { Micros } from '#shared/kernel/unit.ts'

/** Real clients, real HTTP, the functions as the platform runs them; only the machines behind are stand-ins. */

const project = 'end-to-end'
const place = { project, dataset: 'asterai' }
const closers: (() => Promise<unknown>)[] = []
let warehouse: Warehouse
let pubsub: PubsubEmulator
let run: RunEmulator
let ingestUrl = ''

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  closers.push(() => new Promise((closed) => server.close(closed)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  const twin = await startTwinServer({
    ...demoOptions({
      seed: 7,
      clock: { nowUs: () => (Date.now() * 1_000) as Micros },
      symbols: ['BTCUSDT', 'ETHUSDT'],
    }),
    port: 0,
  })
  closers.push(() => twin.close())
  const bigquery = await startBigQueryEmulator({ project })
  closers.push(() => bigquery.close())
  await createEmulatedWarehouse({ ...place, host: bigquery.host })
  warehouse = await openBigQueryWarehouse({
    ...place,
    restEndpoint: `http://${bigquery.host}`,
    grpcEndpoint: bigquery.grpcHost,
  })
  closers.push(() => warehouse.close())
  pubsub = await startPubsubEmulator()
  closers.push(() => pubsub.close())
  run = await startRunEmulator({
    inference: { scalingMode: 'MANUAL', manualInstanceCount: 1 },
  })
  closers.push(() => run.close())

  const variables = {
    ASTERAI_PLATFORM: 'gcp',
    ASTERAI_SERVICE: 'ingest-candles',
    GOOGLE_CLOUD_PROJECT: project,
    ASTERAI_REGION: 'asia-southeast1',
    ASTERAI_SYMBOLS: 'BTCUSDT,ETHUSDT',
    ASTER_REST_URL: twin.url,
    BIGQUERY_EMULATOR_HOST: bigquery.host,
    BIGQUERY_STORAGE_EMULATOR_HOST: bigquery.grpcHost,
    PUBSUB_EMULATOR_HOST: pubsub.host,
    RUN_EMULATOR_HOST: run.host,
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  await import('#functions/index.ts')
  closers.push(closePorts)
  ingestUrl = await listen(getTestServer('ingest-candles'))
  await provisionMessaging(readGcpEnvironment(variables), {
    pushEndpoints: { 'guard-spend': await listen(getTestServer('guard-spend')) },
    retryBackoffMs: 10,
  })
})

afterAll(async () => {
  for (const close of closers.reverse()) await close()
  vi.unstubAllEnvs()
})

/** What Cloud Scheduler sends, byte for byte but the token that the platform checks before we see it. */
const schedule = (time: string) =>
  fetch(ingestUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Google-Cloud-Scheduler',
      'x-cloudscheduler': 'true',
      'x-cloudscheduler-jobname': 'ingest-candles',
      'x-cloudscheduler-scheduletime': time,
    },
    body: JSON.stringify({ symbols: ['BTCUSDT', 'ETHUSDT'], interval: '1m', lookback: 5 }),
  })

test('a scheduled call delivered three times leaves every candle once', async () => {
  const time = new Date().toISOString()
  for (const attempt of [1, 2, 3]) {
    const reply = await schedule(time)
    expect([attempt, reply.status, await reply.json()]).toMatchObject([
      attempt,
      200,
      { function: 'ingest-candles', candles: 10 },
    ])
  }
  const { rows } = await warehouse.query(
    'SELECT symbol, COUNT(*) AS rows_there, COUNT(DISTINCT open_time) AS candles_there FROM candles GROUP BY symbol ORDER BY symbol',
  )
  expect(rows).toEqual([
    ['BTCUSDT', 5, 5],
    ['ETHUSDT', 5, 5],
  ])
})

test('a call that makes no sense stores nothing and says what is wrong', async () => {
  const reply = await schedule('yesterday')
  expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining('yesterday')])
  // The next function is another process in the cloud, with rights of its own.
  await closePorts()
})

test('a poison message ends in the dead letters and holds up nobody', async () => {
  await publish('budget-notices', { not: 'a budget notice' })
  await vi.waitFor(
    () => {
      const kept = pubsub.published(topicName('dead-letters'))
      expect(kept.map(({ data }) => data.toString())).toContain('{"not":"a budget notice"}')
    },
    { timeout: 20_000 },
  )
  const keep = subscriptionName('dead-letters', deadLetterReader)
  expect(pubsub.backlog(subscriptionPath(keep))?.waiting).toBeGreaterThan(0)
})

test('a notice that the budget is spent scales the GPU to zero, and touches nothing else', async () => {
  expect(run.scaling('inference')?.manualInstanceCount).toBe(1)
  await publish('budget-notices', {
    budgetDisplayName: 'asterai-dev',
    alertThresholdExceeded: 1,
    costAmount: 101.5,
    costIntervalStart: '2026-11-01T00:00:00Z',
    budgetAmount: 100,
    budgetAmountType: 'SPECIFIED_AMOUNT',
    currencyCode: 'USD',
  })
  await vi.waitFor(() => expect(run.scaling('inference')?.manualInstanceCount).toBe(0), {
    timeout: 20_000,
  })
  const { rows } = await warehouse.query("SELECT kind, amount, action FROM spend WHERE kind <> 'x'")
  expect(JSON.stringify(rows)).toContain('101.5')
  expect(run.updates().map(({ service }) => service)).toEqual(['inference'])
})

const topicName = (topic: string) => `projects/${project}/topics/${topic}`
const subscriptionPath = (name: string) => `projects/${project}/subscriptions/${name}`

async function publish(topic: string, message: object): Promise<void> {
  const client = await openPubsub(readGcpEnvironment(process.env))
  try {
    await client.topic(topic).publishMessage({ data: Buffer.from(JSON.stringify(message)) })
  } finally {
    await client.close()
  }
}
