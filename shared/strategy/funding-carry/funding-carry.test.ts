import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Micros, microsPerHour, microsPerSecond } from '#shared/kernel/unit.ts'
import { baseFromLots } from '#shared/market/instrument.ts'
import { testInstrument } from '../testing/fixtures.ts'
import { createStage, type Stage } from '../testing/stage.ts'
import { fundingCarryMinimumCapitalE8, readFundingCarryConfig } from './config.ts'
import { carryPhase, createFundingCarry } from './funding-carry.ts'

const perp = testInstrument({ id: 0, takerFeePpm: 400 })
const hedge = testInstrument({
  id: 1,
  accountId: 1,
  kind: 'spot',
  fundingIntervalHours: undefined,
  sizeGrid: { decimals: 2, step: 1 },
  tickLotE8: 100_000n,
  takerFeePpm: 600,
})
const capitalE8 = 10_000n * 100_000_000n

type Given = Readonly<Record<string, unknown>>

function stageOf(given: Given = {}, capital = capitalE8, traded = perp) {
  const config = readFundingCarryConfig({ cooldownSeconds: 0, ...given })
  const strategy = createFundingCarry('funding-carry', traded, hedge, config)
  const stage = createStage(strategy, [traded, hedge], {
    capitalE8: capital,
    bidTicks: 20_000,
    askTicks: 20_001,
  })
  return { stage, strategy }
}

function setRate(stage: Stage, fundingRate: number, nextFundingHours = 8): void {
  stage.marks[0] = {
    markPriceE8: 200_005_000_000,
    indexPriceE8: 200_005_000_000,
    fundingRate,
    nextFundingTimeUs: (1_700_000_000 * microsPerSecond +
      nextFundingHours * microsPerHour) as Micros,
    receiveTimeUs: stage.nowUs as Micros,
  }
}

/** Lets one leg reach its target at the touch. */
function meet(stage: Stage, id: number, share = 1): void {
  const { targetLots } = stage.targets.get(id)!
  const missing = Math.trunc((targetLots - stage.inventoryLots(id)) * share)
  if (missing === 0) return
  const side = missing > 0 ? 'buy' : 'sell'
  stage.fillOutside(id, side, missing > 0 ? 20_001 : 20_000, Math.abs(missing))
}

function enter(stage: Stage, rate = 0.001): void {
  setRate(stage, rate)
  stage.timer()
  meet(stage, 0)
  meet(stage, 1)
  stage.timer()
}

/** A minute later with a fresh mark. */
function later(stage: Stage, rate: number, nextFundingHours = 8): void {
  stage.nowUs += 61 * microsPerSecond
  setRate(stage, rate, nextFundingHours)
  stage.timer(0)
}

describe('funding carry, entry', () => {
  it('shorts the perpetual and buys as much of the coin when the planned funding beats all costs', () => {
    const { stage, strategy } = stageOf()
    setRate(stage, 0.001)
    stage.timer()
    const perpLots = stage.targets.get(0)!.targetLots
    const hedgeLots = stage.targets.get(1)!.targetLots
    expect(perpLots).toBeLessThan(0)
    expect(baseFromLots(perp, -perpLots)).toBeCloseTo(baseFromLots(hedge, hedgeLots), 12)
    expect(baseFromLots(hedge, hedgeLots) * 2_000).toBeGreaterThan(1_400)
    expect(baseFromLots(hedge, hedgeLots) * 2_000).toBeLessThanOrEqual(1_500)
    expect(stage.targets.get(0)!.limitTicks).toBe(Math.ceil(20_000 * 0.999))
    expect(stage.targets.get(1)!.limitTicks).toBe(Math.floor(20_001 * 1.001))
    expect(strategy.inputs.phase).toBe(carryPhase.entering)
  })

  it('enters just above its costs and not just below', () => {
    // 2 × (4 + 6 bps fees + 2 half-spreads of 0.25 bps) + 2 bps of buffer, over 9 settlements.
    const halfSpreadBps = (1 / 40_001) * 1e4
    const costBps = 2 * (4 + 6 + 2 * halfSpreadBps) + 2
    for (const [factor, count] of [
      [0.999, 0],
      [1.001, 2],
    ] as const) {
      const { stage } = stageOf()
      setRate(stage, (factor * costBps) / 1e4 / 9)
      stage.timer()
      expect(stage.targets.size).toBe(count)
    }
  })

  it('takes a negative rate only where the hedge may be shorted', () => {
    const { stage: longOnly } = stageOf()
    setRate(longOnly, -0.001)
    longOnly.timer()
    expect(longOnly.targets.size).toBe(0)

    const { stage: both } = stageOf({ hedgeMayBeShorted: true })
    setRate(both, -0.001)
    both.timer()
    expect(both.targets.get(0)!.targetLots).toBeGreaterThan(0)
    expect(both.targets.get(1)!.targetLots).toBeLessThan(0)
  })

  it('decides nothing without a mark, with an old one, or with a book that is not live', () => {
    const { stage } = stageOf()
    stage.timer()
    setRate(stage, 0.001)
    stage.timer(31 * microsPerSecond)
    expect(stage.targets.size).toBe(0)
    stage.books[1]!.isLive = false
    later(stage, 0.001)
    expect(stage.targets.size).toBe(0)
    stage.books[1]!.isLive = true
    later(stage, 0.001)
    expect(stage.targets.size).toBe(2)
  })

  it('decides at most once in its interval, and never on ticks', () => {
    const { stage } = stageOf({ decideEverySeconds: 60 })
    setRate(stage, 0)
    stage.timer()
    setRate(stage, 0.001)
    stage.tick(0, 20_000, 20_001)
    stage.timer(10 * microsPerSecond)
    expect(stage.targets.size).toBe(0)
    stage.timer(10 * microsPerSecond)
    expect(stage.targets.size).toBe(0)
    later(stage, 0.001)
    expect(stage.targets.size).toBe(2)
  })

  it('can trade with the capital that it names as its minimum, and not with 15 % less', () => {
    const config = readFundingCarryConfig()
    const minimumE8 = fundingCarryMinimumCapitalE8(perp, 20_001, hedge, 20_001, config)
    const { stage } = stageOf({}, minimumE8)
    setRate(stage, 0.001)
    stage.timer()
    expect(stage.targets.size).toBe(2)
    const { stage: poor } = stageOf({}, (minimumE8 * 85n) / 100n)
    setRate(poor, 0.001)
    poor.timer()
    expect(poor.targets.size).toBe(0)
  })
})

