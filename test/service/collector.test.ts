import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type CollectorPlatform, runCloudCollector } from '#services/collector/cloud.ts'
import { readCollectorConfig } from '#services/collector/config.ts'
import { openBlobs } from '#shared/cloud/local/blobs.ts'
import { openBus } from '#shared/cloud/local/bus.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { feedWarehouse } from '#shared/cloud/local/warehouse-feed.ts'
import { metrics } from '#shared/cloud/manifest/metric.ts'
import { startTwinWithDebtor, type TwinWithDebtor } from './debtor.fixture.ts'
import { type TestLife, testLife } from './life.fixture.ts'

let folder = ''
let twin: TwinWithDebtor
let receiver: Server
let otlpUrl = ''
const received: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asterai-collector-'))
  twin = await startTwinWithDebtor()
  receiver = createServer((request, response) => {
    request.setEncoding('utf8')
    request.on('data', (text: string) => received.push(text))
    request.on('end', () =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    )
  })
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening))
  otlpUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})

afterAll(async () => {
  receiver.close()
  receiver.closeAllConnections()
  await twin.server.close()
  await rm(folder, { recursive: true })
})

function startCollector(name: string, busName: string) {
  const life = testLife()
  const config = readCollectorConfig({
    COLLECTOR_SYMBOLS: 'BTCUSDT',
    ASTER_REST_URL: twin.server.url,
    ASTER_STREAM_URL: twin.server.wsUrl,
    HEALTH_PORT: '0',
    SCRATCH_DIR: join(folder, name),
    OTLP_URL: otlpUrl,
  })
  const openPlatform = async (): Promise<CollectorPlatform> => {
    const bus = openBus(busName)
    return { bus, blobs: () => openBlobs(join(folder, 'tapes')), close: async () => bus.close() }
  }
  const ended = runCloudCollector({ config, openPlatform }, life)
  return { life, ended, end: () => life.end('the test is over') }
}

/** Resolves once events arrive: its streams are open. */
async function listening(life: TestLife): Promise<void> {
  const port = /\d+$/.exec(await life.said(/probes on port/))?.[0]
  await life.said(/recording BTCUSDT/)
  const events = async () =>
    ((await (await fetch(`http://127.0.0.1:${port}/state`)).json()) as { events: number }).events
  await vi.waitFor(async () => expect(await events()).toBeGreaterThan(0), { timeout: 10_000 })
}

test('a liquidation heard by two collectors at once is one row, and both measure what they hear', async () => {
  const busName = 'collector-test'
  const bus = openBus(busName)
  const runtime = createLocalRuntime()
  const warehouse = await openWarehouse(join(folder, 'warehouse.duckdb'))
  const refused: string[] = []
  const feed = feedWarehouse(bus, warehouse, {
    timers: runtime.timers,
    onFailure: ({ error }) => refused.push(error.message),
    flushIntervalUs: 50_000,
  })
  let deliveries = 0
  bus.subscribe('liquidations', () => {
    deliveries++
  })
  const collectors = [startCollector('old', busName), startCollector('new', busName)]
  for (const { life } of collectors) await listening(life)
  twin.ruin()
  await vi.waitFor(() => expect(deliveries).toBe(2), { timeout: 10_000 })
  for (const { end } of collectors) end()
  for (const { ended } of collectors) await ended
  await feed.stop()

  const { columns, rows } = await warehouse.query('SELECT * FROM liquidations')
  expect([refused, rows.length]).toEqual([[], 1])
  const row = Object.fromEntries(columns.map((column, place) => [column, rows[0]?.[place]]))
  expect(row).toMatchObject({
    source: 'twin',
    symbol: 'BTCUSDT',
    side: 'sell',
    size: row.filled_size,
    state: 'FILLED',
  })
  const [order] = twin.server.twin.exchange.state.accounts[0]!.executions.slice(-1)
  expect(Date.parse(String(row.event_time))).toBe(Math.floor(order!.timeUs / 1_000))

  const told = received.join('\n')
  for (const name of Object.keys(metrics).filter((each) => /^asterai\.(stream|tape)\./.test(each)))
    expect(told, name).toContain(`"${name}`)
  expect(told).toContain('btcusdt@forceOrder')
  await warehouse.close()
  bus.close()
  runtime.close()
}, 40_000)
