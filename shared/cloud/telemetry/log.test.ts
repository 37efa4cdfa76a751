import { expect, test } from 'vitest'
import { createLog } from './log.ts'

function logged(project?: string) {
  const lines: string[] = []
  const log = createLog({
    service: 'executor',
    ...(project ? { project } : {}),
    write: (line) => lines.push(line),
    trace: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }),
  })
  return { lines, log }
}

test('a line is one JSON object with its trace', () => {
  const { lines, log } = logged('desk')
  log('WARNING', 'two\nlines', { epoch: 7n, symbol: 'BTCUSDT' })
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain('\n')
  expect(JSON.parse(lines[0]!)).toEqual({
    epoch: '7',
    symbol: 'BTCUSDT',
    severity: 'WARNING',
    message: 'two\nlines',
    'logging.googleapis.com/labels': { service: 'executor' },
    'logging.googleapis.com/trace': `projects/desk/traces/${'a'.repeat(32)}`,
    'logging.googleapis.com/spanId': 'b'.repeat(16),
    'logging.googleapis.com/trace_sampled': true,
  })
})

test('fields cannot replace what the line says, and secrets stay out', () => {
  const { lines, log } = logged()
  log('ERROR', 'refused', { severity: 'INFO', privateKey: '0xabc', Authorization: 'Bearer x' })
  expect(JSON.parse(lines[0]!)).toMatchObject({ severity: 'ERROR', message: 'refused' })
  expect(lines[0]).not.toMatch(/0xabc|Bearer/)
})
