import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GlftVariant } from './glft-variants.ts'
import { randomTape } from './random-tape.fixture.ts'
import { referenceReplay } from './reference.fixture.ts'
import { createReplay, type ReplayConfig, replayGlft } from './replay.ts'
import { createTapePacker, packTape } from './tape.ts'

const variant: GlftVariant = {
  gammaPerTick: 0.1,
  halfSpreadFactor: 0.3,
  skewFactor: 0.3,
  orderLots: 3,
  inventoryLotsMax: 12,
  gridHalfSpreads: 0,
}
const config: Omit<ReplayConfig, 'variants'> = {
  latency: { entryUs: 30_000, responseUs: 20_000 },
  queue: { kind: 'power-prob', exponent: 3 },
  fees: { makerFeePpm: 200 },
  stepUs: 100_000,
  market: { tickQuote: 0.1, lotBase: 0.001 },
  estimate: { windowSteps: 20, refitSteps: 5, binCount: 50, fitBins: 20 },
}
const run = (seed: number, messages: number, extra: Partial<ReplayConfig> = {}) =>
  replayGlft({
    ...config,
    variants: [variant],
    ...extra,
    tape: packTape(randomTape(seed, messages)),
  })

const anyVariant: fc.Arbitrary<GlftVariant> = fc.record({
  gammaPerTick: fc.double({ min: 0.01, max: 1, noNaN: true }),
  halfSpreadFactor: fc.double({ min: 0, max: 1, noNaN: true }),
  skewFactor: fc.double({ min: 0, max: 2, noNaN: true }),
  orderLots: fc.integer({ min: 1, max: 9 }),
  inventoryLotsMax: fc.integer({ min: 1, max: 40 }),
  gridHalfSpreads: fc.constantFrom(0, 0.5, 1, 10),
})
const anyLatency = fc.record({
  entryUs: fc.constantFrom(0, 3_000, 40_000, 250_000),
  responseUs: fc.constantFrom(0, 2_000, 90_000, 300_000),
})
const anyQueue = fc.constantFrom<ReplayConfig['queue']>(
  { kind: 'risk-averse' },
  { kind: 'power-prob', exponent: 1 },
  { kind: 'power-prob', exponent: 2.5 },
  { kind: 'power-prob', exponent: 3 },
)
const anySeed = fc.integer({ min: 1, max: 1e6 })

describe('one variant', () => {
  test('quotes, fills and books as a plain replay with an event queue', () => {
    let fillCount = 0
    fc.assert(
      fc.property(anySeed, anyVariant, anyLatency, anyQueue, (seed, one, latency, queue) => {
        const events = randomTape(seed, 600)
        const given = { ...config, latency, queue }
        const plain = referenceReplay(events, given, one)
        const tape = packTape(events)
        const fast = replayGlft({ ...given, tape, variants: [one], recordVariant: 0 })
        const [result] = fast.variants
        const { timeUs, side, priceTicks } = fast.recorded!.fills
        const fills = timeUs.map((time, i) => [time, side[i], priceTicks[i]])
        const inOrder = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort()
        expect(inOrder(fills)).toEqual(
          inOrder(plain.fills.map((fill) => [fill.timeUs, fill.side, fill.priceTicks])),
        )
        expect(result!.orders).toBe(plain.orders)
        expect(result!.inventoryLots).toBe(plain.inventoryLots)
        expect(result!.cashTickLots).toBe(plain.cashTickLots)
        const checksum = plain.quotes.reduce(
          (sum, [bid, ask]) => (Math.imul(sum, 31) + Math.imul(bid, 7) + ask) | 0,
          0,
        )
        expect(result!.quotesChecksum).toBe(checksum)
        fillCount += fills.length
      }),
      { numRuns: 40, seed: 1 },
    )
    expect(fillCount).toBeGreaterThan(500)
  })

  test('is the same whether the tape lies in memory or is streamed in blocks of any size', () => {
    const events = randomTape(11, 4_000)
    const whole = replayGlft({ ...config, variants: [variant], tape: packTape(events) })
    for (const blockRows of [50, 333, 2_000]) {
      const replay = createReplay({ ...config, variants: [variant] })
      let blocks = 0
      const packer = createTapePacker({
        blockRows,
        emit: (block) => {
          blocks++
          replay.push(block)
        },
      })
      for (const event of events) packer.push(event)
      packer.end()
      expect(blocks).toBeGreaterThan(1)
      expect(replay.finish()).toEqual(whole)
    }
    expect(whole.variants[0]!.fills).toBeGreaterThan(20)
  })
})

