import { describe, expect, it } from 'vitest'
import { createStrategy, minimumEquityE8, readStrategyName, strategyNames } from './registry.ts'
import { testInstrument } from './testing/fixtures.ts'

const instrument = testInstrument()
const hedge = testInstrument({ id: 1, kind: 'spot', fundingIntervalHours: undefined })

describe('registry', () => {
  it.each(strategyNames)('creates %s under its own name, with the symbol where asked', (name) => {
    expect(createStrategy(name, { instrument, hedge }).name).toBe(name)
    expect(createStrategy(name, { instrument, hedge, withSymbol: true }).name).toBe(
      `${name}:ETHUSDT`,
    )
  })

  it.each(strategyNames)('needs more capital for %s when less of it may be inventory', (name) => {
    const minimum = (inventoryCapitalRatioMax: number) =>
      minimumEquityE8(name, {
        instrument,
        hedge,
        priceTicks: 20_000,
        hedgePriceTicks: 20_000,
        config: { inventoryCapitalRatioMax },
      })
    expect(minimum(0.4)).toBeGreaterThan(500_000_000n)
    expect(minimum(0.05)).toBeGreaterThanOrEqual(minimum(0.4) * 7n)
  })

  it('refuses an unknown strategy, a missing hedge and a wrong setting', () => {
    expect(() => readStrategyName('momentum')).toThrow(/known are glft, grid, funding-carry/)
    expect(() => createStrategy('funding-carry', { instrument })).toThrow(/needs a hedge/)
    expect(() => createStrategy('glft', { instrument, config: { spacingBps: 1 } })).toThrow(
      /unknown setting 'spacingBps'/,
    )
  })
})
