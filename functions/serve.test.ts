import { mkdtemp } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { functions } from '#shared/cloud/manifest/function.ts'
import { closePorts } from './environment.ts'

/** The functions exactly as the platform runs them: framework, HTTP, venue client and warehouse file. */

const minuteMs = 60_000
const opened: Server[] = []
let file = ''
let venueRefuses = false

async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  opened.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers like the venue's public REST: every minute candle, two premiums, two intervals. */
function venueReply(url: URL): unknown {
  if (url.pathname.endsWith('/klines')) {
    const startMs = Number(url.searchParams.get('startTime'))
    const endMs = Number(url.searchParams.get('endTime'))
    const first = Math.ceil(startMs / minuteMs) * minuteMs
    const count = Math.floor((endMs - first) / minuteMs) + 1
    return Array.from({ length: count }, (_, index) => {
      const at = first + index * minuteMs
      return [at, '10.5', '11', '10', '10.75', '3', at + minuteMs - 1, '31.5', 7, '1', '10', '0']
    })
  }
  const times = { nextFundingTime: Date.now() + minuteMs, time: Date.now() }
  if (url.pathname.endsWith('/premiumIndex'))
    return ['BTCUSDT', 'ETHUSDT'].map((symbol) => ({
      symbol,
      markPrice: '64000.10000000',
      indexPrice: '64001.00000000',
      estimatedSettlePrice: '64001.00000000',
      lastFundingRate: '0.00010000',
      interestRate: '0.00010000',
      ...times,
    }))
  if (url.pathname.endsWith('/fundingInfo'))
    return ['BTCUSDT', 'ETHUSDT'].map((symbol, index) => ({
      symbol,
      interestRate: '0.00010000',
      time: Date.now(),
      fundingIntervalHours: index === 0 ? 8 : 4,
      fundingFeeCap: 0.03,
      fundingFeeFloor: -0.03,
    }))
  return url.pathname.endsWith('/time') ? { serverTime: Date.now() } : {}
}

beforeAll(async () => {
  const venueUrl = await listen(
    createServer((request, response) => {
      response.writeHead(venueRefuses ? 400 : 200, { 'content-type': 'application/json' })
      const refusal = { code: -1121, msg: 'Invalid symbol.' }
      const reply = venueReply(new URL(request.url ?? '/', 'http://venue'))
      response.end(JSON.stringify(venueRefuses ? refusal : reply))
    }),
  )
  file = join(await mkdtemp(join(tmpdir(), 'asterai-functions-')), 'warehouse.duckdb')
  vi.stubEnv('ASTER_REST_URL', venueUrl)
  vi.stubEnv('WAREHOUSE_FILE', file)
  vi.stubEnv('FUNCTION_TARGET', undefined)
  await import('./index.ts')
})

afterAll(() => {
  for (const server of opened) server.close()
  vi.unstubAllEnvs()
})

async function call(name: string, body?: string, headers: Record<string, string> = {}) {
  const url = await listen(getTestServer(name))
  const reply = await fetch(url, {
    method: 'POST',
    ...(body === undefined ? {} : { body }),
    headers: { 'content-type': 'application/json', ...headers },
  })
  const text = await reply.text()
  return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}

test('while another process has the warehouse the answer is 503, and the next call works', async () => {
  const other = await openWarehouse(file)
  const written = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const trace = 'a'.repeat(32)
  const reply = await call('scan-funding', undefined, {
    traceparent: `00-${trace}-${'b'.repeat(16)}-01`,
  })
  const lines = written.mock.calls.map(([line]) => JSON.parse(String(line)))
  written.mockRestore()
  expect(reply).toMatchObject({ status: 503, body: { error: 'WAREHOUSE_BUSY' } })
  expect(lines).toEqual([
    expect.objectContaining({
      severity: 'ERROR',
      error: 'WAREHOUSE_BUSY',
      message: reply.body.message,
      'logging.googleapis.com/labels': { service: 'scan-funding' },
      'logging.googleapis.com/trace': trace,
      'logging.googleapis.com/spanId': 'b'.repeat(16),
    }),
  ])
  await other.close()
  expect(await call('scan-funding')).toMatchObject({ status: 200, body: { rates: 2 } })
})

test('ingest-candles stores closed candles, a second delivery nothing more', async () => {
  const headers = { 'x-cloudscheduler-scheduletime': new Date(Date.now() - 1_000).toISOString() }
  const body = JSON.stringify({ symbols: ['BTCUSDT'], interval: '1m', lookback: 5 })
  for (let delivery = 0; delivery < 2; delivery++)
    expect(await call('ingest-candles', body, headers)).toEqual({
      status: 200,
      body: {
        function: 'ingest-candles',
        venue: 'aster',
        interval: '1m',
        candles: 5,
        missing: {},
      },
    })
})

test('a wrong field is a 400 with one line, GET is a 405', async () => {
  expect(await call('ingest-candles', '{"lookback":0}')).toEqual({
    status: 400,
    body: { error: 'OPTION_INVALID', message: expect.stringMatching(/^lookback: [^\n]+$/) },
  })
  const reply = await fetch(await listen(getTestServer('ingest-candles')))
  expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST'])
})

test('a venue that refuses is never a success', async () => {
  venueRefuses = true
  const reply = await call('scan-funding', '{}')
  venueRefuses = false
  expect(reply).toMatchObject({ status: 502, body: { error: 'VENUE_REFUSED' } })
})

test.each(Object.keys(functions))('%s of the manifest is registered', async (name) => {
  const reply = await fetch(await listen(getTestServer(name)))
  expect(reply.status).toBe(405)
})

test('a push of Pub/Sub reaches the spend guard; three deliveries are one row', async () => {
  const notice = {
    budgetDisplayName: 'asterai-dev',
    costAmount: 12.5,
    costIntervalStart: '2026-11-01T07:00:00Z',
    budgetAmount: 100,
    currencyCode: 'USD',
  }
  const message = {
    data: Buffer.from(JSON.stringify(notice)).toString('base64'),
    messageId: '9',
    publishTime: '2026-11-21T11:59:00.5Z',
  }
  const push = JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' })
  for (let delivery = 0; delivery < 3; delivery++)
    expect(await call('guard-spend', push)).toMatchObject({ status: 200, body: { share: 0.125 } })
  const poison = JSON.stringify({ message: { ...message, data: 'AAAA' } })
  expect(await call('guard-spend', poison)).toMatchObject({ status: 400 })
})

test('what is in the warehouse afterwards', async () => {
  await closePorts()
  const warehouse = await openWarehouse(file, { readOnly: true })
  const candles = await warehouse.query(
    'SELECT count(*), min(low), max(quote_volume), sum(trades) FROM candles',
  )
  expect(candles.rows).toEqual([[5, 10, 31.5, 35]])
  const rates = await warehouse.query(
    'SELECT symbol, rate, interval_hours, round(annualised_rate, 6) FROM funding_rates ORDER BY 1',
  )
  expect(rates.rows).toEqual([
    ['BTCUSDT', 0.0001, 8, 0.1095],
    ['ETHUSDT', 0.0001, 4, 0.219],
  ])
  const spend = await warehouse.query('SELECT kind, amount, allowed, action FROM spend')
  expect(spend.rows).toEqual([['budget', 12.5, 100, '']])
  await warehouse.close()
})