describe('many variants in one pass', () => {
  test('each is to the bit what it is alone', () => {
    fc.assert(
      fc.property(
        anySeed,
        fc.array(anyVariant, { minLength: 2, maxLength: 12 }),
        anyLatency,
        (seed, variants, latency) => {
          const tape = packTape(randomTape(seed, 800))
          const equity = { periodUs: 1_000_000, startQuote: 100 }
          const shared = { ...config, latency, tape, equity }
          const together = replayGlft({ ...shared, variants })
          variants.forEach((one, index) => {
            const alone = replayGlft({ ...shared, variants: [one] })
            expect(together.variants[index]).toEqual(alone.variants[0])
          })
        },
      ),
      { numRuns: 10, seed: 2 },
    )
  })
})

describe('money', () => {
  test('a fee of f costs f × notional, to 1e-9', () => {
    const free = run(3, 5_000, { fees: { makerFeePpm: 0 } }).variants[0]!
    expect(free.fills).toBeGreaterThan(20)
    for (const bps of [-0.5, 0, 2, 5]) {
      const paid = run(3, 5_000, { fees: { makerFeePpm: bps * 100 } }).variants[0]!
      expect(paid.tradedNotionalQuote).toBe(free.tradedNotionalQuote)
      const expected = free.pnlQuote! - (bps / 1e4) * free.tradedNotionalQuote
      expect(Math.abs(paid.pnlQuote! - expected)).toBeLessThan(1e-9)
    }
  })

  test('fills add up to inventory, cash and volume', () => {
    const { variants, recorded, lastHalfTicks } = run(4, 5_000, { recordVariant: 0 })
    const [result] = variants
    const { side, priceTicks, sizeLots } = recorded!.fills
    let [inventory, cash, volume] = [0, 0, 0]
    side.forEach((bought, i) => {
      const signed = bought === 'buy' ? sizeLots[i]! : -sizeLots[i]!
      inventory += signed
      cash -= signed * priceTicks[i]!
      volume += sizeLots[i]!
    })
    expect(side.length).toBe(result!.fills)
    expect(inventory).toBe(result!.inventoryLots)
    expect(cash).toBe(result!.cashTickLots)
    expect(volume * 0.001).toBeCloseTo(result!.volumeBase, 12)
    const gross = (cash + (inventory * lastHalfTicks!) / 2) * 0.1 * 0.001
    expect(result!.pnlQuote).toBeCloseTo(gross - result!.feesQuote, 12)
  })

  test('returns add up to the change of equity', () => {
    const equity = { periodUs: 2_000_000, startQuote: 50 }
    const { variants, sampleTimeUs } = run(5, 5_000, { equity })
    const { returns, equityQuote, maxDrawdownRatio } = variants[0]!
    expect(returns.length).toBe(sampleTimeUs.length - 1)
    expect(sampleTimeUs.every((time, i) => i === 0 || time - sampleTimeUs[i - 1]! === 2_000_000))
    const sum = returns.reduce((total, value) => total + value, 0)
    expect(sum * 50).toBeCloseTo(equityQuote.at(-1)! - equityQuote[0]!, 10)
    expect(maxDrawdownRatio).toBeGreaterThanOrEqual(0)
  })

  test('no variant holds more than its limit and one order', () => {
    const { recorded } = run(6, 8_000, { recordVariant: 0 })
    let inventory = 0
    for (const [i, side] of recorded!.fills.side.entries()) {
      inventory += (side === 'buy' ? 1 : -1) * recorded!.fills.sizeLots[i]!
      expect(Math.abs(inventory)).toBeLessThanOrEqual(12 + 2 * 3)
    }
  })
})

test('nothing is quoted before the window is full', () => {
  const estimate = { ...config.estimate!, windowSteps: 1e6 }
  expect(run(7, 2_000, { estimate }).variants[0]).toMatchObject({
    orders: 0,
    fills: 0,
    pnlQuote: 0,
  })
})

test.each<[string, Partial<ReplayConfig>]>([
  ['give at least one variant', { variants: [] }],
  ['latencies are whole µs', { latency: { entryUs: -1, responseUs: 0 } }],
  ['stepUs is a whole number', { stepUs: 0 }],
  ["the queue's exponent", { queue: { kind: 'power-prob', exponent: 0 } }],
  ['there is no variant 3', { recordVariant: 3 }],
  ['not finite or below 0', { variants: [{ ...variant, skewFactor: Number.NaN }] }],
  ['gammaPerTick must be above 0', { variants: [{ ...variant, gammaPerTick: 0 }] }],
  ['orderLots must be whole', { variants: [{ ...variant, orderLots: 0.5 }] }],
  ['estimate.windowSteps', { estimate: { ...config.estimate!, windowSteps: 1 } }],
])('refuses: %s', (message, extra) => {
  expect(() => run(8, 10, extra)).toThrow(message)
})

test('an empty replay is an error', () => {
  expect(() => createReplay({ ...config, variants: [variant] }).finish()).toThrow('empty')
})
