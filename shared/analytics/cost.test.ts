import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costSensitivity, pnlAtFee, sensitivityFeesBps } from './cost.ts'
import type { BacktestResult } from './result.ts'
import {
  dailyTurnover,
  exposureStatistics,
  markoutStatistics,
  roundTripStatistics,
} from './trade.ts'

type Traded = Pick<BacktestResult, 'pnl' | 'tradedNotionalQuote' | 'fills' | 'startEquityQuote'>

/** Fills of given notionals that all pay one flat fee and earn `grossQuote` before it. */
function tradedAt(notionals: readonly number[], grossQuote: number, feeBps: number): Traded {
  const feeQuote = notionals.map((notional) => (notional * feeBps) / 10_000)
  const feesQuote = -feeQuote.reduce((sum, fee) => sum + fee, 0)
  const none = { spreadQuote: 0, fundingQuote: 0, slippageQuote: 0, liquidationQuote: 0 }
  return {
    startEquityQuote: 1_000,
    tradedNotionalQuote: notionals.reduce((sum, notional) => sum + notional, 0),
    pnl: { ...none, priceQuote: grossQuote, feesQuote, totalQuote: grossQuote + feesQuote },
    fills: {
      timeUs: notionals.map(() => 0),
      symbol: notionals.map(() => 'BTCUSDT'),
      side: notionals.map(() => 'buy'),
      priceQuote: notionals,
      sizeBase: notionals.map(() => 1),
      liquidity: notionals.map(() => 'maker'),
      feeQuote,
      midQuote: notionals,
      markoutBps: notionals.map(() => []),
    },
  }
}

const notionalsArbitrary = fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), {
  minLength: 1,
  maxLength: 50,
})
const grossArbitrary = fc.double({ min: -500, max: 500, noNaN: true })
const close = (a: number, b: number, scale: number) =>
  expect(Math.abs(a - b)).toBeLessThan(1e-9 * Math.max(1, scale))

describe('cost sensitivity', () => {
  it('is pnl(f) = pnl(0) − f × notional to 1e-9, whatever fee the run itself paid', () => {
    fc.assert(
      fc.property(
        notionalsArbitrary,
        grossArbitrary,
        fc.constantFrom(...sensitivityFeesBps),
        (notionals, gross, paidBps) => {
          const found = costSensitivity(tradedAt(notionals, gross, paidBps))
          close(found.pnlBeforeFeesQuote, gross, gross)
          for (const { feeBps, pnlQuote } of found.rows) {
            const again = tradedAt(notionals, gross, feeBps)
            close(pnlQuote, again.pnl.totalQuote, again.tradedNotionalQuote / 1_000)
          }
          const own = found.rows.find(({ feeBps }) => feeBps === paidBps)
          close(
            own!.pnlQuote,
            found.pnlBeforeFeesQuote - (paidBps / 1e4) * found.tradedNotionalQuote,
            1,
          )
        },
      ),
    )
  })

  it('earns nothing at the fee it calls break-even', () => {
    fc.assert(
      fc.property(notionalsArbitrary, grossArbitrary, (notionals, gross) => {
        const found = costSensitivity(tradedAt(notionals, gross, 2))
        close(pnlAtFee({ ...found, feeBps: found.breakEvenFeeBps! }), 0, Math.abs(gross))
      }),
    )
    expect(costSensitivity(tradedAt([], 0, 2)).breakEvenFeeBps).toBeUndefined()
  })

  it('tells alpha from rebate', () => {
    // 1 M traded with a half basis point of rebate: 50 of the 40 that were earned.
    const found = costSensitivity(tradedAt([600_000, 400_000], -10, -0.5))
    expect(found.rebateQuote).toBeCloseTo(50, 9)
    expect(found.alphaQuote).toBeCloseTo(-10, 9)
    expect(found.feesPaidQuote).toBeCloseTo(0, 9)
    const paying = costSensitivity(tradedAt([1_000_000], -10, 2))
    expect(paying.rebateQuote).toBe(0)
    expect(paying.feesPaidQuote).toBeCloseTo(200, 9)
    expect(paying.alphaQuote).toBeCloseTo(-210, 9)
  })
})

describe('trading figures', () => {
  const trips = {
    symbol: ['A', 'A', 'A', 'A'],
    side: ['long', 'short', 'long', 'long'],
    openUs: [0, 0, 0, 0],
    closeUs: [1e6, 3e6, 1e6, 3e6],
    openPriceQuote: [1, 1, 1, 1],
    closePriceQuote: [1, 1, 1, 1],
    sizeBase: [1, 1, 1, 1],
    pnlQuote: [3, -1, 0, -1],
  } as const

  it('count a round trip of nothing as no win', () => {
    expect(roundTripStatistics(trips)).toEqual({
      count: 4,
      hitRatio: 0.25,
      profitFactor: 1.5,
      meanPnlQuote: 0.25,
      meanHoldingSeconds: 2,
    })
  })

  it('are undefined without round trips and without losses', () => {
    const none = { ...trips, pnlQuote: [], closeUs: [] }
    expect(roundTripStatistics(none)).toMatchObject({
      count: 0,
      hitRatio: undefined,
      profitFactor: undefined,
      meanPnlQuote: undefined,
    })
    expect(roundTripStatistics({ ...trips, pnlQuote: [1, 1, 1, 1] }).profitFactor).toBeUndefined()
  })

  it('measure exposure and turnover against equity', () => {
    const equity = {
      periodSeconds: 60,
      timeUs: [0, 1, 2, 3],
      equityQuote: [100, 100, 200, -5],
      exposureQuote: [0, 50, 400, 10],
    }
    expect(exposureStatistics(equity)).toEqual({
      timeInMarketRatio: 0.75,
      meanLeverage: 2.5 / 3,
      maxLeverage: 2,
    })
    const run = {
      tradedNotionalQuote: 400,
      equityQuote: [100, 100],
      startUs: 0,
      endUs: 2 * 86_400e6,
    }
    expect(dailyTurnover(run)).toBe(2)
    expect(dailyTurnover({ ...run, endUs: 0 })).toBeUndefined()
  })

  it('average markouts by horizon and liquidity, without those past the end', () => {
    const { fills } = tradedAt([1, 1, 1], 0, 0)
    const rows = markoutStatistics({
      ...fills,
      liquidity: ['maker', 'taker', 'maker'],
      markoutBps: [[-1, -4, undefined], [3, undefined, undefined], [-2]],
    })
    expect(rows).toEqual([
      { seconds: 1, meanBps: 0, makerMeanBps: -1.5, takerMeanBps: 3, fills: 3 },
      { seconds: 5, meanBps: -4, makerMeanBps: -4, takerMeanBps: undefined, fills: 1 },
      {
        seconds: 30,
        meanBps: undefined,
        makerMeanBps: undefined,
        takerMeanBps: undefined,
        fills: 0,
      },
    ])
  })
})
