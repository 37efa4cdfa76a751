import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillsOf, freeRules, hourUs, runScript, startUs } from './bar.fixture.ts'
import { fundingHoles } from './funding.ts'
import { cautiousTiers, liquidationPriceQuote, maintenanceQuote } from './margin.ts'

const flat = [100, 100, 100, 100] as const

test('a long at leverage 10 is liquidated at the price of the hand calculation', () => {
  // Wallet 1,000 buys 100 at 100: p = (10,000 − 1,000) / (100 × 0.99).
  const run = runScript(
    [flat, [100, 100, 85, 95]],
    { 0: (orders) => orders.market(0, 100) },
    { startEquityQuote: 1_000, leverage: 10, liquidationFeeRatio: 0.005 },
  )
  const price = 9_000 / 99
  const [, [, size, liquidatedAt] = []] = fillsOf(run)
  expect(size).toBe(-100)
  expect(liquidatedAt).toBeCloseTo(price, 9)
  // Left is the maintenance margin of 1 % less the fee of 0.5 %.
  expect(run.record.equityQuote[2]).toBeCloseTo(100 * price * 0.005, 9)
  expect(run.record.liquidations).toHaveLength(1)
  expect(run.record.liquidations[0]?.lossQuote).toBeCloseTo(1_000 - 100 * price * 0.005, 9)
})

test('a short at leverage 10 is liquidated on the way up', () => {
  const run = runScript(
    [flat, [100, 120, 100, 100]],
    { 0: (orders) => orders.market(0, -100) },
    { startEquityQuote: 1_000, leverage: 10 },
  )
  expect(fillsOf(run)[1]?.[2]).toBeCloseTo(11_000 / 101, 9)
})

test('a liquidation that the open jumps over happens at the open, and the fund bears what is below zero', () => {
  const run = runScript(
    [flat, flat, [80, 81, 79, 80]],
    { 0: (orders) => orders.market(0, 100) },
    { startEquityQuote: 1_000, leverage: 10, liquidationFeeRatio: 0.01 },
  )
  expect(fillsOf(run)[1]).toEqual([2, -100, 80])
  expect(run.record.equityQuote[3]).toBe(0)
  expect(run.record.liquidations[0]?.lossQuote).toBeCloseTo(1_000, 9)
})

test('a stop before the liquidation price saves the account', () => {
  const run = runScript(
    [flat, [100, 100, 85, 95]],
    {
      0: (orders) => {
        orders.market(0, 100)
        orders.stop({ symbol: 0, slot: 0, side: 'sell', triggerQuote: 92, sizeBase: 100 })
      },
    },
    { startEquityQuote: 1_000, leverage: 10 },
  )
  expect(fillsOf(run)[1]).toEqual([1, -100, 92])
  expect(run.record.liquidations).toEqual([])
})

test('without leverage no fall liquidates a long', () => {
  expect(liquidationPriceQuote(cautiousTiers, { cashQuote: 0, positionBase: 5 })).toBeUndefined()
})

test('cum makes maintenance margin continuous: values of the published schedule', () => {
  expect(cautiousTiers.map(({ cumQuote }) => Math.round(cumQuote))).toEqual([
    0, 50, 250, 1_250, 11_250, 111_250, 211_250, 836_250, 3_336_250,
  ])
  expect(maintenanceQuote(cautiousTiers, 40_000)).toBeCloseTo(550, 9)
  expect(maintenanceQuote(cautiousTiers, 100_000)).toBeCloseTo(1_750, 9)
})

test('at the liquidation price equity equals maintenance margin, in whatever tier', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 1e5, noNaN: true }),
      fc.double({ min: 0.001, max: 1e4, noNaN: true }),
      fc.double({ min: 1, max: 60, noNaN: true }),
      fc.boolean(),
      (entry, size, leverage, isLong) => {
        const positionBase = isLong ? size : -size
        const cashQuote = (size * entry) / leverage - positionBase * entry
        const price = liquidationPriceQuote(cautiousTiers, { cashQuote, positionBase })
        if (price === undefined) return
        const equity = cashQuote + positionBase * price
        const maintenance = maintenanceQuote(cautiousTiers, size * price)
        expect(Math.abs(equity - maintenance)).toBeLessThanOrEqual(1e-9 * size * entry)
      },
    ),
  )
})

