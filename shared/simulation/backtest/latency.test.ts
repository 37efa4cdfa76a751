import { expect, test } from 'vitest'
import {
  amplifiedLatency,
  constantLatency,
  interpolatedLatency,
  recordedLatency,
} from './latency.ts'

const base = constantLatency({ feedUs: 1_000, entryUs: 2_000, responseUs: 3_000 })

test('recorded latency takes the clock offset out: only what exceeds the fastest message is delay', () => {
  // The local clock is 1.5 s behind, the fastest message shows −1,500,000 µs.
  const model = recordedLatency(base, { smallestUs: -1_500_000, floorUs: 4_000 })
  expect(model.feedUs(10_000_000, 8_500_000)).toBe(4_000)
  expect(model.feedUs(10_000_000, 8_507_000)).toBe(11_000)
  // A snapshot may be stamped otherwise: never before it happened.
  expect(model.feedUs(10_000_000, 8_000_000)).toBe(0)
  expect([model.entryUs(0), model.responseUs(0)]).toEqual([2_000, 3_000])
})

test('between samples latency runs along a straight line, beyond them it stays', () => {
  const model = interpolatedLatency([
    { timeUs: 100, feedUs: 10, entryUs: 20, responseUs: 30 },
    { timeUs: 200, feedUs: 20, entryUs: 60, responseUs: 30 },
    { timeUs: 400, feedUs: 20, entryUs: 0, responseUs: 90 },
  ])
  expect([0, 100, 150, 200, 300, 400, 999].map((us) => model.entryUs(us))).toEqual([
    20, 20, 40, 60, 30, 0, 0,
  ])
  expect(model.feedUs(150, 0)).toBe(15)
  expect(model.responseUs(300)).toBe(60)
})

test('a factor multiplies everything', () => {
  const model = amplifiedLatency(base, 2.5)
  expect([model.feedUs(0, 0), model.entryUs(0), model.responseUs(0)]).toEqual([2_500, 5_000, 7_500])
})

test('latencies that cannot be are refused', () => {
  expect(() => constantLatency({ feedUs: -1, entryUs: 0, responseUs: 0 })).toThrow('not between')
  expect(() => interpolatedLatency([])).toThrow('no latency sample')
  const sample = { timeUs: 5, feedUs: 1, entryUs: 1, responseUs: 1 }
  expect(() => interpolatedLatency([sample, sample])).toThrow('sample 2 is not later')
  expect(() => amplifiedLatency(base, 0)).toThrow('factor')
})