describe('funding carry, exit', () => {
  it.each([
    ['the rate is below half of the entry rate', 0.0004, true],
    ['the rate changes sign', -0.0001, true],
    ['the rate holds', 0.0006, false],
  ])('when %s', (_name, rate, leaves) => {
    const { stage, strategy } = stageOf()
    enter(stage)
    expect(strategy.inputs.phase).toBe(carryPhase.holding)
    later(stage, rate)
    expect(stage.targets.get(0)!.targetLots === 0).toBe(leaves)
    expect(stage.targets.get(1)!.targetLots === 0).toBe(leaves)
    if (!leaves) return
    meet(stage, 0)
    meet(stage, 1)
    stage.timer()
    expect(strategy.inputs.phase).toBe(carryPhase.idle)
  })

  it('counts settlements by the funding interval, also a fractional one, and leaves after the most', () => {
    const quick = testInstrument({ id: 0, fundingIntervalHours: 0.25 })
    const { stage, strategy } = stageOf({ periodsPlanned: 4, periodsMax: 4 }, capitalE8, quick)
    setRate(stage, 0.001, 0.25)
    stage.timer()
    meet(stage, 0)
    meet(stage, 1)
    stage.timer()
    later(stage, 0.001, 0.5)
    expect(strategy.inputs.periodsHeld).toBe(1)
    later(stage, 0.001, 1)
    expect(strategy.inputs.periodsHeld).toBe(3)
    expect(strategy.inputs.phase).toBe(carryPhase.holding)
    later(stage, 0.001, 1.25)
    expect(strategy.inputs.phase).toBe(carryPhase.exiting)
  })

  it('holds on while marks are missing', () => {
    const { stage, strategy } = stageOf()
    enter(stage)
    stage.marks[0] = undefined
    stage.timer(300 * microsPerSecond)
    expect(strategy.inputs.phase).toBe(carryPhase.holding)
  })

  it('holds a hedged position of an earlier life and closes a lopsided one', () => {
    const { stage: hedged, strategy: first } = stageOf()
    hedged.position(0).lots = -100
    hedged.position(1).lots = 10
    later(hedged, 0.001)
    expect(first.inputs.phase).toBe(carryPhase.holding)

    const { stage: lopsided, strategy: second } = stageOf()
    lopsided.position(0).lots = -100
    later(lopsided, 0.001)
    expect(second.inputs.phase).toBe(carryPhase.unwinding)
    expect(lopsided.targets.get(0)!.targetLots).toBe(0)
  })
})

