import { expect, test } from 'vitest'
import type { HttpRequest } from '#shared/kernel/runtime.ts'
import { functionPorts, noonMs, scheduledAtUs } from '../scripted-market.fixture.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { publishReport } from './handler.ts'

const today = { day: '2026-11-21' }
const hour = 3_600_000_000

const equity = (strategy: string, hoursPastMidnight: number, pnl: string, fees: string) => ({
  run_id: 'run-1',
  epoch: 1,
  strategy,
  recorded_at: (noonMs - 12 * 3_600_000) * 1_000 + hoursPastMidnight * hour,
  equity: '1000.00000000',
  pnl,
  spread_pnl: '5.00000000',
  price_pnl: '0.00000000',
  fees,
  funding: '0.00000000',
})

async function world() {
  const warehouse = await testWarehouse()
  const ports = { ...functionPorts(), warehouse }
  const read = async (name: string) =>
    new TextDecoder().decode(await ports.blobs('reports').get(name))
  return { ports, read }
}

test('the page sums over runs and draws a line for each', async () => {
  const { ports, read } = await world()
  await ports.warehouse.fill('equity', [
    equity('total', 0, '-10.00000001', '1.00000000'),
    equity('total', 6, '-7.00000000', '1.50000000'),
    equity('total', 11, '-8.00000000', '2.00000000'),
    { ...equity('total', 9, '0.50000000', '0.10000000'), run_id: 'run-2' },
    { ...equity('total', 10, '1.25000000', '0.20000000'), run_id: 'run-2' },
  ])
  const report = await publishReport(today, scheduledAtUs, ports)
  expect(report.summary).toContain('P&L 2.75 USDT, 0 fills')
  const figures = JSON.parse(await read('daily/2026-11-21.json'))
  expect(figures.total).toMatchObject({ pnl: '2.75000001', fees: '1.10000000' })
  expect(Object.keys(figures.lines)).toEqual(['run-1', 'run-2'])
  expect(figures.lines['run-1'][0][1]).toBeCloseTo(0, 8)
  const page = await read('daily/2026-11-21.html')
  expect(page.match(/<polyline/g)).toHaveLength(2)
  expect(page).toContain('all runs')
  expect(page).not.toMatch(/<script|https?:/)
})

test('an empty day says what is missing and shows no zero for it', async () => {
  const { ports, read } = await world()
  const { missing, summary } = await publishReport(today, scheduledAtUs, ports)
  expect(missing).toHaveLength(7)
  expect(summary).toBe(
    'AsterAI 2026-11-21: P&L not known, 0 fills, account not compared, data not checked',
  )
  expect(await read('daily/2026-11-21.html')).toContain('No equity was recorded')
  expect(JSON.parse(await read('daily/2026-11-21.json')).total).toBeUndefined()
})

test('without a day it is the one before; a day to come is refused', async () => {
  const { ports } = await world()
  expect(await publishReport({}, scheduledAtUs, ports)).toMatchObject({ day: '2026-11-20' })
  await expect(publishReport({ day: '2026-11-22' }, scheduledAtUs, ports)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  })
})

test('names that look like markup stay text', async () => {
  const { ports, read } = await world()
  await ports.warehouse.fill('data_checks', [
    {
      check_name: '<b>staleness</b>',
      subject: 'x',
      checked_at: scheduledAtUs,
      is_ok: false,
      observed: 1,
      allowed: 0,
      detail: '',
    },
  ])
  await publishReport(today, scheduledAtUs, ports)
  expect(await read('daily/2026-11-21.html')).toContain('&lt;b&gt;staleness&lt;/b&gt; x')
})

test('the channel gets one line; when it does not take it the address stays out of the fault', async () => {
  const { ports } = await world()
  const sent: HttpRequest[] = []
  const url = 'https://hooks.example/T0/secret'
  const secrets = { get: () => url }
  const http = (status: number) => async (request: HttpRequest) => {
    sent.push(request)
    return { status, headers: {}, body: '' }
  }
  const good = { ...ports, secrets, http: http(200) }
  expect(await publishReport(today, scheduledAtUs, good)).toMatchObject({ isPosted: true })
  expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ text: expect.stringMatching(/^AsterAI 2026/) })
  const fault = await publishReport(today, scheduledAtUs, { ...good, http: http(500) }).catch(
    (error) => error,
  )
  expect(fault).toMatchObject({ code: 'PLATFORM_UNREACHABLE' })
  expect(fault.message).not.toContain('secret')
})
