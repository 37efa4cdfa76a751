import { expect, test } from 'vitest'
import { createProgress, duration, progressLine } from './progress.ts'

test('a line has bar, share, count, speed and time left', () => {
  expect(progressLine({ done: 30, total: 120, unit: 'trials', perSecond: 2 })).toBe(
    '██████░░░░░░░░░░░░░░░░░░ 25 % · 30/120 trials · 2.0/s · 45 s left',
  )
  expect(progressLine({ done: 0, total: 10, unit: 'files', perSecond: 0 })).toMatch(/– left$/)
})

test.each([
  [0.2, '1 s'],
  [61, '1 min 1 s'],
  [7_300, '2 h 1 min'],
])('%d s reads %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('a resumed run is as fast as what it does now, and only a terminal sees it', () => {
  let written = ''
  let now = 0
  const stream = { isTTY: true, columns: 200, write: (text: string) => (written += text) }
  const bar = { total: 100, doneBefore: 80, unit: 'trials', nowMs: () => now }
  const progress = createProgress({ ...bar, stream })
  now = 1_000
  progress.show(90)
  expect(written).toMatch(/90\/100 trials · 10\/s · 1 s left$/)
  written = ''
  createProgress({ ...bar, stream: { ...stream, isTTY: false } }).show(90)
  expect(written).toBe('')
})
