import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { limitPorts } from '../access.ts'
import { memoryScaling } from '../memory-scaling.ts'
import { functionPorts, scheduledAtUs } from '../scripted-market.fixture.ts'
import { readSettings } from '../settings.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { gpuHours, isWithinWindow } from './gpu-hours.ts'
import { guardSpend } from './handler.ts'

const minute = 60_000_000

async function world(count = 1, environment: Record<string, string> = {}) {
  const ports = {
    ...functionPorts(),
    warehouse: await testWarehouse(),
    scaling: memoryScaling({ inference: count }),
    settings: readSettings(environment),
  }
  return { ports, instances: () => ports.scaling.instanceCount('inference') }
}

const notice = (costAmount: number, other: object = {}, messageId = '1') => ({
  message: {
    messageId,
    publishTime: '2026-11-21T11:59:00.123Z',
    data: Buffer.from(
      JSON.stringify({
        budgetDisplayName: 'asterai-dev',
        alertThresholdExceeded: 1,
        costAmount,
        costIntervalStart: '2026-11-01T07:00:00Z',
        budgetAmount: 100,
        budgetAmountType: 'SPECIFIED_AMOUNT',
        currencyCode: 'USD',
        ...other,
      }),
    ).toString('base64'),
  },
  subscription: 'projects/p/subscriptions/budget-notices-guard-spend',
})

test('a GPU that its hours switch on again in a month that is spent goes off at the next run', async () => {
  const { ports, instances } = await world(1)
  await guardSpend(notice(101.5), scheduledAtUs, ports)
  await ports.scaling.setInstanceCount('inference', 1)
  expect(await guardSpend({}, scheduledAtUs, ports)).toMatchObject({
    isScaledDown: true,
    reason: 'the budget of this month is spent',
  })
  expect(await instances()).toBe(0)
})

test('a notice over the budget scales the GPU to zero, stores a row and tells', async () => {
  const { ports, instances } = await world(1)
  expect(await guardSpend(notice(101.5), scheduledAtUs, ports)).toMatchObject({
    isScaledDown: true,
    share: 1.015,
  })
  expect(await instances()).toBe(0)
  expect(await ports.warehouse.rowsOf('spend')).toEqual([
    {
      kind: 'budget',
      period: '2026-11',
      recorded_at: '2026-11-21T11:59:00.123000Z',
      amount: 101.5,
      allowed: 100,
      action: 'inference told to scale to zero',
    },
  ])
  expect(ports.bus.said('alerts')).toMatchObject([{ alert: 'budget', severity: 'critical' }])
})

test('the same message three times is one row and one key', async () => {
  const { ports } = await world(1)
  for (let delivery = 0; delivery < 3; delivery++)
    await guardSpend(notice(101.5), scheduledAtUs, ports)
  expect(await ports.warehouse.rowsOf('spend')).toHaveLength(1)
  expect(new Set(ports.bus.said('alerts').map(({ dedupe_key }) => dedupe_key)).size).toBe(1)
})

test('a notice below the limit leaves the GPU alone; a threshold is told once a month', async () => {
  const { ports, instances } = await world(1)
  const later = (input: ReturnType<typeof notice>, publishTime: string) => ({
    message: { ...input.message, publishTime },
  })
  await guardSpend(notice(55), scheduledAtUs, ports)
  await guardSpend(later(notice(60), '2026-11-21T12:30:00Z'), scheduledAtUs, ports)
  expect(ports.bus.said('alerts')).toHaveLength(1)
  await guardSpend(later(notice(85), '2026-11-21T13:00:00Z'), scheduledAtUs, ports)
  expect(ports.bus.said('alerts').map(({ dedupe_key }) => dedupe_key)).toEqual([
    'budget:asterai-dev:2026-11:0.5',
    'budget:asterai-dev:2026-11:0.8',
  ])
  expect(await instances()).toBe(1)
})