const rates = (...rows: readonly (readonly [hours: number, rate: number])[]) => ({
  timeUs: Float64Array.from(rows, ([hours]) => startUs + hours * hourUs),
  rate: Float64Array.from(rows, ([, rate]) => rate),
})

test('longs pay a positive rate on the open of the bar, shorts receive it', () => {
  const bars = [flat, flat, [200, 200, 200, 200], flat] as const
  for (const size of [2, -2]) {
    const run = runScript(
      bars,
      { 0: (orders) => orders.market(0, size) },
      { funding: rates([2, 0.0001]) },
    )
    expect(run.record.funding).toBeCloseTo(-size * 200 * 0.0001, 12)
  }
})

test('who buys at the open of a settlement does not pay it, who sells there does', () => {
  const run = runScript(
    [flat, flat, flat, flat],
    { 0: (orders) => orders.market(0, 1), 2: (orders) => orders.market(0, -1) },
    { funding: rates([1, 0.01], [3, 0.02]) },
  )
  expect(run.record.funding).toBeCloseTo(-2, 12)
})

test('a settlement that is some milliseconds late belongs to its hour; one inside the bar is on the close', () => {
  const late = rates([2 + 15 / 3_600_000, 0.01])
  const script = { 1: (orders) => orders.market(0, 1) } satisfies Parameters<typeof runScript>[1]
  expect(runScript([flat, flat, flat], script, { funding: late }).record.funding).toBe(0)
  const inside = rates([2.5, 0.01])
  const run = runScript([flat, flat, [100, 110, 100, 110]], script, { funding: inside })
  expect(run.record.funding).toBeCloseTo(-1.1, 12)
})

test('funding counts towards liquidation', () => {
  const run = runScript(
    [flat, flat, [100, 100, 91, 95]],
    { 0: (orders) => orders.market(0, 100) },
    { startEquityQuote: 1_000, leverage: 10, funding: rates([2, 0.005]) },
  )
  // 9,050 / 99 = 91.41 instead of 90.91.
  expect(fillsOf(run)[1]?.[2]).toBeCloseTo(9_050 / 99, 9)
})

test('a hole in the rates is found, a change of interval is not one', () => {
  const at = (...hours: readonly number[]) => rates(...hours.map((hour) => [hour, 0] as const))
  const holes = (...hours: readonly number[]) =>
    fundingHoles(at(...hours), startUs, startUs + 40 * hourUs).map(({ fromUs, toUs }) => [
      (fromUs - startUs) / hourUs,
      (toUs - startUs) / hourUs,
    ])
  expect(holes(0, 8, 16, 24, 32, 40)).toEqual([])
  expect(holes(0, 8, 16, 20, 24, 28, 32, 36, 37, 38, 39)).toEqual([])
  expect(holes(0, 8, 24, 32)).toEqual([[8, 24]])
  expect(holes(0, 4, 8, 16, 20, 24, 28, 32, 36)).toEqual([[8, 16]])
  expect(holes(16, 24)).toEqual([
    [0, 16],
    [24, 40],
  ])
})

const path = fc
  .array(
    fc.record({
      gap: fc.integer({ min: -150, max: 150 }),
      up: fc.integer({ min: 0, max: 400 }),
      down: fc.integer({ min: 0, max: 400 }),
      move: fc.integer({ min: -300, max: 300 }),
    }),
    { minLength: 4, maxLength: 60 },
  )
  .map((steps) => {
    let last = 10_000
    return steps.map(({ gap, up, down, move }) => {
      const open = Math.max(500, last + gap)
      const close = Math.max(500, open + move)
      last = close
      const high = Math.max(open, close) + up
      const low = Math.max(1, Math.min(open, close) - down)
      return [open / 100, high / 100, low / 100, close / 100] as const
    })
  })

