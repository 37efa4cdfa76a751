import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { functionPorts, scheduledAtUs } from '../scripted-market.fixture.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { guardLiveness } from './handler.ts'

const second = 1_000_000

async function world(
  last: { ageSeconds: number; is_killed?: boolean; working_orders?: number } | undefined,
) {
  const warehouse = await testWarehouse()
  if (last)
    await warehouse.fill('heartbeats', [
      {
        service: 'executor',
        holder: 'executor-1',
        epoch: 3,
        run_id: 'run-1',
        recorded_at: scheduledAtUs - last.ageSeconds * second,
        is_killed: last.is_killed ?? false,
        working_orders: last.working_orders ?? 4,
        stream_age_seconds: 0.1,
      },
    ])
  return { ...functionPorts(), warehouse }
}

test('120 s of silence are allowed, a second more throws the kill switch', async () => {
  const calm = await world({ ageSeconds: 120 })
  expect(await guardLiveness({}, scheduledAtUs, calm)).toMatchObject({ isSilent: false })
  expect(calm.bus.said('commands')).toEqual([])

  const silent = await world({ ageSeconds: 121 })
  expect(await guardLiveness({}, scheduledAtUs, silent)).toMatchObject({
    isSilent: true,
    silentSeconds: 121,
  })
  expect(silent.bus.said('commands')).toEqual([
    {
      command: 'kill',
      reason: expect.stringContaining('121 s'),
      by: 'guard-liveness',
      at: scheduledAtUs,
    },
  ])
  expect(silent.bus.said('alerts')).toMatchObject([
    {
      alert: 'executor-silent',
      severity: 'critical',
      detail: expect.stringContaining('4 working orders: the dead-man switch of the venue'),
    },
  ])
})

test('one that was killed before is told of, not killed again', async () => {
  const ports = await world({ ageSeconds: 150, is_killed: true })
  await guardLiveness({}, scheduledAtUs, ports)
  expect(ports.bus.said('commands')).toEqual([])
  expect(ports.bus.said('alerts')[0]?.detail).toContain('killed before')
})

test('an episode is told under one key, in its first minutes and then hourly', async () => {
  const ports = await world({ ageSeconds: 130 })
  for (let minute = 0; minute < 180; minute++)
    await guardLiveness({}, (scheduledAtUs + minute * 60 * second) as Micros, ports)
  const alerts = ports.bus.said('alerts')
  expect(alerts).toHaveLength(3 + 2)
  expect(new Set(alerts.map(({ dedupe_key }) => dedupe_key)).size).toBe(1)
})

test('however long it stayed away, a kill of the last five minutes waits for it', async () => {
  const ports = await world({ ageSeconds: 130 })
  const saidAtMinute: number[] = []
  for (let minute = 0; minute < 5 * 60; minute++) {
    const at = (scheduledAtUs + minute * 60 * second) as Micros
    const { isKillSent } = await guardLiveness({}, at, ports)
    if (isKillSent) saidAtMinute.push(minute)
    expect(minute - (saidAtMinute.at(-1) ?? -1_000)).toBeLessThanOrEqual(5)
  }
  // Not every minute: whoever comes back after a week has to read them all.
  expect(saidAtMinute.length).toBeLessThan((5 * 60) / 5 + 5)
  expect(ports.bus.said('commands')).toHaveLength(saidAtMinute.length)
})

test('where no executor has ever reported there is nothing to guard', async () => {
  const ports = await world(undefined)
  expect(await guardLiveness({}, scheduledAtUs, ports)).toMatchObject({ isSilent: false })
})

test('the heartbeat of the run before this one is none of ours', async () => {
  const ports = await world({ ageSeconds: 4_000 })
  const openedUs = (scheduledAtUs - 60 * second) as Micros
  await guardLiveness({}, scheduledAtUs, { ...ports, openedUs })
  expect(ports.bus.said('commands')).toEqual([])
})
