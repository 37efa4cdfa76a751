import { expect, test } from 'vitest'
import { measureLatency } from '#services/latency-probe/measure.ts'
import { demoOptions } from '#services/twin/demo.ts'
import { startTwinServer } from '#services/twin/server.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'

test('the probe measures all ways to a venue; on one machine its clock offset is about nothing', async () => {
  const options = demoOptions({ seed: 7, clock: createWallClock(), symbols: ['BTCUSDT'] })
  const twin = await startTwinServer({ ...options, historyDays: 0, port: 0 })
  try {
    const report = await measureLatency({
      restUrl: twin.url,
      streamUrl: twin.wsUrl,
      symbol: 'BTCUSDT',
      region: 'here',
      seconds: 2,
      report: () => {},
    })
    expect(report).toMatchObject({ version: 1, region: 'here', symbol: 'BTCUSDT' })
    for (const { samples, minMs, p50Ms, p99Ms } of Object.values(report.endpoints)) {
      expect(samples).toBeGreaterThanOrEqual(6)
      expect(minMs).toBeLessThanOrEqual(p50Ms)
      expect(p50Ms).toBeLessThanOrEqual(p99Ms)
    }
    expect(report.endpoints.time.minMs).toBeGreaterThan(0)
    expect(Math.abs(report.clockOffsetMs)).toBeLessThanOrEqual(report.clockErrorMsMax + 5)
  } finally {
    await twin.close()
  }
})
