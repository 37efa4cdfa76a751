import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  type Lots,
  type Micros,
  microsPerDay,
  microsPerSecond,
  type Ticks,
} from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import { createFeatureState, updateFeatures } from '#shared/signal/feature/feature-state.ts'
import { glftCoefficients } from '#shared/strategy/quoting/glft.ts'
import { createTestBook, testInstrument } from '#shared/strategy/testing/fixtures.ts'

const folder = '../shared/data/orderbook/binance_raw'
const captures = [
  { file: 'usdm_ethusdt_20240719.gz', tickQuote: 0.01 },
  { file: 'usdm_btcusdt_20240719.gz', tickQuote: 0.1 },
]

/** Plays the best prices and trades of a capture; returns the seconds until all features were there. */
function play(file: string, tickQuote: number) {
  const state = createFeatureState(testInstrument())
  const book = createTestBook(0, 0)
  book.isLive = false
  let [startUs, warmUs] = [0, Number.POSITIVE_INFINITY]
  for (const line of gunzipSync(readFileSync(`${folder}/${file}`))
    .toString()
    .split('\n')) {
    if (!line.includes('"e":"bookTicker"') && !line.includes('"e":"trade"')) continue
    const nowUs = Number(line.slice(0, 16)) as Micros
    const { data: message } = JSON.parse(line.slice(line.indexOf(' ') + 1))
    const timed = { eventTimeUs: nowUs, receiveTimeUs: nowUs, instrumentId: 0 }
    let event: MarketEvent
    if (message.e === 'trade') {
      // Fills of the insurance fund are not market orders.
      if (message.X !== 'MARKET') continue
      event = {
        kind: 'trade',
        ...timed,
        tradeId: message.t,
        priceTicks: Math.round(message.p / tickQuote) as Ticks,
        sizeLots: 1 as Lots,
        aggressor: message.m ? 'sell' : 'buy',
      }
    } else {
      book.isLive = true
      book.bestBidTicks = Math.round(message.b / tickQuote)
      book.bestAskTicks = Math.round(message.a / tickQuote)
      book.bidLots = Number(message.B)
      book.askLots = Number(message.A)
      event = {
        kind: 'book-delta',
        ...timed,
        levels: new Int32Array(0),
        bidCount: 0,
        askCount: 0,
        sequenceFirst: 0,
        sequence: 0,
        sequencePrevious: 0,
      }
    }
    updateFeatures(state, event, book)
    startUs ||= nowUs
    if (state.view.intensity && state.view.volatilityTicks !== undefined)
      warmUs = Math.min(warmUs, nowUs)
  }
  return {
    view: state.view,
    mid: book.bestBidTicks,
    warmSeconds: (warmUs - startUs) / microsPerSecond,
  }
}

if (!existsSync(folder)) console.log(`${folder} is not here: its captures are not played`)

describe('features of five recorded minutes of Binance', () => {
  it.skipIf(!existsSync(folder)).each(captures)(
    '$file gives believable numbers soon',
    ({ file, tickQuote }) => {
      const { view, mid, warmSeconds } = play(file, tickQuote)
      expect(warmSeconds).toBeLessThan(20)
      const dailyRatio = (view.volatilityTicks! * Math.sqrt(microsPerDay / microsPerSecond)) / mid
      expect(dailyRatio).toBeGreaterThan(0.005)
      expect(dailyRatio).toBeLessThan(0.1)
      const { perSecond, perTick } = view.intensity!
      const { halfSpreadTicks } = glftCoefficients({
        volatilityTicks: view.volatilityTicks!,
        intensityPerSecond: perSecond,
        decayPerTick: perTick,
        gammaPerTick: 0.1 * perTick,
      })
      const halfSpreadBps = (halfSpreadTicks / mid) * 1e4
      expect(halfSpreadBps).toBeGreaterThan(0.05)
      expect(halfSpreadBps).toBeLessThan(5)
    },
  )
})
