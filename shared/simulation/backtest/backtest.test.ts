import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import { testInstrument } from '#shared/trading/testing/fixture.ts'
import { at, createTapeMaker, quoteFrom, runScript, targetFrom, zeroUs } from './world.fixture.ts'

const quote = 10n ** 8n
const seconds = (us: number) => (us - zeroUs) / 1e6

/** Bid 640,000 with ten lots, ask 640,010 with ten lots, and a sign of life each second. */
function calmTape(
  untilSeconds: number,
  extra: (make: ReturnType<typeof createTapeMaker>) => MarketEvent[],
): MarketEvent[] {
  const make = createTapeMaker()
  const beats = Array.from({ length: untilSeconds }, (_, index) =>
    make.delta(index + 1, [[639_000, index + 1]], []),
  )
  const events = [...extra(make), ...beats].sort((a, b) => a.eventTimeUs - b.eventTimeUs)
  return inSequence([make.snapshot(0, [[640_000, 10]], [[640_010, 10]]), ...events])
}

/** Numbers the book updates anew in the order in which they now stand. */
function inSequence(events: readonly MarketEvent[]): MarketEvent[] {
  let sequence = 1
  return events.map((event) => {
    if (event.kind === 'book-snapshot') return { ...event, sequence }
    if (event.kind !== 'book-delta') return event
    const sequencePrevious = sequence++
    return { ...event, sequenceFirst: sequence, sequence, sequencePrevious }
  })
}

describe('latency and queue', () => {
  const tape = calmTape(4, (make) => [
    make.trade(2, 'sell', 640_000, 4),
    make.trade(2.5, 'sell', 640_000, 8),
    make.trade(3, 'sell', 640_000, 5),
  ])
  const run = runScript({
    tape,
    script: quoteFrom(1, { side: 'buy', priceTicks: 640_000, sizeLots: 3 }),
  })

  test('a quote fills only after the ten lots that stood before it, and in parts', () => {
    const { executions, midTwiceTicks } = run.record.fills
    expect(executions.map((fill) => [seconds(fill.timeUs), fill.sizeLots])).toEqual([
      [2.5, 2],
      [3, 1],
    ])
    expect(executions.every(({ isMaker, priceTicks }) => isMaker && priceTicks === 640_000)).toBe(
      true,
    )
    expect(midTwiceTicks).toEqual([1_280_010, 1_280_010])
    expect(run.filledOrders).toBe(1)
    expect(run.orders).toBe(1)
    expect(run.openLots).toEqual([3])
  })

  test('market data is heard after the feed latency, a timer at once', () => {
    const heard = (wantedFrom: number) => {
      const { made } = runScript({
        tape: calmTape(4, (make) => [make.delta(1.05, [[639_500, 1]], [])]),
        script: quoteFrom(wantedFrom, { side: 'buy', priceTicks: 640_000, sizeLots: 3 }),
      })
      return made.find(({ intent }) => intent.kind === 'place')?.seconds
    }
    expect(heard(1)).toBe(1)
    expect(heard(1.001)).toBe(1.01)
    expect(heard(1.02)).toBe(1.06)
    expect(heard(1.07)).toBe(1.1)
  })

  test('an order that arrives at the very moment of a trade comes after it', () => {
    const alike = (entryMs: number) =>
      runScript({
        tape: calmTape(4, (make) => [
          make.delta(
            0.5,
            [
              [640_000, 0],
              [639_999, 10],
            ],
            [],
          ),
          make.trade(1.02, 'sell', 640_000, 5),
        ]),
        script: quoteFrom(1, { side: 'buy', priceTicks: 640_000, sizeLots: 3 }),
        latencyMs: [10, entryMs, 30],
      }).record.fills.executions.length
    expect(alike(19)).toBe(1)
    expect(alike(20)).toBe(0)
  })

  test('what leaves without a trade stood behind us, or in proportion, as asked', () => {
    const filled = (queueModel: 'behind' | 'proportional') =>
      runScript({
        tape: calmTape(4, (make) => [
          make.delta(1.5, [[640_000, 20]], []),
          make.delta(2, [[640_000, 10]], []),
          make.trade(2.5, 'sell', 640_000, 7),
        ]),
        script: quoteFrom(1, { side: 'buy', priceTicks: 640_000, sizeLots: 3 }),
        more: { queueModel },
      }).record.fills.executions.reduce((sum, { sizeLots }) => sum + sizeLots, 0)
    expect(filled('behind')).toBe(0)
    // Ten of twenty lots leave, five of them from before us: two lots of the seven reach us.
    expect(filled('proportional')).toBe(2)
  })

  test('the mid is looked at 1, 5 and 30 s after a fill, and not past the end', () => {
    const later = runScript({
      tape: calmTape(9, (make) => [
        make.trade(2.3, 'sell', 640_000, 20),
        make.delta(
          3.2,
          [
            [640_000, 0],
            [639_990, 5],
          ],
          [],
        ),
        make.delta(
          7.2,
          [],
          [
            [640_010, 0],
            [640_030, 5],
          ],
        ),
      ]),
      script: quoteFrom(1, { side: 'buy', priceTicks: 640_000, sizeLots: 3 }),
    }).record.fills.laterMidTwiceTicks
    expect(later).toEqual([[1_280_000], [1_280_020], []])
  })
})

