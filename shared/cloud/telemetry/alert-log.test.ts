import { expect, test } from 'vitest'
import type { Bus, Message } from '../port.ts'
import { logAlerts } from './alert-log.ts'
import { createLog } from './log.ts'

function logged() {
  const published: [string, Message][] = []
  const lines: string[] = []
  const bus: Bus = {
    publish: (topic, message) => published.push([topic, message]),
    subscribe: () => () => {},
    flush: async () => {},
    close() {},
  }
  const log = createLog({
    service: 'executor',
    nowMs: () => 0,
    write: (line) => lines.push(line),
  })
  return { published, lines, bus: logAlerts(bus, log) }
}

const alert = {
  alert: 'account-mismatch',
  severity: 'critical',
  summary: 'USDT differs by 0.01',
  detail: 'fees',
  recorded_at: 1,
  dedupe_key: 'account-mismatch:paper',
}

test('an alert is published and logged where policies look for it', () => {
  const { published, lines, bus } = logged()
  bus.publish('alerts', alert)
  expect(published).toEqual([['alerts', alert]])
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      severity: 'CRITICAL',
      message: 'USDT differs by 0.01',
      alert: 'account-mismatch',
      detail: 'fees',
      dedupe_key: 'account-mismatch:paper',
    },
  ])
})

test('an end of an episode is not counted, and other topics are not logged', () => {
  const { lines, bus } = logged()
  bus.publish('alerts', { ...alert, severity: 'resolved' })
  bus.publish('orders', { run_id: 'run-1' })
  expect(lines.map((line) => JSON.parse(line).severity)).toEqual(['INFO'])
})
