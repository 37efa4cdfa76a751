import { expect, test } from 'vitest'
import { functions } from '#shared/cloud/manifest/function.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { limitPorts } from './access.ts'
import { createFunctionApp, functionCaller } from './local.ts'
import { logics } from './logic.ts'
import { functionPorts, noonMs, scheduledAtUs } from './scripted-market.fixture.ts'
import { testWarehouse } from './warehouse.fixture.ts'

function served(market: Parameters<typeof functionPorts>[0] = {}) {
  const ports = functionPorts(market)
  const reported: unknown[] = []
  const app = createFunctionApp({ ports, report: (error) => reported.push(error) })
  const post = async (path: string, body?: string, headers: Record<string, string> = {}) => {
    const reply = await app.request(path, { method: 'POST', ...(body && { body }), headers })
    return { status: reply.status, body: await reply.json() }
  }
  return { ports, post, reported }
}

const atSchedule = { 'x-cloudscheduler-scheduletime': new Date(noonMs + 5_000).toISOString() }

const refusedWithoutBody: Readonly<Record<string, string>> = {
  'start-training': 'npm run train',
  'promote-model': 'input',
}

test.each(Object.keys(functions))('%s answers without a body', async (name) => {
  const plain = functionPorts()
  const settings = { ...plain.settings, symbols: ['BTCUSDT', 'ETHUSDT'] }
  const ports = { ...plain, settings, warehouse: await testWarehouse() }
  const app = createFunctionApp({ ports, report: () => {} })
  const answer = await app.request(`/functions/${name}`, { method: 'POST' })
  const reply = { status: answer.status, body: await answer.json() }
  const words = refusedWithoutBody[name]
  if (words === undefined) expect(reply).toMatchObject({ status: 200, body: { function: name } })
  else
    expect(reply).toMatchObject({ status: 400, body: { message: expect.stringContaining(words) } })
})

test('the functions of the manifest are those that have logic', () => {
  expect(Object.keys(logics).sort()).toEqual(Object.keys(functions).sort())
})

test('the schedule header names the run', async () => {
  const { ports, post } = served()
  await post('/functions/scan-funding', undefined, atSchedule)
  await post('/functions/scan-funding', '{"symbols":["BTCUSDT"]}', atSchedule)
  const rows = ports.warehouse.rowsOf('funding_rates')
  expect(rows.map(({ observed_at }) => observed_at)).toEqual([scheduledAtUs, scheduledAtUs])
})

test.each<[string, string | undefined, Record<string, string>, number]>([
  ['an unknown function', undefined, {}, 404],
  ['a body that is not JSON', '{', {}, 400],
  ['a wrong field', '{"symbols":["btc"]}', {}, 400],
  ['a schedule time that is none', undefined, { 'x-cloudscheduler-scheduletime': 'noon' }, 400],
  [
    'a schedule time ahead of the clock',
    undefined,
    { 'x-cloudscheduler-scheduletime': '2026-11-21T13:00:00Z' },
    400,
  ],
])('answers %s with one line', async (what, body, headers, status) => {
  const { post } = served()
  const name = what === 'an unknown function' ? 'constructor' : 'scan-funding'
  const reply = await post(`/functions/${name}`, body, headers)
  expect(reply).toMatchObject({ status, body: { error: 'OPTION_INVALID' } })
  expect(reply.body.message).toMatch(/^[^\n]+$/)
})

test.each([
  ['VENUE_UNREACHABLE', 503],
  ['VENUE_RATE_LIMITED', 503],
  ['VENUE_REFUSED', 502],
  ['VENUE_BANNED', 502],
  ['WIRE_SHAPE_UNKNOWN', 502],
] as const)('a venue fault %s is status %i, never 200', async (code, status) => {
  const { post, reported } = served({
    premiumIndex: async () => {
      throw new TradingError(code, 'as the venue said')
    },
  })
  expect(await post('/functions/scan-funding')).toEqual({
    status,
    body: { error: code, message: 'as the venue said' },
  })
  expect(reported).toEqual([])
})

test('a broken invariant is reported and its text is kept from the caller', async () => {
  const fault = new TypeError('secret path')
  const { post, reported } = served({
    premiumIndex: async () => {
      throw fault
    },
  })
  expect(await post('/functions/scan-funding')).toEqual({
    status: 500,
    body: { error: 'INTERNAL', message: 'see the log of the function' },
  })
  expect(reported).toEqual([fault])
})

test('the cron calls the same logic without HTTP', async () => {
  const ports = functionPorts()
  const report = await functionCaller(ports)('ingest-candles', scheduledAtUs)
  expect(report).toMatchObject({ function: 'ingest-candles', candles: 30 })
  const input = { symbols: ['BTCUSDT'], lookback: 1 }
  expect(await functionCaller(ports)('ingest-candles', undefined, input)).toMatchObject({
    candles: 1,
  })
})

test('a right to create in a bucket is no right to replace', async () => {
  const ports = limitPorts('promote-model', functionPorts())
  const state = ports.blobs('state')
  expect(await state.create('promotions/000001.json', new Uint8Array([1]))).toBe(true)
  await expect(async () =>
    state.put('executor/lease.json', new Uint8Array()),
  ).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' })
})