describe('money', () => {
  const trading = (make: ReturnType<typeof createTapeMaker>) => [
    make.trade(2, 'sell', 640_000, 13),
    make.delta(3, [[639_990, 9]], [[640_020, 9]]),
  ]
  const runWith = (makerFeePpm: number, takerFeePpm: number) => {
    const quoting = quoteFrom(1, { side: 'buy', priceTicks: 640_000, sizeLots: 3 })
    const taking = targetFrom(4, -2, 630_000)
    return runScript({
      tape: calmTape(6, trading),
      instruments: [testInstrument({ makerFeePpm, takerFeePpm })],
      script: (...seen) => {
        quoting(...seen)
        taking(...seen)
      },
    })
  }

  test('pnl(f) = pnl(0) − f × notional, for fees and rebates', () => {
    const free = runWith(0, 0)
    expect(free.record.fills.executions.length).toBeGreaterThan(1)
    const notional = free.record.fills.executions.reduce(
      (sum, { priceTicks, sizeLots }) => sum + priceTicks * 0.1 * sizeLots * 0.001,
      0,
    )
    for (const feePpm of [-50, 100, 350]) {
      const charged = runWith(feePpm, feePpm)
      expect(charged.intentsHash).toBe(free.intentsHash)
      const expected = Number(free.pnl.totalE8) / 1e8 - (feePpm / 1e6) * notional
      expect(Math.abs(Number(charged.pnl.totalE8) / 1e8 - expected)).toBeLessThan(1e-7)
    }
  })

  test('P&L is the sum of its parts and the change of equity, to the unit; the books agree with the exchange', () => {
    const { accountCheck, pnl, record } = runWith(100, 400)
    const { feesE8, fundingE8, liquidationE8, priceE8, slippageE8, spreadE8, totalE8 } = pnl
    expect(spreadE8 + priceE8 - feesE8 + fundingE8 + slippageE8 + liquidationE8).toBe(totalE8)
    expect(slippageE8).toBeLessThan(0n)
    expect(spreadE8).toBeGreaterThan(0n)
    expect(accountCheck).toEqual({ exact: true, differences: [] })
    const change = record.equity.equityQuote.at(-1)! - record.equity.equityQuote[0]!
    expect(change).toBeCloseTo(Number(totalE8) / 1e8, 8)
  })

  test('equity is sampled on whole seconds without a hole', () => {
    const { timeUs } = runWith(0, 0).record.equity
    expect(timeUs.every((time, index) => time === timeUs[0]! + index * 1e6)).toBe(true)
    expect(seconds(timeUs.at(-1)!)).toBe(7)
  })
})

describe('funding', () => {
  const tapeUntil = (last: number, rate: number | undefined) =>
    calmTape(last, (make) => [
      make.trade(2, 'sell', 640_000, 13),
      ...(rate === undefined
        ? []
        : Array.from({ length: last }, (_, index) =>
            make.mark(index + 0.5, 64_100, rate, index + 0.5 < 5 ? 5 : 10),
          )),
    ])
  const hourly = [testInstrument({ fundingIntervalHours: 5 / 3_600, makerFeePpm: 0 })]
  const run = (last: number, rate: number | undefined, missingFunding: 'refuse' | 'waive') =>
    runScript({
      tape: tapeUntil(last, rate),
      instruments: hourly,
      script: quoteFrom(1, { side: 'buy', priceTicks: 640_000, sizeLots: 3 }),
      more: { missingFunding },
    })

  test('longs pay rate × mark × size at each settlement, by the interval of the market', () => {
    // 3 lots of 0.001 at 64,100 and 0.1 %: 0.1923 each, at 5 s and at 10 s.
    expect(run(12, 0.001, 'refuse').pnl.fundingE8).toBe(-38_460_000n)
    expect(run(9, 0.001, 'refuse').pnl.fundingE8).toBe(-19_230_000n)
    expect(run(9, -0.001, 'refuse').pnl.fundingE8).toBe(19_230_000n)
  })

  test('a settlement without a rate is an error that names the market and the time', () => {
    const code = (work: () => unknown) => {
      try {
        work()
      } catch (error) {
        return error instanceof TradingError ? [error.code, error.message] : error
      }
      return undefined
    }
    expect(code(() => run(9, undefined, 'refuse'))).toEqual([
      'FUNDING_MISSING',
      expect.stringContaining('BTCUSDT settles funding at 2026-01-01T00:00:05.000Z'),
    ])
  })

  test('a tape that ends just past such a settlement is cut there, and says so', () => {
    const cut = run(6, undefined, 'refuse')
    expect(cut.cutAt).toEqual({ timeUs: at(5), eventsLeftOut: 2 })
    expect(seconds(cut.endUs)).toBe(4)
    expect(cut.pnl.fundingE8).toBe(0n)
  })

  test('waived, nothing is charged and the settlements are counted', () => {
    const waived = run(12, undefined, 'waive')
    expect(waived.waivedSettlements).toBe(2)
    expect(waived.pnl.fundingE8).toBe(0n)
    expect([...waived.inventedMarks]).toEqual([0])
  })
})

