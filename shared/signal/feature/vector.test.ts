import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import { bookAt, createVectorStage, lostAt, randomMarket, startUs } from './vector.fixture.ts'
import { featureFingerprint, vectorFeatures } from './vector-list.ts'

const second = microsPerSecond
const market = randomMarket(5, 100)
const until = (events: readonly MarketEvent[], atUs: number) =>
  events.filter(({ receiveTimeUs }) => receiveTimeUs <= atUs)

function vectorAt(events: readonly MarketEvent[], atUs: number) {
  const stage = createVectorStage()
  stage.feed(until(events, atUs))
  return stage.ask(atUs)
}

/** The same market with another tick or lot. */
const scaled = (events: readonly MarketEvent[], ticksBy: number, lotsBy: number): MarketEvent[] =>
  events.map((event) => {
    if (event.kind === 'book-snapshot')
      return {
        ...event,
        levels: event.levels.map((value, index) => value * (index % 2 === 0 ? ticksBy : lotsBy)),
      }
    if (event.kind === 'trade')
      return {
        ...event,
        priceTicks: (event.priceTicks * ticksBy) as typeof event.priceTicks,
        sizeLots: (event.sizeLots * lotsBy) as typeof event.sizeLots,
      }
    return event
  })

describe('the list', () => {
  it('has the fingerprint that models were trained on', () => {
    expect(featureFingerprint).toBe(
      'ee324f44577604045d0f1f6d3df296768912d21016b9bfd72a9cc1337539a3bf',
    )
  })

  it('names every feature once', () => {
    expect(new Set(vectorFeatures.map(({ name }) => name)).size).toBe(vectorFeatures.length)
  })

  it('still means the same: other numbers need another definition version', () => {
    const vector = vectorAt(market, startUs + 90 * second)!
    expect(
      Object.fromEntries(Object.entries(vector).map(([k, v]) => [k, v.toPrecision(10)])),
    ).toMatchInlineSnapshot(`
      {
        "best_depth_share": "0.2848112696",
        "depth_imbalance_5": "0.03521762687",
        "fill_decay_per_bps": "3.844030722",
        "fill_intensity": "1.214005315",
        "mid_deviation_60s_bps": "0.3674737430",
        "order_flow_1s": "-0.008486799883",
        "order_flow_30s": "-0.004174870283",
        "order_flow_5s": "0.01028162426",
        "queue_imbalance": "-0.02092580850",
        "return_1s_bps": "-1.249188028",
        "return_30s_bps": "-0.09994652861",
        "return_5s_bps": "0.9995751805",
        "spread_bps": "0.2998425826",
        "spread_ratio_60s": "1.490066225",
        "trade_flow_1s": "0.004652785856",
        "trade_flow_30s": "0.004652785856",
        "trade_flow_5s": "-0.03291845993",
        "trade_rate_ratio_5s": "1.078260870",
        "volatility_10s": "0.6573022382",
        "volatility_600s": "0.7179000600",
        "volatility_60s": "0.7265413036",
        "weighted_mid_offset_bps": "-0.003137224231",
      }
    `)
  })
})

describe('values', () => {
  it('count what was bought and sold, moved and offered', () => {
    const stage = createVectorStage()
    const quiet = until(market, startUs + 61 * second)
    stage.feed(quiet)
    const atUs = startUs + 73 * second
    const before = [
      [
        [100_000, 30],
        [99_999, 70],
      ],
      [
        [100_002, 10],
        [100_003, 90],
      ],
    ] as const
    stage.feed([
      bookAt(startUs + 61.5 * second, ...before),
      bookAt(startUs + 66 * second, ...before),
      bookAt(
        atUs - 200_000,
        [
          [100_010, 30],
          [100_009, 70],
        ],
        [
          [100_012, 10],
          [100_013, 90],
        ],
      ),
    ])
    const vector = stage.ask(atUs)!
    const bps = 10_000 / 100_011
    expect(vector.spread_bps).toBeCloseTo(2 * bps, 10)
    expect(vector.queue_imbalance).toBe(0.5)
    expect(vector.depth_imbalance_5).toBe(0)
    expect(vector.best_depth_share).toBeCloseTo(40 / 200, 12)
    expect(vector.weighted_mid_offset_bps).toBeCloseTo(0.5 * bps, 8)
    expect(vector.return_1s_bps).toBeCloseTo((10 / 100_001) * 10_000, 10)
    expect(vector.return_5s_bps).toBe(vector.return_1s_bps)
    // One step of ten ticks in ten seconds.
    expect(vector.volatility_10s).toBeCloseTo(Math.sqrt(100 / 10) * bps, 10)
    expect(vector.trade_flow_1s).toBe(0)
    expect(vector.trade_rate_ratio_5s).toBe(0)
    const sizes = (events: readonly MarketEvent[]) =>
      events.reduce((sum, event) => sum + (event.kind === 'trade' ? event.sizeLots : 0), 0)
    const minute = until(market, startUs + 61 * second).filter(
      ({ receiveTimeUs }) => receiveTimeUs >= atUs - 60 * second + 100_000,
    )
    const signed = minute
      .filter(({ receiveTimeUs }) => receiveTimeUs >= atUs - 30 * second + 100_000)
      .reduce(
        (sum, event) =>
          sum +
          (event.kind === 'trade' ? event.sizeLots * (event.aggressor === 'buy' ? 1 : -1) : 0),
        0,
      )
    expect(vector.trade_flow_30s).toBeCloseTo(signed / sizes(minute), 12)
  })

  it('do not depend on the lot or on the tick', () => {
    const atUs = startUs + 80 * second
    const plain = vectorAt(market, atUs)!
    const otherLots = vectorAt(scaled(market, 1, 7), atUs)!
    const otherTicks = vectorAt(scaled(market, 2, 1), atUs)!
    for (const { name } of vectorFeatures) {
      expect(otherLots[name]).toBeCloseTo(plain[name]!, 9)
      // The fit of the fill intensity counts whole ticks.
      if (!name.startsWith('fill_')) expect(otherTicks[name]).toBeCloseTo(plain[name]!, 9)
    }
  })
})

