import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAllocation, equalWeights, equityForCapitalE8 } from './allocation.ts'
import { netTargets } from './netting.ts'
import { type OwnQuote, wouldTrade } from './self-cross.ts'

const name = fc.constantFrom('glft', 'grid', 'funding-carry')

describe('allocation', () => {
  it('gives each strategy its share, rounded down', () => {
    const allocation = createAllocation({ weights: { glft: 0.5, grid: 0.25 } })
    expect(allocation.capitalE8('glft', 1_001n)).toBe(500n)
    expect(allocation.capitalE8('grid', 10_000_000_000n)).toBe(2_500_000_000n)
    expect(allocation.capitalE8('grid', -5n)).toBe(0n)
  })

  it('never gives away more than the equity', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 8 }),
        fc.bigInt({ min: -1_000n, max: 10n ** 20n }),
        (parts, equityE8) => {
          const sum = parts.reduce((total, part) => total + part, 0)
          const weights = Object.fromEntries(parts.map((part, index) => [`s${index}`, part / sum]))
          const allocation = createAllocation({ weights })
          let givenE8 = 0n
          for (const strategy of Object.keys(weights))
            givenE8 += allocation.capitalE8(strategy, equityE8)
          expect(givenE8).toBeLessThanOrEqual(equityE8 > 0n ? equityE8 : 0n)
        },
      ),
    )
  })

  it('names the smallest equity that grants a capital', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 18n }), (capitalE8) => {
        const allocation = createAllocation({ weights: equalWeights(['a', 'b', 'c']) })
        const equityE8 = equityForCapitalE8(allocation, 'a', capitalE8)
        expect(allocation.capitalE8('a', equityE8)).toBeGreaterThanOrEqual(capitalE8)
        expect(allocation.capitalE8('a', equityE8 - 1n)).toBeLessThan(capitalE8)
      }),
    )
  })

  it('refuses weights that are not above 0 or sum to more than 1, and strategies without one', () => {
    expect(() => createAllocation({ weights: { glft: 0 } })).toThrow(/must be above 0/)
    expect(() => createAllocation({ weights: { glft: Number.NaN } })).toThrow(/must be above 0/)
    expect(() => createAllocation({ weights: { glft: 0.7, grid: 0.4 } })).toThrow(/sum to 1.1/)
    expect(() => createAllocation({ weights: { glft: 1 } }).capitalE8('grid', 1n)).toThrow(
      /no weight for strategy grid/,
    )
  })
})

describe('self-cross', () => {
  const quote = (strategy: string, side: 'buy' | 'sell', priceTicks: number): OwnQuote => ({
    strategy,
    instrumentId: 0,
    side,
    priceTicks,
  })

  it('is a buy at or above a sell of the same instrument, whoever comes first', () => {
    const buy = quote('glft', 'buy', 101)
    expect(wouldTrade(buy, quote('grid', 'sell', 101))).toBe(true)
    expect(wouldTrade(quote('grid', 'sell', 100), buy)).toBe(true)
    expect(wouldTrade(buy, quote('grid', 'sell', 102))).toBe(false)
    expect(wouldTrade(buy, quote('grid', 'buy', 101))).toBe(false)
    expect(wouldTrade(buy, { ...quote('grid', 'sell', 100), instrumentId: 1 })).toBe(false)
  })
})

describe('netting', () => {
  it('meets opposite wishes inside the account and sends the difference', () => {
    const { netLots, shares } = netTargets([
      { strategy: 'glft', deltaLots: 5 },
      { strategy: 'grid', deltaLots: -3 },
    ])
    expect(netLots).toBe(2)
    expect(shares).toEqual([
      { strategy: 'glft', externalLots: 2, internalLots: 3 },
      { strategy: 'grid', externalLots: 0, internalLots: -3 },
    ])
  })

  it('preserves every wish and the sum, and sends orders of one sign only', () => {
    const wish = fc.record({ strategy: name, deltaLots: fc.integer({ min: -1e6, max: 1e6 }) })
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 8 }), (wanted) => {
        const { netLots, shares } = netTargets(wanted)
        const sum = (lots: number[]) => lots.reduce((total, lot) => total + lot, 0)
        expect(netLots).toBe(sum(wanted.map(({ deltaLots }) => deltaLots)))
        expect(sum(shares.map(({ externalLots }) => externalLots))).toBe(netLots)
        expect(sum(shares.map(({ internalLots }) => internalLots))).toBe(0)
        shares.forEach(({ externalLots, internalLots }, index) => {
          expect(externalLots + internalLots).toBe(wanted[index]!.deltaLots)
          expect(externalLots * netLots).toBeGreaterThanOrEqual(0)
        })
      }),
    )
  })
})
