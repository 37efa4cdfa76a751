import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareRegions, latencyReportFrom } from './compare.ts'
import { latencyLogLines } from './log.ts'
import { endpointNames, type LatencyReport, measureLatency } from './measure.ts'
import { shareBelow, summariseLatency } from './statistic.ts'
import { comparisonText } from './text.ts'

const oneToHundred = Array.from({ length: 100 }, (_, index) => index + 1)

test('order statistics of 1 to 100, in any order', () => {
  // 0.98 × √100 = 9.8: the 40th and the 61st smallest.
  const golden = { samples: 100, minMs: 1, p50Ms: 50.5, p99Ms: 99, p50LowMs: 40, p50HighMs: 61 }
  expect(summariseLatency(oneToHundred)).toEqual(golden)
  expect(summariseLatency([...oneToHundred].reverse())).toEqual(golden)
})

test('the interval holds the median, and shifting the samples shifts all', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 6 }), (samples) => {
      const { minMs, p50LowMs, p50Ms, p50HighMs, p99Ms } = summariseLatency(samples)
      expect(minMs).toBeLessThanOrEqual(p50LowMs)
      expect(p50LowMs).toBeLessThanOrEqual(p50Ms)
      expect(p50Ms).toBeLessThanOrEqual(p50HighMs)
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms)
      const later = summariseLatency(samples.map((sample) => sample + 7))
      expect([later.minMs, later.p50Ms, later.p99Ms]).toEqual([minMs + 7, p50Ms + 7, p99Ms + 7])
    }),
  )
})

test.each([[[]], [[1, 2, 3, 4, 5]], [[1, 2, 3, 4, 5, Number.NaN]]])(
  'too few samples, or one that is no number, say nothing: %j',
  (samples) => {
    expect(() => summariseLatency(samples)).toThrow(/measure for longer/)
  },
)

test('the share of faster pairs: one for all, half for the same', () => {
  expect(shareBelow([1, 2], [3, 4])).toBe(1)
  expect(shareBelow([1, 2, 3], [1, 2, 3])).toBe(0.5)
})

function reportOf(region: string, shiftMs: number, streamMs = 20): LatencyReport {
  const time = oneToHundred.map((sample) => sample / 100 + shiftMs)
  const stream = oneToHundred.map((sample) => sample / 100 + streamMs)
  const samplesMs = { time, depth: time, 'time-cold': time, stream }
  return {
    version: 1,
    region,
    restUrl: 'https://venue.example',
    streamUrl: 'wss://venue.example',
    symbol: 'BTCUSDT',
    measuredAt: '2026-11-21T06:00:00.000Z',
    clockOffsetMs: 0,
    clockErrorMsMax: 1,
    samplesMs,
    endpoints: Object.fromEntries(
      endpointNames.map((name) => [name, summariseLatency(samplesMs[name])]),
    ) as LatencyReport['endpoints'],
  }
}

test('a region that is plainly nearer is recommended, and that is called clear', () => {
  const comparison = compareRegions([reportOf('far', 60), reportOf('near', 5)])
  expect(comparison).toMatchObject({
    recommended: 'near',
    certainty: 'clear',
    fasterShare: 1,
    streamPrefers: undefined,
  })
  expect(comparison.advantageMs).toBeCloseTo(55)
  expect(comparisonText(comparison)).toMatch(/recommended: near, 55\.00 ms less/)
})

test('regions that cannot be told apart are said to overlap, and a stream that disagrees is named', () => {
  const comparison = compareRegions([reportOf('one', 5.01, 9), reportOf('two', 5, 30)])
  expect(comparison).toMatchObject({ recommended: 'two', certainty: 'overlapping' })
  expect(comparison.streamPrefers).toBe('one')
  expect(comparisonText(comparison)).toMatch(/NOT sure/)
})

test('a comparison of nothing, of one region, or of two venues is refused', () => {
  expect(() => compareRegions([])).toThrow(/there are: none/)
  expect(() => compareRegions([reportOf('one', 1), reportOf('one', 2)])).toThrow(/two or more/)
  expect(() =>
    compareRegions([reportOf('one', 1), { ...reportOf('two', 1), restUrl: 'https://other' }]),
  ).toThrow(/different venues/)
})

test('a file that is no report is refused by its name; figures are computed again', () => {
  expect(() => latencyReportFrom('{', 'a.json')).toThrow(/a\.json is not JSON/)
  expect(() => latencyReportFrom('{"version":2}', 'a.json')).toThrow(/a\.json is no report/)
  const report = reportOf('near', 5)
  const forged = { ...report, endpoints: reportOf('near', 1).endpoints }
  expect(latencyReportFrom(JSON.stringify(forged), 'a.json')).toEqual(report)
})

test('the log gets a line per endpoint, with the median that a metric is made from', () => {
  const lines = latencyLogLines(reportOf('near', 5)).map((line) => JSON.parse(line))
  expect(lines.map(({ probe }) => probe.endpoint)).toEqual(endpointNames)
  for (const { severity, probe } of lines)
    expect([severity, probe.region, Number.isFinite(probe.p50_ms)]).toEqual(['INFO', 'near', true])
})

let server: Server
let url = ''
beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(418).end('no venue'))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

test('a host that is no venue gives no figures', async () => {
  const options = {
    restUrl: url,
    streamUrl: url.replace('http', 'ws'),
    symbol: 'BTCUSDT',
    region: 'here',
    seconds: 1,
    report: () => {},
  }
  await expect(measureLatency(options)).rejects.toMatchObject({
    code: 'VENUE_REFUSED',
    message: expect.stringContaining('418'),
  })
})
