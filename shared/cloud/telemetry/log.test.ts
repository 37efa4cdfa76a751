import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import { createLog, logFault } from './log.ts'
import { inTrace } from './trace-scope.ts'

function logged(project?: string) {
  const lines: string[] = []
  const log = createLog({
    service: 'executor',
    project,
    nowMs: () => Date.UTC(2026, 10, 21),
    write: (line) => lines.push(line),
  })
  return { log, lines, read: () => lines.map((line) => JSON.parse(line)) }
}

const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true }
const plain = {
  severity: 'INFO',
  message: 'ready',
  time: '2026-11-21T00:00:00.000Z',
  'logging.googleapis.com/labels': { service: 'executor' },
}

test('a line is one JSON object with the trace it was written in', () => {
  const { lines, log, read } = logged('desk')
  inTrace(ids, () => log('two\nlines', 'WARNING', { epoch: 7n, symbol: 'BTCUSDT' }))
  expect(lines[0]).not.toContain('\n')
  expect(read()).toEqual([
    {
      ...plain,
      epoch: '7',
      symbol: 'BTCUSDT',
      severity: 'WARNING',
      message: 'two\nlines',
      'logging.googleapis.com/trace': `projects/desk/traces/${'a'.repeat(32)}`,
      'logging.googleapis.com/spanId': 'b'.repeat(16),
      'logging.googleapis.com/trace_sampled': true,
    },
  ])
})

test('outside of a trace a line names none, and a line without severity is information', () => {
  const { log, read } = logged('desk')
  log('ready')
  expect(read()).toEqual([plain])
})

test('fields cannot replace what the line says, and secrets stay out', () => {
  const { lines, log, read } = logged()
  log('refused', 'ERROR', {
    severity: 'INFO',
    privateKey: '0xabc',
    Authorization: 'Bearer x',
    dedupe_key: 'account-mismatch:paper',
  })
  expect(read()[0]).toMatchObject({
    severity: 'ERROR',
    message: 'refused',
    dedupe_key: 'account-mismatch:paper',
  })
  expect(lines[0]).not.toMatch(/0xabc|Bearer/)
})

test('a fault of the world is a line with its code, one of ours an error with its stack', () => {
  const { log, read } = logged()
  logFault(log, new TradingError('VENUE_UNREACHABLE', 'no reply'))
  logFault(log, new TypeError('undefined is not a price'))
  const [world, ours] = read()
  expect(world).toMatchObject({
    severity: 'WARNING',
    message: 'no reply',
    error: 'VENUE_UNREACHABLE',
  })
  expect(ours.severity).toBe('ERROR')
  expect(ours.message).toMatch(/^TypeError: undefined is not a price\n\s+at /)
})