test('a position whose margin is gone is liquidated, and the loss is shown as such', () => {
  const make = createTapeMaker()
  const tape = [
    make.snapshot(0, [[640_000, 500]], [[640_010, 500]]),
    make.mark(0.1, 64_000),
    make.delta(1, [[639_000, 1]], []),
    make.delta(
      3,
      [
        [640_000, 0],
        [639_000, 0],
        [600_000, 500],
      ],
      [
        [640_010, 0],
        [600_010, 500],
      ],
    ),
    make.mark(3.1, 60_000),
    make.delta(6, [[599_000, 1]], []),
  ]
  const run = runScript({
    tape,
    // 25 lots are 1,600 quote of notional on 100 of equity: 16 times.
    walletE8: 100n * quote,
    script: targetFrom(1, 25, 640_100),
    instruments: [testInstrument({ takerFeePpm: 0 })],
  })
  const { executions, isLiquidation } = run.record.fills
  expect(isLiquidation).toContain(true)
  const forced = executions.filter((_, index) => isLiquidation[index])
  expect(forced.reduce((sum, { sizeLots }) => sum + sizeLots, 0)).toBe(25)
  const { feesE8, fundingE8, liquidationE8, priceE8, slippageE8, spreadE8, totalE8 } = run.pnl
  expect(spreadE8 + priceE8 - feesE8 + fundingE8 + slippageE8 + liquidationE8).toBe(totalE8)
  expect(run.record.equity.equityQuote.at(-1)).toBeCloseTo(100 + Number(totalE8) / 1e8, 8)
  expect(totalE8).toBeLessThan(-90n * quote)
  expect(totalE8).toBeGreaterThanOrEqual(-100n * quote)
  expect(run.accountCheck.exact).toBe(true)
})

test('several markets run on one clock', () => {
  const one = createTapeMaker(0)
  const two = createTapeMaker(1)
  const tape = [
    one.snapshot(0, [[640_000, 10]], [[640_010, 10]]),
    two.snapshot(0.2, [[30_000, 10]], [[30_010, 10]]),
    two.delta(2, [[30_005, 10]], []),
    one.delta(3, [[640_005, 1]], []),
    two.trade(4, 'sell', 30_005, 30),
    one.delta(6, [[640_004, 1]], []),
  ]
  const run = runScript({
    tape,
    instruments: [testInstrument(), testInstrument({ id: 1, symbol: 'ETHUSDT' })],
    script: (event, view, wants) => {
      // What one market shows is traded on the other.
      if (event.kind !== 'book-delta' || event.instrumentId !== 0 || view.nowUs > at(4)) return
      wants.quote({
        instrumentId: 1,
        slot: 0,
        side: 'buy',
        priceTicks: 30_005,
        sizeLots: 5,
        reason: 'test',
      })
    },
  })
  expect(
    run.record.fills.executions.map((fill) => [fill.instrumentId, seconds(fill.timeUs)]),
  ).toEqual([[1, 4]])
})

test('the same tape and options give the same intents, fills and P&L', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }), (sizes) => {
      const run = () => {
        const tape = calmTape(8, (make) =>
          sizes.map((size, index) => make.trade(1.5 + index / 4, 'sell', 640_000, size)),
        )
        const { intentsHash, pnl, record } = runScript({
          tape,
          script: quoteFrom(1, { side: 'buy', priceTicks: 640_000, sizeLots: 9 }),
        })
        return { intentsHash, pnl, fills: record.fills, equity: record.equity }
      }
      expect(run()).toEqual(run())
    }),
    { numRuns: 25 },
  )
})