describe('funding carry, leg risk', () => {
  it('declares its budget', () => {
    const { strategy } = stageOf({ unhedgedQuoteSecondsMax: 2_500 })
    expect(strategy.legRisk).toEqual({ legs: [0, 1], unhedgedQuoteSecondsMax: 2_500 })
  })

  it('closes both legs when one stays unfilled for longer than the budget allows', () => {
    const { stage, strategy } = stageOf({ unhedgedQuoteSecondsMax: 5_000 })
    setRate(stage, 0.001)
    stage.timer()
    meet(stage, 0)
    const notional = -stage.inventoryLots(0) * 1e-3 * 2_000.05
    const secondsMax = Math.floor(5_000 / notional)
    for (let second = 0; second < secondsMax; second++) stage.timer()
    expect(strategy.inputs.phase).toBe(carryPhase.entering)
    stage.timer()
    expect(strategy.inputs.phase).toBe(carryPhase.unwinding)
    expect(stage.targets.get(0)!.targetLots).toBe(0)
    expect(stage.targets.get(1)!.targetLots).toBe(0)
    expect(stage.targets.get(0)!.limitTicks).toBe(Math.floor(20_001 * 1.005))
    meet(stage, 0)
    stage.timer()
    expect(strategy.inputs.phase).toBe(carryPhase.idle)
  })

  it('starts the budget anew when the legs match again', () => {
    const { stage, strategy } = stageOf({ unhedgedQuoteSecondsMax: 5_000 })
    setRate(stage, 0.001)
    stage.timer()
    meet(stage, 0)
    stage.timer()
    stage.timer()
    expect(strategy.inputs.unhedgedQuoteSeconds).toBeGreaterThan(0)
    meet(stage, 1)
    expect(strategy.inputs).toMatchObject({ unhedgedQuote: 0, unhedgedQuoteSeconds: 0 })
  })

  it('gives an entry up that takes too long, even when both legs match', () => {
    const { stage, strategy } = stageOf({ entrySecondsMax: 5 })
    setRate(stage, 0.001)
    stage.timer()
    for (let second = 0; second < 6; second++) stage.timer()
    expect(strategy.inputs.phase).toBe(carryPhase.exiting)
  })

  it('keeps what both legs hold when the rest of an entry cannot be had', () => {
    const { stage, strategy } = stageOf({ entrySecondsMax: 5, unhedgedQuoteSecondsMax: 1e9 })
    setRate(stage, 0.001)
    stage.timer()
    meet(stage, 0)
    meet(stage, 1, 0.5)
    const hedgeLots = stage.inventoryLots(1)
    for (let second = 0; second < 6; second++) stage.timer()
    expect(stage.targets.get(1)!.targetLots).toBe(hedgeLots)
    expect(stage.targets.get(0)!.targetLots).toBe(-10 * hedgeLots)
    meet(stage, 0)
    stage.timer()
    expect(strategy.inputs.phase).toBe(carryPhase.holding)
  })

  it('always aims at legs of equal base size and never grows past its budget of capital', () => {
    const step = fc.record({
      rate: fc.double({ min: -0.002, max: 0.002, noNaN: true }),
      perpShare: fc.constantFrom(0, 0.5, 1),
      hedgeShare: fc.constantFrom(0, 0.5, 1),
      seconds: fc.integer({ min: 1, max: 120 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, hedgeMayBeShorted) => {
        const { stage } = stageOf({ hedgeMayBeShorted })
        for (const { rate, perpShare, hedgeShare, seconds } of steps) {
          setRate(stage, rate)
          stage.timer(seconds * microsPerSecond)
          const perpTarget = stage.targets.get(0)?.targetLots ?? 0
          const hedgeTarget = stage.targets.get(1)?.targetLots ?? 0
          expect(perpTarget + hedgeTarget * 10).toBe(0)
          expect(Math.abs(hedgeTarget) * 20).toBeLessThanOrEqual(1_500)
          if (!hedgeMayBeShorted) expect(hedgeTarget).toBeGreaterThanOrEqual(0)
          if (stage.targets.size === 0) continue
          meet(stage, 0, perpShare)
          meet(stage, 1, hedgeShare)
        }
      }),
      { numRuns: 200, seed: 5 },
    )
  })
})

describe('funding carry, settings', () => {
  it('refuses legs that cannot hedge each other', () => {
    const config = readFundingCarryConfig()
    const create = (a: typeof perp, b: typeof perp) => createFundingCarry('carry', a, b, config)
    expect(() => create(perp, perp)).toThrow(/cannot hedge itself/)
    expect(() => create(hedge, perp)).toThrow(/no funding interval/)
    expect(() => create(perp, testInstrument({ id: 1 }))).toThrow(/pays funding/)
    expect(() => create(perp, { ...hedge, baseAsset: 'BTC' })).toThrow(/same coin/)
    expect(() => readFundingCarryConfig({ periodsPlanned: 30 })).toThrow(/above periodsMax/)
  })
})
