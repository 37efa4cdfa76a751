import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { microsPerSecond } from '#shared/kernel/unit.ts'
import { sizeLotsMinAt } from '#shared/market/instrument.ts'
import { glftCoefficients } from '../quoting/glft.ts'
import { testInstrument } from '../testing/fixtures.ts'
import { createStage, type Stage } from '../testing/stage.ts'
import { glftMinimumCapitalE8, readGlftConfig } from './config.ts'
import { createGlft, glftPause } from './glft.ts'

const instrument = testInstrument({ makerFeePpm: 0 })
const market = { volatilityTicks: 10, intensity: { perSecond: 3, perTick: 0.05 }, imbalance: 0 }
const capitalE8 = 10_000n * 100_000_000n

function stageOf(
  options: { instrument?: typeof instrument; config?: object; capital?: bigint } = {},
) {
  const traded = options.instrument ?? instrument
  const strategy = createGlft('glft', traded, readGlftConfig({ ...options.config }))
  const stage = createStage(strategy, [traded], {
    capitalE8: options.capital ?? capitalE8,
    bidTicks: 20_000,
    askTicks: 20_001,
  })
  stage.features[0] = market
  return { stage, strategy }
}

const priceOf = (stage: Stage, slot: number) => stage.resting.get(slot)?.want.priceTicks

