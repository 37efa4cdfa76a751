import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { baseFromLots, quoteFromTicks } from '#shared/market/instrument.ts'
import { type ReplayConfig, replayGlft } from '#shared/simulation/replay/replay.ts'
import { feedShiftUs, packTape } from '#shared/simulation/replay/tape.ts'
import { createCaptureImport } from '#shared/venue/aster/capture/import.ts'
import { createLineSplitter } from '#shared/venue/aster/capture/lines.ts'

const folder = '../shared/data/orderbook/binance_raw'
const captures = [
  ['usdm_btcusdt_20240718.gz', 'usdm_btcusdt_20240719.gz'],
  ['usdm_ethusdt_20240718.gz', 'usdm_ethusdt_20240719.gz'],
]
const stepUs = 100_000

/** A quote near the touch, so that eight minutes bring enough fills to average. */
function replayCapture(days: readonly string[], queue: ReplayConfig['queue']) {
  const importer = createCaptureImport()
  const splitter = createLineSplitter((bytes, from, to) => importer.line(bytes, from, to))
  for (const day of days) {
    importer.openFile(day)
    splitter.chunk(gunzipSync(readFileSync(`${folder}/${day}`)))
  }
  importer.end()
  const events = importer.takeEvents()
  const instrument = importer.instrument!
  return replayGlft({
    tape: packTape(events, { receiveShiftUs: feedShiftUs(events) }),
    variants: [
      {
        ...{ gammaPerTick: 0.05, halfSpreadFactor: 0.1, skewFactor: 0.1, gridHalfSpreads: 0 },
        ...{ orderLots: 10, inventoryLotsMax: 200 },
      },
    ],
    ...{ latency: { entryUs: 3_000, responseUs: 2_000 }, queue, stepUs },
    fees: { makerFeePpm: 0 },
    market: { tickQuote: quoteFromTicks(instrument, 1), lotBase: baseFromLots(instrument, 1) },
    estimate: { windowSteps: 600, refitSteps: 50, binCount: 500, fitBins: 70 },
    recordVariant: 0,
  })
}

/** Mean move of the mid in our favour from the price of each fill to `seconds` later, in bps. */
function markoutBps(run: ReturnType<typeof replayCapture>, seconds: number): number {
  const { fills, midHalfTicks } = run.recorded!
  const markouts: number[] = []
  fills.timeUs.forEach((timeUs, i) => {
    const step = Math.ceil((timeUs + seconds * 1e6 - run.startUs) / stepUs) - 1
    const later = midHalfTicks[step]
    if (later === undefined) return
    const price = fills.priceTicks[i]!
    markouts.push(((fills.side[i] === 'buy' ? 1 : -1) * (later / 2 - price) * 1e4) / price)
  })
  return markouts.reduce((sum, value) => sum + value, 0) / markouts.length
}

describe.skipIf(!existsSync(folder))('recorded markets, when ../shared/data is there', () => {
  it.each(captures)('maker fills on %s are followed by a move against them', (...days) => {
    const run = replayCapture(days, { kind: 'power-prob', exponent: 3 })
    expect(run.recorded!.fills.timeUs.length).toBeGreaterThan(100)
    expect(markoutBps(run, 5)).toBeLessThan(0)
  })

  it('a queue in which cancels never help fills less', () => {
    const [days] = captures
    const hopeful = replayCapture(days!, { kind: 'power-prob', exponent: 3 })
    const cautious = replayCapture(days!, { kind: 'risk-averse' })
    expect(cautious.variants[0]!.fills).toBeLessThanOrEqual(hopeful.variants[0]!.fills)
  })
})
