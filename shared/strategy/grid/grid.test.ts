import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sizeLotsMinAt } from '#shared/market/instrument.ts'
import { testInstrument } from '../testing/fixtures.ts'
import { createStage, type Stage } from '../testing/stage.ts'
import { gridMinimumCapitalE8, levelsPerSide, readGridConfig } from './config.ts'
import { createGrid } from './grid.ts'

const instrument = testInstrument()
const capitalE8 = 10_000n * 100_000_000n

function stageOf(
  config: Readonly<Record<string, unknown>> = {},
  capital = capitalE8,
  mid = 20_000,
) {
  const strategy = createGrid('grid', instrument, readGridConfig(config))
  const stage = createStage(strategy, [instrument], {
    capitalE8: capital,
    bidTicks: mid,
    askTicks: mid + 1,
  })
  return { stage, strategy }
}

const prices = (stage: Stage, side: 'buy' | 'sell') =>
  stage
    .orders(side)
    .map(({ want }) => want.priceTicks)
    .sort((a, b) => a - b)

/** Slot of the entry of the buy level nearest the anchor, and of its exit. */
const [entrySlot, exitSlot] = [0, 1]

describe('grid', () => {
  it('lays its lines at a fixed ratio on both sides of the first mid', () => {
    const { stage } = stageOf({ levels: 6, spacingBps: 200 })
    stage.tick(0, 20_000, 20_001)
    const line = (n: number) => 20_000.5 * 1.02 ** n
    expect(prices(stage, 'buy')).toEqual([-3, -2, -1].map((n) => Math.floor(line(n))))
    expect(prices(stage, 'sell')).toEqual([1, 2, 3].map((n) => Math.ceil(line(n))))
  })

  it('follows a filled buy with a sell one line up, and puts the buy back only when that is filled', () => {
    const { stage } = stageOf({ spacingBps: 200 })
    stage.tick(0, 20_000, 20_001)
    const entry = stage.resting.get(entrySlot)!.want
    stage.fill(entrySlot)
    expect(stage.resting.has(entrySlot)).toBe(false)
    const exit = stage.resting.get(exitSlot)!.want
    expect(exit).toMatchObject({ side: 'sell', sizeLots: entry.sizeLots, priceTicks: 20_001 })
    stage.tick(0, 19_700, 19_701)
    expect(stage.resting.has(entrySlot)).toBe(false)
    stage.fill(exitSlot)
    expect(stage.resting.get(entrySlot)!.want.priceTicks).toBe(entry.priceTicks)
  })

  it('follows a filled sell with a buy one line down', () => {
    const { stage } = stageOf({ levels: 6, spacingBps: 200 })
    stage.tick(0, 20_000, 20_001)
    stage.fill(6)
    expect(stage.resting.get(7)!.want).toMatchObject({ side: 'buy', priceTicks: 20_000 })
  })

  it('earns the spacing less two maker fees on a round trip of one line', () => {
    const { stage } = stageOf({ spacingBps: 200 })
    stage.tick(0, 20_000, 20_001)
    const entry = stage.resting.get(entrySlot)!.want
    stage.fill(entrySlot)
    const exit = stage.resting.get(exitSlot)!.want
    stage.fill(exitSlot)
    expect(stage.inventoryLots(0)).toBe(0)
    const boughtE8 = Number(stage.realisedE8())
    const notionalE8 = entry.priceTicks * entry.sizeLots * Number(instrument.tickLotE8)
    const feesE8 = (2 * notionalE8 * instrument.makerFeePpm) / 1e6
    expect(boughtE8).toBe(
      (exit.priceTicks - entry.priceTicks) * entry.sizeLots * Number(instrument.tickLotE8),
    )
    expect((boughtE8 - feesE8) / notionalE8).toBeGreaterThan(0.02 - 2 * 1e-4 - 1e-4)
  })

  it('adds to the exit as a partial entry goes on filling', () => {
    const { stage } = stageOf({ spacingBps: 200 })
    stage.tick(0, 20_000, 20_001)
    const { sizeLots } = stage.resting.get(entrySlot)!.want
    const part = Math.floor(sizeLots / 2)
    stage.fill(entrySlot, part)
    expect(stage.resting.get(exitSlot)!.want.sizeLots).toBe(part)
    stage.fill(entrySlot)
    expect(stage.resting.get(exitSlot)!.want.sizeLots).toBe(sizeLots)
    stage.fill(exitSlot, part)
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.get(exitSlot)!.remainingLots).toBe(sizeLots - part)
    expect(stage.resting.has(entrySlot)).toBe(false)
  })

  it('waits with an exit until the filled part is a whole order', () => {
    const { stage } = stageOf()
    stage.tick(0, 20_000, 20_001)
    stage.fill(entrySlot, 1)
    expect(stage.resting.has(exitSlot)).toBe(false)
    stage.fill(entrySlot)
    expect(stage.resting.has(exitSlot)).toBe(true)
  })

  it('keeps its lines while the price stays inside and moves flat ones when it has left', () => {
    const { stage, strategy } = stageOf({ levels: 6, spacingBps: 100 })
    stage.tick(0, 20_000, 20_001)
    const before = prices(stage, 'sell')
    stage.tick(0, 19_250, 19_251)
    expect(prices(stage, 'sell')).toEqual(before)
    for (const slot of [0, 2, 4]) stage.fill(slot)
    const exits = [1, 3, 5].map((slot) => stage.resting.get(slot)!.want.priceTicks)
    stage.tick(0, 19_000, 19_001)
    expect(strategy.inputs.recentreCount).toBe(1)
    expect([1, 3, 5].map((slot) => stage.resting.get(slot)!.want.priceTicks)).toEqual(exits)
    expect(prices(stage, 'sell')[0]).toBe(Math.ceil(19_000.5 * 1.01))
    expect(prices(stage, 'buy')).toEqual([])

    stage.loseBook(0)
    stage.tick(0, 19_000, 19_001)
    expect([1, 3, 5].map((slot) => stage.resting.get(slot)!.want.priceTicks)).toEqual(exits)
  })

  it('leaves a line that the price has passed unseen empty instead of taking at the touch', () => {
    const { stage } = stageOf({ levels: 6, spacingBps: 100 })
    stage.tick(0, 20_000, 20_001)
    stage.loseBook(0)
    stage.tick(0, 19_700, 19_701)
    expect(prices(stage, 'buy')).toEqual([-3, -2].map((n) => Math.floor(20_000.5 * 1.01 ** n)))
    stage.tick(0, 19_900, 19_901)
    expect(prices(stage, 'buy')).toHaveLength(3)
  })

  it('takes its spacing from the volatility, within its range', () => {
    const config = { spacingBps: 150, volatilityHours: 4 }
    const measured = (volatilityTicks: number) => {
      const { stage, strategy } = stageOf(config)
      stage.features[0] = { volatilityTicks, intensity: undefined, imbalance: undefined }
      stage.tick(0, 20_000, 20_001)
      return strategy.inputs.spacingBps!
    }
    expect(measured(0.1)).toBeCloseTo(100, 9)
    expect(measured(2)).toBeCloseTo(((2 * Math.sqrt(4 * 3_600)) / 20_000.5) * 1e4, 6)
    expect(measured(100)).toBeCloseTo(300, 9)
  })

  it('is laid again when the volatility becomes known, but not once a line has filled', () => {
    const { stage, strategy } = stageOf()
    stage.tick(0, 20_000, 20_001)
    expect(strategy.inputs.spacingBps).toBeCloseTo(150, 9)
    const known = { volatilityTicks: 3, intensity: undefined, imbalance: undefined }
    stage.features[0] = known
    stage.tick(0, 20_000, 20_001)
    expect(strategy.inputs.spacingBps).toBeCloseTo(180, 1)

    const { stage: filled, strategy: second } = stageOf()
    filled.tick(0, 20_000, 20_001)
    filled.fill(entrySlot)
    filled.features[0] = known
    filled.tick(0, 20_000, 20_001)
    expect(second.inputs.spacingBps).toBeCloseTo(150, 9)
  })

  it('works off the inventory of an earlier life at the touch', () => {
    const { stage, strategy } = stageOf()
    stage.position(0).lots = 40
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.get(63)!.want).toMatchObject({
      side: 'sell',
      priceTicks: 20_001,
      sizeLots: 40,
    })
    stage.fill(63)
    stage.tick(0, 20_000, 20_001)
    expect(strategy.inputs.strayLots).toBe(0)
    expect(stage.resting.has(63)).toBe(false)
  })

  it('keeps its lines apart from the stray inventory', () => {
    const { stage, strategy } = stageOf()
    stage.position(0).lots = 40
    stage.tick(0, 20_000, 20_001)
    stage.fill(entrySlot)
    stage.tick(0, 19_700, 19_701)
    const held = strategy.inputs.longLots
    stage.fill(63)
    expect(strategy.inputs).toMatchObject({ longLots: held, strayLots: 0 })
  })

  it('closes the levels that a flatten order has closed', () => {
    const { stage, strategy } = stageOf()
    stage.tick(0, 20_000, 20_001)
    stage.fill(entrySlot)
    stage.fillOutside(0, 'sell', 19_500, stage.inventoryLots(0))
    expect(stage.inventoryLots(0)).toBe(0)
    expect(strategy.inputs).toMatchObject({ longLots: 0, strayLots: 0 })
    expect(stage.resting.has(exitSlot)).toBe(false)
    expect(stage.resting.has(entrySlot)).toBe(true)
  })

  it('pulls everything when the book is lost and remembers its inventory', () => {
    const { stage } = stageOf()
    stage.tick(0, 20_000, 20_001)
    stage.fill(entrySlot)
    stage.loseBook(0)
    expect(stage.resting.size).toBe(0)
    stage.tick(0, 20_000, 20_001)
    expect(stage.resting.has(exitSlot)).toBe(true)
    expect(stage.resting.has(entrySlot)).toBe(false)
  })

  it('can trade with the capital that it names as its minimum, and not with 15 % less', () => {
    const config = readGridConfig()
    const minimumE8 = gridMinimumCapitalE8(instrument, 20_001, config)
    for (const volatilityTicks of [0.1, 100]) {
      const { stage } = stageOf({}, minimumE8)
      stage.features[0] = { volatilityTicks, intensity: undefined, imbalance: undefined }
      stage.tick(0, 20_000, 20_001)
      expect(stage.resting.size).toBe(6)
      for (const { want } of stage.orders())
        expect(want.sizeLots).toBeGreaterThanOrEqual(sizeLotsMinAt(instrument, want.priceTicks))
    }
    const { stage: poor, strategy } = stageOf({ spacingBps: 300 }, (minimumE8 * 85n) / 100n)
    poor.tick(0, 20_000, 20_001)
    expect(poor.resting.size).toBe(0)
    expect(strategy.inputs.isCapitalTooSmall).toBe(1)
  })

  it('refuses a spacing that two maker fees eat', () => {
    const costly = testInstrument({ makerFeePpm: 5_000 })
    expect(() => createGrid('grid', costly, readGridConfig())).toThrow(/more than the spacing/)
    expect(() => readGridConfig({ levels: 11 })).toThrow(/levels is 11/)
    expect(() => readGridConfig({ spacingBpsMin: 200, spacingBpsMax: 100 })).toThrow(/is above/)
  })
})

