import { describe, expect, it } from 'vitest'
import {
  avellanedaStoikovQuotes,
  flowSpread,
  optimalSpread,
  reservationPrice,
} from '#shared/strategy/quoting/avellaneda-stoikov.ts'
import { glftCoefficients, glftDistances } from '#shared/strategy/quoting/glft.ts'
import { glftGroundState } from '#shared/strategy/quoting/glft-exact.ts'

const paper = { midQuote: 100, variancePerSecond: 4, decayPerQuote: 1.5 }

describe('Avellaneda & Stoikov (2008)', () => {
  it('quotes the flat case at the start of the day', () => {
    const inputs = { ...paper, inventoryBase: 0, gammaPerQuote: 0.1, horizonSeconds: 1 }
    expect(optimalSpread(inputs)).toBeCloseTo(1.690770423, 9)
    const quotes = avellanedaStoikovQuotes(inputs)
    expect(quotes.bidQuote).toBeCloseTo(99.154614789, 9)
    expect(quotes.askQuote).toBeCloseTo(100.845385211, 9)
  })

  it('shifts both quotes down by the long inventory', () => {
    const inputs = { ...paper, inventoryBase: 5, gammaPerQuote: 0.1, horizonSeconds: 1 }
    expect(reservationPrice(inputs)).toBeCloseTo(98, 9)
    const quotes = avellanedaStoikovQuotes(inputs)
    expect(quotes.bidQuote).toBeCloseTo(97.154614789, 9)
    expect(quotes.askQuote).toBeCloseTo(98.845385211, 9)
  })

  it.each([
    [-3, 0.1, 0.5, 100.6, 1.490770423],
    [2, 0.5, 0.25, 99, 1.65072829],
  ])('q=%d γ=%d τ=%d gives r and spread', (q, gammaPerQuote, horizonSeconds, r, spread) => {
    const inputs = { ...paper, inventoryBase: q, gammaPerQuote, horizonSeconds }
    expect(reservationPrice(inputs)).toBeCloseTo(r, 9)
    expect(optimalSpread(inputs)).toBeCloseTo(spread, 9)
  })

  it.each([
    [0.1, 1.29077, 1.29],
    [0.01, 1.328909, 1.33],
    [0.5, 1.150728, 1.15],
  ])('γ=%d has the spread that the paper prints', (gammaPerQuote, computed, printed) => {
    const spread = flowSpread({ gammaPerQuote, decayPerQuote: 1.5 })
    expect(spread).toBeCloseTo(computed, 6)
    expect(spread).toBeCloseTo(printed, 2)
  })
})

describe('Guéant (2017) as hftbacktest stores it', () => {
  const market = {
    volatilityTicks: 10.69,
    intensityPerSecond: 2.986162360812285,
    decayPerTick: 0.04235741115084049,
    gammaPerTick: 0.05,
  }

  it('reproduces half-spread and skew', () => {
    const { c1Ticks, c2, halfSpreadTicks, skewTicks } = glftCoefficients(market)
    expect(c1Ticks).toBeCloseTo(15.590451013298, 11)
    expect(c2).toBeCloseTo(0.91330857346, 11)
    expect(halfSpreadTicks).toBeCloseTo(20.47208533844371, 9)
    expect(skewTicks).toBeCloseTo(9.76326865029227, 9)
  })

  it('is the closed form of 2013 when ξ = γ and orders have size 1', () => {
    const { halfSpreadTicks, skewTicks } = glftCoefficients(market)
    for (const q of [-7, 0, 3]) {
      const { bidTicks, askTicks } = glftDistances(market, q)
      expect(bidTicks).toBeCloseTo(halfSpreadTicks + skewTicks * q, 9)
      expect(askTicks).toBeCloseTo(halfSpreadTicks - skewTicks * q, 9)
    }
  })

  it('tends to model B as ξ goes to 0', () => {
    const limit = glftCoefficients(market, 0)
    expect(limit.c1Ticks).toBeCloseTo(1 / market.decayPerTick, 12)
    const near = glftCoefficients(market, 1e-9)
    expect(near.c1Ticks).toBeCloseTo(limit.c1Ticks, 5)
    expect(near.c2).toBeCloseTo(limit.c2, 7)
  })
})