describe('glft', () => {
  it('quotes the model half-spread around the mid, rounded away from it', () => {
    const { stage } = stageOf()
    stage.tick(0, 20_000, 20_001)
    const { halfSpreadTicks } = glftCoefficients({
      volatilityTicks: 10,
      intensityPerSecond: 3,
      decayPerTick: 0.05,
      gammaPerTick: 0.1 * 0.05,
    })
    expect(priceOf(stage, 0)).toBe(Math.floor(20_000.5 - halfSpreadTicks))
    expect(priceOf(stage, 1)).toBe(Math.ceil(20_000.5 + halfSpreadTicks))
  })

  it('leans both quotes down after a buy, by the skew of one order', () => {
    const { stage, strategy } = stageOf({ config: { requoteRatio: 0 } })
    stage.tick(0, 20_000, 20_001)
    const askBefore = priceOf(stage, 1)!
    stage.fill(0)
    const skewTicks = strategy.inputs.skewTicks!
    expect(skewTicks).toBeGreaterThan(1)
    expect(Math.abs(askBefore - priceOf(stage, 1)! - skewTicks)).toBeLessThan(1)
  })

  it('keeps a half-spread that covers the maker fee', () => {
    const costly = testInstrument({ makerFeePpm: 5_000 })
    const { stage } = stageOf({ instrument: costly })
    stage.tick(0, 20_000, 20_001)
    const roundTripTicks = priceOf(stage, 1)! - priceOf(stage, 0)!
    expect(roundTripTicks).toBeGreaterThanOrEqual((2 * 5_000 * 20_000) / 1e6)
  })

  it('stands aside while features are undefined, and pulls its quotes when they become so', () => {
    const { stage, strategy } = stageOf()
    stage.features[0] = { ...market, intensity: undefined }
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.size).toBe(0)
    expect(strategy.inputs.pause).toBe(glftPause.featuresUndefined)
    stage.features[0] = market
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.size).toBe(2)
    stage.features[0] = { ...market, volatilityTicks: undefined }
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.size).toBe(0)
  })

  it('pulls both quotes when the book is lost or grows old', () => {
    const { stage, strategy } = stageOf()
    stage.tick(0, 20_000, 20_001)
    stage.loseBook(0)
    expect(stage.resting.size).toBe(0)
    expect(strategy.inputs.pause).toBe(glftPause.bookNotLive)
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.size).toBe(2)
    stage.timer(6 * microsPerSecond)
    expect(stage.resting.size).toBe(0)
    expect(strategy.inputs.pause).toBe(glftPause.bookStale)
  })

  it('keeps its queue place while the model price moves less than the threshold', () => {
    const { stage, strategy } = stageOf({ config: { requoteRatio: 0.2 } })
    stage.tick(0, 20_000, 20_001)
    const threshold = 0.2 * strategy.inputs.halfSpreadTicks!
    const { changes } = stage
    for (let move = 1; move < threshold; move++) stage.tick(0, 20_000 + move, 20_001 + move)
    expect(stage.changes).toBe(changes)
    const far = Math.ceil(threshold) + 1
    stage.tick(0, 20_000 + far, 20_001 + far)
    expect(stage.changes).toBe(changes + 2)
  })

  it('never holds more than its inventory limit when only bids fill', () => {
    const { stage } = stageOf({ config: { inventoryOrdersMax: 4 } })
    stage.tick(0, 20_000, 20_001)
    for (let step = 0; step < 20 && stage.resting.has(0); step++) stage.fill(0)
    expect(stage.resting.has(0)).toBe(false)
    expect(stage.resting.has(1)).toBe(true)
    const notional = stage.inventoryLots(0) * 20_000 * 1e-4
    expect(notional).toBeLessThanOrEqual(10_000 * 0.15)
    expect(notional).toBeGreaterThan(10_000 * 0.15 * 0.7)
  })

  it('re-asks a full fill and leaves a partial one alone', () => {
    const { stage } = stageOf({ config: { requoteRatio: 1 } })
    stage.tick(0, 20_000, 20_001)
    const { changes } = stage
    stage.fill(0, 1)
    expect(stage.changes).toBe(changes)
    stage.fill(0)
    expect(stage.resting.get(0)!.remainingLots).toBe(stage.resting.get(0)!.want.sizeLots)
  })

  it('can trade with the capital that it names as its minimum, and not with 10 % less', () => {
    const config = readGlftConfig()
    const minimumE8 = glftMinimumCapitalE8(instrument, 20_001, config)
    const { stage } = stageOf({ capital: minimumE8 })
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.size).toBe(2)
    for (const { want } of stage.resting.values())
      expect(want.sizeLots).toBeGreaterThanOrEqual(sizeLotsMinAt(instrument, want.priceTicks))

    const { stage: poor, strategy } = stageOf({ capital: (minimumE8 * 9n) / 10n })
    poor.tick(0, 20_000, 20_001)
    expect(poor.resting.size).toBe(0)
    expect(strategy.inputs.pause).toBe(glftPause.capitalTooSmall)
  })

  it('stays post-only and bid below ask for any market, inventory and spread', () => {
    fc.assert(
      fc.property(
        fc.record({
          volatilityTicks: fc.double({ min: 0, max: 500, noNaN: true }),
          perSecond: fc.double({ min: 0.001, max: 200, noNaN: true }),
          perTick: fc.double({ min: 0.0005, max: 5, noNaN: true }),
          riskAversion: fc.double({ min: 0.001, max: 10, noNaN: true }),
          steps: fc.array(
            fc.record({
              bid: fc.integer({ min: 15_000, max: 25_000 }),
              width: fc.integer({ min: 1, max: 300 }),
              fill: fc.constantFrom(0, 1, undefined),
            }),
            { maxLength: 12 },
          ),
        }),
        ({ volatilityTicks, perSecond, perTick, riskAversion, steps }) => {
          const { stage } = stageOf({ config: { riskAversion } })
          stage.features[0] = { volatilityTicks, intensity: { perSecond, perTick }, imbalance: 0 }
          for (const { bid, width, fill } of steps) {
            // The stage throws when a quote would take; what the move has run over is filled by the venue.
            for (const [slot, { want }] of [...stage.resting])
              if (want.side === 'buy' ? want.priceTicks >= bid : want.priceTicks <= bid + width)
                stage.resting.delete(slot)
            stage.tick(0, bid, bid + width)
            const bidPrice = priceOf(stage, 0)
            const askPrice = priceOf(stage, 1)
            if (bidPrice !== undefined && askPrice !== undefined)
              expect(bidPrice).toBeLessThan(askPrice)
            if (fill !== undefined && stage.resting.has(fill)) stage.fill(fill)
          }
        },
      ),
      { numRuns: 200, seed: 7 },
    )
  })

  it('refuses settings that make no sense, in one line', () => {
    expect(() => readGlftConfig({ riskAversion: -1 })).toThrow(/riskAversion is -1, must be/)
    expect(() => readGlftConfig({ gamma: 1 })).toThrow(/unknown setting 'gamma'/)
    expect(() => readGlftConfig({ inventoryOrdersMax: 2.5 })).toThrow(/whole number/)
    expect(() => readGlftConfig({ riskAversion: 'high' })).toThrow(/must be a number/)
  })
})