/** Moves the price, fills what it ran over and now and then only part of it, and checks the laws after every step. */
describe('grid, whatever the market does', () => {
  const step = fc.record({
    moveBps: fc.integer({ min: -400, max: 400 }),
    partPercent: fc.constantFrom(100, 100, 60, 30),
    capitalPercent: fc.constantFrom(100, 100, 70, 130),
    isBookLost: fc.constantFrom(false, false, false, false, true),
  })
  const scenario = fc.record({
    levels: fc.integer({ min: 5, max: 10 }),
    spacingBps: fc.integer({ min: 100, max: 300 }),
    steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  })

  it('never re-places an open line, bounds its inventory and keeps an order working', () => {
    fc.assert(
      fc.property(scenario, ({ levels, spacingBps, steps }) => {
        const { stage, strategy } = stageOf({ levels, spacingBps })
        const perSide = levelsPerSide(readGridConfig({ levels }))
        let mid = 20_000
        let sizeLotsMax = 0
        stage.tick(0, mid, mid + 1)
        for (const { moveBps, partPercent, capitalPercent, isBookLost } of steps) {
          mid = Math.max(2_000, Math.round(mid * (1 + moveBps / 1e4)))
          stage.capitalE8 = (capitalE8 * BigInt(capitalPercent)) / 100n
          sizeLotsMax = Math.max(sizeLotsMax, strategy.inputs.sizeLots!)
          // While the book is lost the price moves and nothing rests.
          if (isBookLost) stage.loseBook(0)
          runOver(stage, mid, partPercent)
          stage.tick(0, mid, mid + 1)
          stage.timer()
          sizeLotsMax = Math.max(sizeLotsMax, strategy.inputs.sizeLots!)

          const { longLots, shortLots, strayLots } = strategy.inputs as Record<string, number>
          expect(longLots! - shortLots! + strayLots!).toBe(stage.inventoryLots(0))
          expect(longLots).toBeLessThanOrEqual(perSide * sizeLotsMax)
          expect(shortLots).toBeLessThanOrEqual(perSide * sizeLotsMax)
          expect(stage.resting.size).toBeGreaterThan(0)
          expectNoReplacedLines(stage, sizeLotsMax)
        }
      }),
      { numRuns: 150, seed: 11 },
    )
  })

  /** Fills every order that the new mid has passed, the given part of each; the rest is gone when the price is past it. */
  function runOver(stage: Stage, mid: number, partPercent: number): void {
    for (let round = 0; round < 40; round++) {
      const hit = stage
        .orders()
        .find(({ want }) =>
          want.side === 'buy' ? want.priceTicks > mid + 1 : want.priceTicks < mid,
        )
      if (!hit) return
      stage.books[0]!.bestBidTicks = mid
      stage.books[0]!.bestAskTicks = mid + 1
      const part = Math.max(1, Math.floor((hit.remainingLots * partPercent) / 100))
      stage.fill(hit.want.slot, round < 20 ? part : undefined)
    }
  }

  /** Entry and exit of one level together never exceed its size: an entry is whole only while the level is flat. */
  function expectNoReplacedLines(stage: Stage, sizeLotsMax: number): void {
    for (const [slot, entry] of stage.resting) {
      if (slot === 63 || slot % 2 === 1) continue
      const exit = stage.resting.get(slot + 1)
      if (!exit) continue
      expect(entry.remainingLots).toBeLessThan(entry.want.sizeLots)
      expect(entry.remainingLots + exit.remainingLots).toBeLessThanOrEqual(sizeLotsMax)
    }
  }
})