test.each([
  ['it is unknown whether the GPU is off', 'PLATFORM_UNREACHABLE'],
  ['there is no model server', 'PLATFORM_REFUSED'],
] as const)('when %s the call fails, and what is spent is stored all the same', async (_, code) => {
  const { ports } = await world(1)
  const fail = async () => {
    throw new TradingError(code, 'no')
  }
  const scaling = { instanceCount: fail, setInstanceCount: fail }
  for (let delivery = 0; delivery < 2; delivery++)
    await expect(
      guardSpend(notice(120), scheduledAtUs, { ...ports, scaling }),
    ).rejects.toMatchObject({ code })
  expect(await ports.warehouse.rowsOf('spend')).toMatchObject([
    { kind: 'budget', amount: 120, allowed: 100, action: 'inference told to scale to zero' },
  ])
  expect(new Set(ports.bus.said('alerts').map(({ dedupe_key }) => dedupe_key)).size).toBe(1)
})

test.each([
  [{ message: { messageId: '1', publishTime: '2026-11-21T11:59:00Z', data: 'bm9uZQ==' } }, 'JSON'],
  [{ message: { data: '' } }, 'message.data'],
  [notice(-1), 'costAmount'],
  [notice(5, { budgetAmount: 0 }), 'budgetAmount'],
  [{ month: 11 }, 'month'],
])('refuses %j', async (input, words) => {
  const { ports, instances } = await world(1)
  await expect(guardSpend(input, scheduledAtUs, ports)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining(words),
  })
  expect(await instances()).toBe(1)
})

test('hours of the day are counted by its own runs and end the GPU', async () => {
  const { ports, instances } = await world(1, { GPU_HOURS_PER_DAY_MAX: '1' })
  const run = (n: number) => guardSpend({}, (scheduledAtUs + n * 10 * minute) as Micros, ports)
  for (let n = 0; n < 6; n++) expect(await run(n)).toMatchObject({ isScaledDown: false })
  const last = await run(6)
  expect(last).toMatchObject({ isScaledDown: true, reason: 'its 1 h of today are used up' })
  expect(last.gpuHoursToday).toBeCloseTo(1, 9)
  expect(await instances()).toBe(0)
  expect(await run(7)).toMatchObject({ isScaledDown: false, instances: 0 })
})

test('no hours at all switch it off at once', async () => {
  const { ports, instances } = await world(1, { GPU_HOURS_PER_DAY_MAX: '0' })
  expect(await guardSpend({}, scheduledAtUs, ports)).toMatchObject({ isScaledDown: true })
  expect(await instances()).toBe(0)
})

test('outside of its hours the GPU is switched off', async () => {
  const { ports, instances } = await world(1, { GPU_WINDOW_UTC: '13:00-15:00' })
  expect(await guardSpend({}, scheduledAtUs, ports)).toMatchObject({
    reason: 'it is outside of its hours',
  })
  expect(await instances()).toBe(0)
  expect(ports.bus.said('alerts')).toMatchObject([{ alert: 'gpu-hours' }])
})

test('no right of it reaches the executor', async () => {
  const { ports } = await world(1)
  const limited = limitPorts('guard-spend', ports)
  await expect(limited.scaling.setInstanceCount('executor', 0)).rejects.toMatchObject({
    code: 'PLATFORM_REFUSED',
  })
})

test('instance hours add up over any division of time, and a constant count gives count × time', () => {
  const counts = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 1e10 }), count: fc.nat(3) }), {
    minLength: 1,
    maxLength: 20,
  })
  fc.assert(
    fc.property(counts, fc.double({ min: 0, max: 1, noNaN: true }), (steps, part) => {
      let atUs = 0
      const seen = steps.map(({ gap, count }) => {
        atUs += gap
        return { atUs, count }
      })
      const untilUs = atUs + 1e9
      const middle = Math.floor(part * untilUs)
      const whole = gpuHours(seen, 0, untilUs)
      expect(gpuHours(seen, 0, middle) + gpuHours(seen, middle, untilUs)).toBeCloseTo(whole, 6)
    }),
  )
  expect(gpuHours([{ atUs: 0, count: 2 }], 0, 3 * 3_600_000_000)).toBe(6)
  expect(gpuHours([], 0, 1e12)).toBe(0)
})

test('a window may pass midnight', () => {
  const at = (hour: number) => hour * 60 * minute
  const night = { fromMinute: 22 * 60, untilMinute: 6 * 60 }
  expect([21, 22, 23, 0, 5, 6, 12].map((hour) => isWithinWindow(at(hour), night))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
    false,
  ])
})
