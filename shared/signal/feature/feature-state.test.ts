import { describe, expect, it } from 'vitest'
import { createRandom } from '#shared/kernel/random.ts'
import { type Lots, type Micros, microsPerSecond, type Ticks } from '#shared/kernel/unit.ts'
import type { BookView } from '#shared/market/book-view.ts'
import type { BookDelta, Trade } from '#shared/market/event.ts'
import type { Instrument, Side } from '#shared/market/instrument.ts'
import { createFeatureState, updateFeatures } from './feature-state.ts'

const startUs = 1_700_000_000 * microsPerSecond
const instrument = { id: 0 } as Instrument

function setup() {
  const book = {
    isLive: true as boolean,
    bestBidTicks: 10_000,
    bestAskTicks: 10_001,
    bidLots: 30,
    askLots: 10,
    sequence: 0,
    eventTimeUs: 0 as Micros,
    receiveTimeUs: 0 as Micros,
    lotsAt: (side: 'bid' | 'ask'): number => (side === 'bid' ? book.bidLots : book.askLots),
    forEachLevel: () => {},
  } satisfies BookView & Record<string, unknown>
  const state = createFeatureState(instrument)
  const timed = (nowUs: number) => ({
    eventTimeUs: nowUs as Micros,
    receiveTimeUs: nowUs as Micros,
    instrumentId: 0,
  })
  const delta = (nowUs: number): BookDelta => ({
    kind: 'book-delta',
    ...timed(nowUs),
    levels: new Int32Array(0),
    bidCount: 0,
    askCount: 0,
    sequenceFirst: 0,
    sequence: 0,
    sequencePrevious: 0,
  })
  const trade = (nowUs: number, priceTicks: number, aggressor: Side): Trade => ({
    kind: 'trade',
    ...timed(nowUs),
    tradeId: 0,
    priceTicks: priceTicks as Ticks,
    sizeLots: 1 as Lots,
    aggressor,
  })
  return {
    book,
    state,
    view: state.view,
    atMid(nowUs: number, bidTicks: number) {
      book.bestBidTicks = bidTicks
      book.bestAskTicks = bidTicks + 1
      updateFeatures(state, delta(nowUs), book)
    },
    trade(nowUs: number, priceTicks: number, aggressor: Side) {
      updateFeatures(state, trade(nowUs, priceTicks, aggressor), book)
    },
    timer(nowUs: number) {
      updateFeatures(state, { kind: 'timer', ...timed(nowUs) }, book)
    },
    lose(nowUs: number) {
      book.isLive = false
      updateFeatures(state, { kind: 'book-lost', ...timed(nowUs), reason: 'test' }, book)
      book.isLive = true
    },
  }
}

describe('features', () => {
  it('knows nothing before the first book', () => {
    const { view } = setup()
    expect(Object.values(view).every((value) => value === undefined)).toBe(true)
  })

  it('measures a mid that steps one tick up and down every half second exactly', () => {
    const market = setup()
    for (let step = 0; step <= 60; step++)
      market.atMid(startUs + step * 500_000, 10_000 + (step % 2))
    // A sample at the moment of an event sees the mid before it, so the first of the 60 saw no change.
    expect(market.view.volatilityTicks).toBeCloseTo(Math.sqrt((2 * 59) / 60), 12)
  })

  it('recovers the volatility of a random walk sampled far more often than it is measured', () => {
    const random = createRandom(3)
    const market = setup()
    let price = 100_000
    const perSecond = 12
    for (let step = 1; step <= 6_000; step++) {
      price += perSecond * Math.sqrt(0.1) * random.normal()
      market.atMid(startUs + step * 100_000, Math.floor(price))
    }
    // 1200 samples: a standard error of 2 %.
    expect(Math.abs(market.view.volatilityTicks! / perSecond - 1)).toBeLessThan(0.06)
  })

  it('forgets what is older than its window', () => {
    const market = setup()
    for (let step = 0; step <= 60; step++)
      market.atMid(startUs + step * 500_000, 10_000 + 50 * (step % 2))
    expect(market.view.volatilityTicks).toBeGreaterThan(50)
    for (let second = 31; second <= 700; second++)
      market.atMid(startUs + second * microsPerSecond, 10_000)
    expect(market.view.volatilityTicks).toBe(0)
  })

  it('does not count the jump over a lost book or a long silence', () => {
    const market = setup()
    for (let step = 0; step <= 60; step++) market.atMid(startUs + step * 500_000, 10_000)
    market.lose(startUs + 31 * microsPerSecond)
    expect(market.view.volatilityTicks).toBeUndefined()
    expect(market.view.imbalance).toBeUndefined()
    market.atMid(startUs + 40 * microsPerSecond, 12_000)
    expect(market.view.volatilityTicks).toBe(0)
    market.atMid(startUs + 80 * microsPerSecond, 14_000)
    market.atMid(startUs + 81 * microsPerSecond, 14_000)
    expect(market.view.volatilityTicks).toBe(0)
  })

  it('is warm after 20 seconds of five trades a second', () => {
    const random = createRandom(9)
    const market = setup()
    let trades = 0
    for (let nowUs = startUs; nowUs <= startUs + 20 * microsPerSecond; nowUs += 100_000) {
      market.atMid(nowUs, 10_000 + random.integer(3))
      if (random.uniform() > 0.5) continue
      trades++
      const depth = 1 + Math.floor(random.exponential(0.3))
      if (random.uniform() < 0.5) market.trade(nowUs, market.book.bestBidTicks + depth, 'buy')
      else market.trade(nowUs, market.book.bestAskTicks - depth, 'sell')
    }
    expect(trades).toBeGreaterThan(70)
    expect(market.view.volatilityTicks).toBeGreaterThan(0)
    expect(market.view.intensity!.perSecond).toBeGreaterThan(0)
    expect(market.view.intensity!.perTick).toBeGreaterThan(0)
  })

  it('shows imbalance, weighted mid and the flow of ten seconds', () => {
    const market = setup()
    market.atMid(startUs, 10_000)
    expect(market.view.imbalance).toBe(0.5)
    expect(market.view.weightedMidTicks).toBe(10_000.75)
    market.book.bidLots = 50
    market.atMid(startUs + 100_000, 10_000)
    expect(market.view.orderFlowLots).toBe(20)
    market.timer(startUs + 9 * microsPerSecond)
    expect(market.view.orderFlowLots).toBe(20)
    market.timer(startUs + 11 * microsPerSecond)
    expect(market.view.orderFlowLots).toBe(0)
  })
})