const actions = fc.array(
  fc.record({
    kind: fc.constantFrom('market', 'limit', 'stop', 'cancel', 'none'),
    size: fc.integer({ min: 1, max: 900 }),
    isBuy: fc.boolean(),
    offset: fc.integer({ min: -500, max: 500 }),
    slot: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 60, maxLength: 60 },
)

/** A strategy that does what the list says, with sizes that make liquidations happen at leverage 20. */
const scriptFrom = (
  list: readonly (typeof actions extends fc.Arbitrary<infer L> ? L : never)[number][],
) =>
  Object.fromEntries(
    list.map(({ kind, size, isBuy, offset, slot }, step) => [
      step,
      (orders, view) => {
        const side = isBuy ? 'buy' : 'sell'
        const sizeBase = size / 10
        const priceQuote = Math.max(1, view.close(0, 0) + offset / 100)
        const order = { symbol: 0, slot, side, sizeBase } as const
        if (kind === 'market') orders.market(0, isBuy ? sizeBase : -sizeBase)
        if (kind === 'limit') orders.limit({ ...order, priceQuote })
        if (kind === 'stop') orders.stop({ ...order, triggerQuote: priceQuote })
        if (kind === 'cancel') orders.cancel(0, slot)
      },
    ]),
  ) as Parameters<typeof runScript>[1]

test('money is conserved: fills, fees, funding and the fund explain every unit of equity', () => {
  let liquidations = 0
  fc.assert(
    fc.property(path, actions, (bars, list) => {
      const run = runScript(bars, scriptFrom(list), {
        startEquityQuote: 1_000,
        leverage: 20,
        makerFeeRatio: -0.0001,
        takerFeeRatio: 0.0004,
        liquidationFeeRatio: 0.0125,
        slippageRatio: 0.0002,
        funding: rates([1, 0.001], [9, -0.002], [17, 0.0005], [25, 0.001]),
      })
      const { record } = run
      liquidations += record.liquidations.length
      let cash = 1_000 + record.funding
      let base = 0
      let fees = 0
      record.fillBase.forEach((signed, i) => {
        cash -= signed * (record.fillPrice[i] as number) + (record.fillFee[i] as number)
        base += signed
        fees += record.fillFee[i] as number
      })
      const insured = fees - record.fees - record.liquidationCost
      const close = bars.at(-1)?.[3] as number
      const explained = cash + insured + base * close
      expect(insured).toBeGreaterThanOrEqual(-1e-9)
      expect(Math.abs((record.equityQuote.at(-1) as number) - explained)).toBeLessThan(1e-9 * 1e4)
    }),
    { numRuns: 300 },
  )
  expect(liquidations).toBeGreaterThan(10)
})

test('pnl(f) = pnl(0) − f × notional, to 1e-9', () => {
  fc.assert(
    fc.property(path, actions, fc.double({ min: 0, max: 0.01, noNaN: true }), (bars, list, fee) => {
      // Rich enough that no order is refused for margin, so that fees cannot change what is traded.
      const rich = { startEquityQuote: 1e6 }
      const free = runScript(bars, scriptFrom(list), rich)
      const paid = runScript(bars, scriptFrom(list), {
        ...rich,
        makerFeeRatio: fee,
        takerFeeRatio: fee,
      })
      const expected = (free.record.equityQuote.at(-1) as number) - fee * free.record.turnover
      expect(Math.abs((paid.record.equityQuote.at(-1) as number) - expected)).toBeLessThan(
        1e-9 * 1e6,
      )
    }),
  )
})

test('round trips add up to the P&L when all is closed', () => {
  const run = runScript(
    [flat, [101, 103, 99, 102], [104, 105, 103, 104], [90, 91, 89, 90]],
    {
      0: (orders) => orders.market(0, 2),
      1: (orders) => orders.market(0, -5),
      2: (orders) => orders.market(0, 3),
    },
    { takerFeeRatio: 0.001 },
  )
  const { trips, equityQuote } = run.record
  expect(trips.map(({ side, sizeBase }) => [side, sizeBase])).toEqual([
    ['long', 2],
    ['short', 3],
  ])
  const sum = trips.reduce((total, { pnlQuote }) => total + pnlQuote, 0)
  expect((equityQuote.at(-1) as number) - freeRules.startEquityQuote).toBeCloseTo(sum, 6)
  expect(trips[0]?.pnlQuote).toBeCloseTo(6 - 0.202 - 0.208, 12)
})
