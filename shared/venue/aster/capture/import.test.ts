import { expect, test } from 'vitest'
import type { MarketEvent } from '#shared/market/event.ts'
import { createCaptureImport } from './import.ts'
import type { CaptureGrid } from './instrument.ts'
import { createLineSplitter } from './lines.ts'

const startUs = 1_680_652_800_000_000

type Level = readonly [string, string]
const wrap = (stream: string, payload: unknown): string =>
  JSON.stringify({ stream: `btcusdt@${stream}`, data: payload })
const depth = (
  [U, u, pu]: readonly [number, number, number],
  b: readonly Level[] = [['100.0', '1']],
  a: readonly Level[] = [],
): string => wrap('depth@0ms', { e: 'depthUpdate', E: 1, T: 1, s: 'BTCUSDT', U, u, pu, b, a })
const trade = (t: number): string =>
  wrap('trade', { e: 'trade', E: 1, T: 1, s: 'BTCUSDT', t, p: '100.0', q: '1', m: true })
const snapshot = (lastUpdateId: number): string =>
  JSON.stringify({
    ...{ lastUpdateId, E: 1, T: 1 },
    ...{ bids: [['100.0', '1.000']], asks: [['100.1', '2.000']] },
  })

const timed = (lines: readonly string[], suffix = ''): string[] =>
  lines.map((line, i) => `${startUs + i}${suffix} ${line}`)

function importLines(lines: readonly string[], grid?: CaptureGrid): MarketEvent[] {
  const importer = createCaptureImport(grid)
  importer.openFile('capture.gz')
  const splitter = createLineSplitter(importer.line)
  // Odd pieces, so that lines are cut everywhere.
  const bytes = new TextEncoder().encode(lines.join('\n'))
  for (let at = 0; at < bytes.length; at += 37) splitter.chunk(bytes.subarray(at, at + 37))
  splitter.end()
  importer.end()
  return importer.takeEvents()
}

const synced = [
  depth([1, 5, 0]),
  depth([6, 10, 5]),
  snapshot(8),
  trade(1),
  depth([11, 12, 10], [['99.0', '3.000']]),
]

test('diffs older than the snapshot go, the one that bridges it stays, the rest follow', () => {
  const events = importLines(timed(synced))
  expect(events.map(({ kind }) => kind)).toEqual([
    'book-snapshot',
    'book-delta',
    'trade',
    'book-delta',
  ])
  expect(events[1]).toMatchObject({ sequence: 10, receiveTimeUs: startUs + 2 })
  expect(events[3]).toMatchObject({ levels: Int32Array.of(990, 3_000), receiveTimeUs: startUs + 4 })
})

test('nanoseconds are cut to microseconds, and a bare snapshot takes the time of its neighbour', () => {
  const lines = timed(synced, '999')
  const bare = [lines[0], lines[1], synced[2], lines[3], lines[4]] as string[]
  expect(importLines(lines)[3]).toMatchObject({ receiveTimeUs: startUs + 4 })
  expect(importLines(bare)[0]).toMatchObject({ kind: 'book-snapshot', receiveTimeUs: startUs + 1 })
  const first = [snapshot(8), ...timed([depth([6, 10, 5])])]
  expect(importLines(first).map(({ kind }) => kind)).toEqual(['book-snapshot', 'book-delta'])
})

test.each([
  ['a hole', [...synced, depth([20, 21, 15])], 'TAPE_GAP', 'line 6'],
  ['a hole before the snapshot', [depth([1, 5, 0]), depth([8, 9, 7])], 'TAPE_GAP', 'line 2'],
  ['no bridge', [snapshot(8), depth([20, 21, 15])], 'TAPE_GAP', 'line 2'],
  ['an update twice', [...synced, synced[4]], 'TAPE_UNSORTED', 'line 6'],
  ['trades backwards', [...synced, trade(1)], 'TAPE_UNSORTED', 'line 6'],
  ['a crossed book', [...synced, depth([13, 14, 12], [['100.1', '1']])], 'TAPE_CROSSED', 'line 6'],
  ['cut JSON', [...synced, depth([13, 14, 12]).slice(0, -9)], 'TAPE_MALFORMED', 'line 6'],
  ['a broken number', [...synced, depth([13, 14, 12], [['1x', '1']])], 'TAPE_MALFORMED', 'line 6'],
  [
    'an off-grid price',
    [...synced, depth([13, 14, 12], [['1.05', '1']])],
    'PRICE_OFF_GRID',
    'line 6',
  ],
  [
    'another market',
    [...synced, trade(2).replaceAll('btc', 'eth').replaceAll('BTC', 'ETH')],
    'TAPE_MALFORMED',
    'line 6',
  ],
  ['no snapshot', [depth([1, 5, 0])], 'TAPE_MALFORMED', 'no book snapshot'],
  ['nothing', [], 'TAPE_MALFORMED', 'no market event'],
])('%s is refused with file and line', (_, lines, code, place) => {
  expect(() => importLines(timed(lines as string[]))).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(place) }),
  )
  expect(() => importLines(timed(lines as string[]))).toThrow('capture.gz')
})

test.each([
  ['time going backwards', `${startUs - 1} ${trade(2)}`, 'TAPE_UNSORTED'],
  ['a time in another unit', `1680652800 ${trade(2)}`, 'TAPE_MALFORMED'],
  ['a frame without a time', trade(2), 'TAPE_MALFORMED'],
  ['text', 'hello}', 'TAPE_MALFORMED'],
])('%s is refused', (_, line, code) => {
  const lines = [...timed(synced), line]
  expect(() => importLines(lines)).toThrow(expect.objectContaining({ code }))
  expect(() => importLines(lines)).toThrow('capture.gz, line 6')
})

test('other streams of the market and empty lines are passed over', () => {
  const others = [wrap('bookTicker', { e: 'bookTicker', u: 1 }), wrap('kline_1m', { e: 'kline' })]
  const lines = [...timed([...synced, ...others]), '']
  expect(importLines(lines)).toHaveLength(4)
})

test('a market that is not known needs its steps', () => {
  const lines = timed(synced).map((l) => l.replaceAll('btc', 'xyz').replaceAll('BTC', 'XYZ'))
  expect(() => importLines(lines)).toThrow('add --tick and --lot')
  expect(importLines(lines, { tick: '0.1', lot: '0.001' })).toHaveLength(4)
})