describe('knowing nothing', () => {
  it('lasts for the first minute, and is never filled with zeros', () => {
    const stage = createVectorStage()
    stage.feed(until(market, startUs + 59 * second))
    expect(stage.ask(startUs + 59 * second)).toBeUndefined()
    expect(stage.unknown(startUs + 59 * second)).toHaveLength(vectorFeatures.length)
    expect(vectorAt(market, startUs + 61 * second)).toBeDefined()
  })

  it('returns for a minute when the book is lost', () => {
    const stage = createVectorStage()
    const events = randomMarket(8, 200)
    stage.feed(until(events, startUs + 100 * second))
    expect(stage.ask(startUs + 100 * second)).toBeDefined()
    stage.feed([lostAt(startUs + 100 * second)])
    expect(stage.ask(startUs + 100 * second)).toBeUndefined()
    const rest = events.filter(({ receiveTimeUs }) => receiveTimeUs > startUs + 100 * second)
    stage.feed(until(rest, startUs + 150 * second))
    expect(stage.ask(startUs + 150 * second)).toBeUndefined()
    stage.feed(
      until(rest, startUs + 162 * second).filter(
        (event) => event.receiveTimeUs > startUs + 150 * second,
      ),
    )
    expect(stage.ask(startUs + 162 * second)).toBeDefined()
  })

  it('returns when the market is silent for more than ten seconds', () => {
    const stage = createVectorStage()
    stage.feed(market)
    const lastUs = market.at(-1)!.receiveTimeUs
    expect(stage.ask(lastUs + 10 * second)).toBeDefined()
    expect(stage.ask(lastUs + 10 * second + 1)).toBeUndefined()
    stage.feed([bookAt(lastUs + 30 * second, [[100_000, 1]], [[100_001, 1]])])
    expect(stage.ask(lastUs + 30 * second)).toBeUndefined()
  })

  it('covers shares of nothing: a minute without a trade has no trade flow', () => {
    const stage = createVectorStage()
    stage.feed(market.filter(({ kind }) => kind !== 'trade'))
    expect(stage.unknown(startUs + 99 * second)).toEqual([
      'trade_flow_1s',
      'trade_flow_5s',
      'trade_flow_30s',
      'trade_rate_ratio_5s',
      'fill_intensity',
      'fill_decay_per_bps',
    ])
  })
})

describe('laws', () => {
  it('what comes later never changes what was said', () => {
    const atUs = startUs + 75 * second
    const known = vectorAt(market, atUs)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (seed) => {
        const future = randomMarket(seed, 100).filter(({ receiveTimeUs }) => receiveTimeUs > atUs)
        expect(vectorAt([...until(market, atUs), ...future], atUs)).toEqual(known)
      }),
      { numRuns: 10 },
    )
  })

  it('asking in between changes no later answer', () => {
    const atUs = startUs + 95 * second
    const unasked = vectorAt(market, atUs)
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 95 * second }), { maxLength: 40 }),
        (offsetsUs) => {
          const stage = createVectorStage()
          let fedUs = 0
          for (const offsetUs of offsetsUs.toSorted((a, b) => a - b)) {
            const askUs = startUs + offsetUs
            stage.feed(until(market, askUs).filter((event) => event.receiveTimeUs > fedUs))
            stage.ask(askUs)
            fedUs = askUs
          }
          stage.feed(until(market, atUs).filter((event) => event.receiveTimeUs > fedUs))
          expect(stage.ask(atUs)).toEqual(unasked)
        },
      ),
      { numRuns: 15 },
    )
  })
})
