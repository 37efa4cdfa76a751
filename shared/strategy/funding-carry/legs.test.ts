import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tickLotE8FromGrids } from '#shared/market/instrument.ts'
import { createTestBook, testInstrument } from '../testing/fixtures.ts'
import { createLegGrid, roundTripCostBps, sizeLegs, unhedgedUnits, worstTicks } from './legs.ts'

const priceGrid = { decimals: 1, step: 1 }

function leg(id: number, decimals: number, step: number) {
  const sizeGrid = { decimals, step }
  return testInstrument({ id, sizeGrid, tickLotE8: tickLotE8FromGrids(priceGrid, sizeGrid, 'X') })
}

describe('legs of a carry', () => {
  it('finds the coarsest common size of two grids', () => {
    const grid = createLegGrid(leg(0, 3, 3), leg(1, 2, 1))
    expect(grid).toMatchObject({ perpUnits: 3, hedgeUnits: 10, commonUnits: 30 })
    expect(unhedgedUnits(grid, -10, 3)).toBe(0)
    expect(unhedgedUnits(grid, -10, 2)).toBe(-10)
  })

  it('sizes both legs equally, on both grids, within the budget, and no smaller than it could', () => {
    const anyLeg = fc.record({
      decimals: fc.integer({ min: 0, max: 4 }),
      step: fc.integer({ min: 1, max: 12 }),
    })
    fc.assert(
      fc.property(anyLeg, anyLeg, fc.integer({ min: 1, max: 1e7 }), (a, b, budgetQuote) => {
        const perp = leg(0, a.decimals, a.step)
        const hedge = leg(1, b.decimals, b.step)
        const grid = createLegGrid(perp, hedge)
        const budgetE8 = BigInt(budgetQuote) * 100_000_000n
        const sizes = sizeLegs(grid, perp, hedge, {
          budgetE8,
          perpPriceTicks: 200,
          hedgePriceTicks: 201,
        })
        if (!sizes) return
        const { perpLots, hedgeLots } = sizes
        expect(Number.isInteger(perpLots) && Number.isInteger(hedgeLots)).toBe(true)
        expect(unhedgedUnits(grid, -perpLots, hedgeLots)).toBe(0)
        const base = hedgeLots * grid.hedgeUnits * grid.baseOfUnit
        expect(base * 20.1).toBeLessThanOrEqual(budgetQuote * (1 + 1e-9))
        const larger = base + grid.commonUnits * grid.baseOfUnit
        const isCapped = perpLots + grid.commonUnits / grid.perpUnits > perp.sizeLotsMax
        const isHedgeCapped = hedgeLots + grid.commonUnits / grid.hedgeUnits > hedge.sizeLotsMax
        if (!isCapped && !isHedgeCapped) expect(larger * 20.1).toBeGreaterThan(budgetQuote)
      }),
      { numRuns: 300, seed: 3 },
    )
  })

  it('counts four fees and four half-spreads as the round trip', () => {
    const perp = testInstrument({ takerFeePpm: 350 })
    const hedge = testInstrument({ takerFeePpm: 1_000 })
    const cost = roundTripCostBps(
      perp,
      hedge,
      createTestBook(9_999, 10_001),
      createTestBook(9_998, 10_002),
    )
    expect(cost).toBeCloseTo(2 * (3.5 + 10 + 1 + 2), 12)
  })

  it('states the worst price beyond the touch', () => {
    const book = createTestBook(10_000, 10_010)
    expect(worstTicks(book, true, 10)).toBe(10_020)
    expect(worstTicks(book, false, 10)).toBe(9_990)
  })
})
