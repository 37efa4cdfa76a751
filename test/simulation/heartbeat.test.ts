import { expect, test } from 'vitest'
import { simulate } from '#services/local/simulation.ts'
import type { HeartbeatMessage } from '#shared/cloud/message.ts'
import type { Row } from '#shared/cloud/port.ts'
import { checkRow } from '#shared/cloud/row.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'

async function heartbeatsOf(seconds: number, crashAfterUs: readonly number[] = []) {
  const beats: HeartbeatMessage[] = []
  await simulate({
    seed: 7,
    durationUs: seconds * microsPerSecond,
    symbols: ['BTCUSDT'],
    strategies: ['glft'],
    equityQuote: 10_000,
    latencyUs: 5_000,
    crashAfterUs,
    bus: {
      publish(topic, message) {
        if (topic === 'heartbeats') beats.push(message as unknown as HeartbeatMessage)
      },
      subscribe: () => () => {},
      flush: async () => {},
      close() {},
    },
    report: () => {},
  })
  return beats
}

test('a trader that lives says so every ten seconds, with what a guard must know', async () => {
  const beats = await heartbeatsOf(35)
  expect(beats.length).toBeGreaterThanOrEqual(4)
  const times = beats.map(({ recorded_at }) => recorded_at)
  for (const [index, at] of times.entries())
    if (index > 0) expect(at - times[index - 1]!).toBe(10 * microsPerSecond)
  const last = beats.at(-1)!
  expect(last).toMatchObject({
    service: 'executor',
    holder: 'executor',
    epoch: 1,
    run_id: 'simulation-7',
    is_killed: false,
  })
  expect(last.working_orders).toBeGreaterThan(0)
  expect(last.stream_age_seconds).toBeLessThan(5)
  for (const beat of beats) expect(() => checkRow('heartbeats', beat as Row)).not.toThrow()
})

test('a trader that died gives no sign; the next one speaks with its own epoch', async () => {
  const beats = await heartbeatsOf(15, [12 * microsPerSecond])
  expect([...new Set(beats.map(({ epoch }) => epoch))]).toEqual([1, 2])
})