describe('Guéant, Lehalle & Fernandez-Tapia (2013), exact against closed', () => {
  const calm = {
    volatilityTicks: 0.3,
    intensityPerSecond: 0.9,
    decayPerTick: 0.3,
    gammaPerTick: 0.01,
  }
  const thin = {
    volatilityTicks: 1,
    intensityPerSecond: 0.2,
    decayPerTick: 0.3,
    gammaPerTick: 0.01,
  }
  const avellaneda = {
    volatilityTicks: 2,
    intensityPerSecond: 140,
    decayPerTick: 1.5,
    gammaPerTick: 0.1,
  }
  const rows = [
    ['calm', calm, 0, 3.313045, 3.312915],
    ['calm', calm, 2, 3.44928, 3.448647],
    ['calm', calm, -5, 2.972522, 2.973586],
    ['thin', thin, 0, 3.525651, 3.518924],
    ['thin', thin, -5, 1.100245, 1.119505],
    ['Avellaneda–Stoikov', avellaneda, 0, 0.671628, 0.671244],
    ['Avellaneda–Stoikov', avellaneda, 5, 0.93178, 0.92983],
  ] as const

  it.each(rows)('%s market, table row', (_name, market, q, exact, closed) => {
    const bidExact = glftGroundState(market, 30).bidTicks(q)
    expect(Math.abs(bidExact! - exact)).toBeLessThan(1e-6)
    expect(Math.abs(glftDistances(market, q).bidTicks - closed)).toBeLessThan(1e-6)
  })

  it.each([calm, thin, avellaneda])('closed form is within 2 %% for |q| ≤ 5', (market) => {
    const state = glftGroundState(market, 30)
    for (let q = -5; q <= 5; q++) {
      const exact = state.bidTicks(q)!
      expect(Math.abs(exact - glftDistances(market, q).bidTicks) / exact).toBeLessThan(0.02)
    }
  })

  it('the ask at q is the bid at −q, and nothing is quoted past the limit', () => {
    const state = glftGroundState(thin, 30)
    for (let q = -29; q < 30; q++) expect(state.askTicks(-q)).toBeCloseTo(state.bidTicks(q)!, 9)
    expect(state.bidTicks(30)).toBeUndefined()
    expect(state.askTicks(-30)).toBeUndefined()
    for (let q = -5; q <= 5; q++) {
      const { bidTicks } = glftDistances(thin, q)
      expect(glftDistances(thin, -q).askTicks).toBeCloseTo(bidTicks, 12)
    }
  })

  it('the closed spread does not depend on inventory and tends to the flow spread without volatility', () => {
    const spread = (market: typeof thin, q: number) => {
      const { bidTicks, askTicks } = glftDistances(market, q)
      return bidTicks + askTicks
    }
    for (const q of [-9, -1, 4, 12]) expect(spread(thin, q)).toBeCloseTo(spread(thin, 0), 10)
    const still = { ...thin, volatilityTicks: 1e-12 }
    expect(spread(still, 0)).toBeCloseTo(
      flowSpread({ gammaPerQuote: thin.gammaPerTick, decayPerQuote: thin.decayPerTick }),
      9,
    )
  })

  it('agrees with the exact solution when the mid drifts or fills move it', () => {
    const drifting = { ...avellaneda, driftTicksPerSecond: 0.02 }
    const hit = { ...avellaneda, impactTicks: 0.1 }
    for (const market of [drifting, hit]) {
      const state = glftGroundState(market, 30)
      for (const q of [-2, 0, 2]) {
        const closed = glftDistances(market, q)
        expect(Math.abs(state.bidTicks(q)! / closed.bidTicks - 1)).toBeLessThan(0.01)
        expect(Math.abs(state.askTicks(q)! / closed.askTicks - 1)).toBeLessThan(0.01)
      }
    }
    expect(glftDistances(drifting, 0).bidTicks).toBeLessThan(glftDistances(avellaneda, 0).bidTicks)
    expect(glftDistances(hit, 0).bidTicks).toBeGreaterThan(glftDistances(avellaneda, 0).bidTicks)
  })

  it('refuses an inventory limit that is not a whole number of orders', () => {
    expect(() => glftGroundState(calm, 0)).toThrow(/whole number of orders/)
    expect(() => glftGroundState(calm, 1.5)).toThrow(/whole number of orders/)
  })
})

describe('credit indices with a limit of four orders', () => {
  const gamma = 6e-5
  const cases = [
    {
      name: 'investment grade',
      sigma: 5.83e-6,
      intensityPerSecond: 9.1e-4,
      decayPerTick: 1.79e4,
      orderUnits: 5e7,
      c1: 5.164948e-5,
      slope: 9.597803e-5,
      exact: 1.208363e-4,
      closed: 9.963849e-5,
    },
    {
      name: 'high yield',
      sigma: 2.15e-5,
      intensityPerSecond: 3.4e-3,
      decayPerTick: 5.47e3,
      orderUnits: 1e7,
      c1: 1.734666e-4,
      slope: 1.461873e-4,
      exact: 2.604109e-4,
      closed: 2.465603e-4,
    },
  ]

  it.each(cases)('$name: the closed form is too tight near the limit', (row) => {
    const market = {
      volatilityTicks: row.sigma,
      intensityPerSecond: row.intensityPerSecond,
      decayPerTick: row.decayPerTick,
      gammaPerTick: gamma,
    }
    const { c1Ticks, halfSpreadTicks, skewTicks } = glftCoefficients(market, gamma, row.orderUnits)
    expect(Math.abs(c1Ticks - row.c1)).toBeLessThan(1e-10)
    expect(Math.abs(skewTicks * row.orderUnits - row.slope)).toBeLessThan(1e-10)
    expect(Math.abs(halfSpreadTicks - row.closed)).toBeLessThan(1e-10)
    const perOrder = { ...market, gammaPerTick: gamma * row.orderUnits }
    const exact = glftGroundState(perOrder, 4).bidTicks(0)!
    expect(Math.abs(exact - row.exact)).toBeLessThan(1e-10)
    expect(exact).toBeGreaterThan(halfSpreadTicks)
  })
})
