import { expect, test } from 'vitest'
import type { Metrics } from '#shared/cloud/telemetry/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { measureCall } from './measure.ts'

function recorded() {
  const told: unknown[] = []
  let nowUs = 0
  const metrics: Metrics = {
    add() {},
    set() {},
    record: (name, value, labels) => told.push([name, value, labels]),
  }
  const clock = {
    nowUs: () => {
      nowUs += 40_000
      return nowUs as Micros
    },
  }
  return { told, ports: { metrics, clock } }
}

const duration = (status: string) => [
  ['asterai.function.duration', 40, { function: 'scan-funding', status }],
]

test('a call that ends is counted once, with its result passed on', async () => {
  const { told, ports } = recorded()
  expect(await measureCall('scan-funding', ports, async () => 7)).toBe(7)
  expect(told).toEqual(duration('ok'))
})

test('a failure is counted by its code and stays a failure', async () => {
  const { told, ports } = recorded()
  const call = async () => {
    throw new TradingError('VENUE_UNREACHABLE', 'no answer')
  }
  await expect(measureCall('scan-funding', ports, call)).rejects.toThrow('no answer')
  expect(told).toEqual(duration('VENUE_UNREACHABLE'))
})
