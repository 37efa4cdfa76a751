import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import type { FunctionName } from '../manifest/function.ts'
import type { Bus, Message } from '../port.ts'
import { startCron } from './cron.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 12, 0, 0) })
})
afterEach(() => {
  vi.useRealTimers()
})

const clock = { nowUs: () => (Date.now() * 1_000) as Micros }
const iso = (us: number) => new Date(us / 1_000).toISOString()

function recordingBus(): Bus & { published: Message[] } {
  const published: Message[] = []
  return {
    published,
    publish: (topic, message) => published.push({ topic, ...message }),
    subscribe: () => () => {},
    flush: async () => {},
    close() {},
  }
}

test('each function runs on its schedule and is told the scheduled time', async () => {
  const calls: string[] = []
  const call = async (name: FunctionName, at: Micros) => {
    if (name === 'ingest-candles' || name === 'scan-funding') calls.push(`${name} ${iso(at)}`)
  }
  const bus = recordingBus()
  const cron = startCron({ bus, clock, call })
  await vi.advanceTimersByTimeAsync(90_000)
  expect(calls).toEqual([
    'ingest-candles 2026-11-21T12:00:05.000Z',
    'scan-funding 2026-11-21T12:00:20.000Z',
    'ingest-candles 2026-11-21T12:01:05.000Z',
    'scan-funding 2026-11-21T12:01:20.000Z',
  ])
  expect(bus.published).toEqual([])
  await cron.stop()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(calls).toHaveLength(4)
})

test('a failing run is published and the next one comes', async () => {
  const bus = recordingBus()
  let runs = 0
  const call = async (name: FunctionName) => {
    if (name !== 'ingest-candles') return
    runs += 1
    throw new Error('venue away')
  }
  const cron = startCron({ bus, clock, call })
  await vi.advanceTimersByTimeAsync(120_000)
  expect(runs).toBe(2)
  expect(bus.published[0]).toMatchObject({
    topic: 'status',
    service: 'function ingest-candles',
    state: 'failed',
    detail: 'Error: venue away',
  })
  await cron.stop()
})

test('a call that throws at once is a failure like any other', async () => {
  const bus = recordingBus()
  const cron = startCron({
    bus,
    clock,
    call: () => {
      throw new Error('not even a promise')
    },
  })
  await cron.trigger('scan-funding')
  expect(bus.published).toMatchObject([{ state: 'failed', detail: 'Error: not even a promise' }])
  await cron.stop()
})

test('a function never overlaps itself, and the skip is published', async () => {
  const bus = recordingBus()
  let under = 0
  let most = 0
  const slow = Promise.withResolvers<void>()
  const call = async (name: FunctionName) => {
    if (name !== 'ingest-candles') return
    most = Math.max(most, ++under)
    await slow.promise
    under -= 1
  }
  const cron = startCron({ bus, clock, call })
  await vi.advanceTimersByTimeAsync(70_000)
  await cron.trigger('ingest-candles')
  expect(most).toBe(1)
  expect(bus.published.map(({ detail }) => detail)).toEqual([
    'skipped 2026-11-21T12:01:05.000Z: the run before still goes on',
    'skipped 2026-11-21T12:01:05.000Z: the run before still goes on',
  ])
  let stopped = false
  const stopping = cron.stop().then(() => {
    stopped = true
  })
  await vi.advanceTimersByTimeAsync(10)
  expect(stopped).toBe(false)
  slow.resolve()
  await stopping
})

test('a triggered run carries the time of the latest slot', async () => {
  const times: string[] = []
  const call = async (_: FunctionName, at: Micros) => times.push(iso(at))
  const cron = startCron({ bus: recordingBus(), clock, call })
  await vi.advanceTimersByTimeAsync(30_500)
  times.length = 0
  await cron.trigger('ingest-candles')
  await cron.trigger('ingest-candles')
  expect(times).toEqual(['2026-11-21T12:00:05.000Z', '2026-11-21T12:00:05.000Z'])
  await cron.stop()
})
