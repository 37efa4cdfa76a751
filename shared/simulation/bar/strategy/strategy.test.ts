import { expect, test } from 'vitest'
import { columnsFrom, fillsOf, freeRules, hourUs, instrumentOf, type Ohlc } from '../bar.fixture.ts'
import { holdEquityQuote } from '../benchmark.ts'
import { runBars } from '../run.ts'
import { alignBars } from '../series.ts'
import { createBarStrategy, minimumCapitalQuote, readBarStrategyName } from './registry.ts'
import { createRsi, updateRsi } from './rsi-reversal.ts'
import { createSmaCross, readSmaCrossConfig } from './sma-cross.ts'

const terms = { makerFeePpm: 100, takerFeePpm: 350, intervalUs: hourUs }
const instruments = [instrumentOf('AAAUSDT')]

const play = (bars: readonly Ohlc[], strategy: Parameters<typeof runBars>[0]['strategy']) =>
  runBars({
    table: alignBars([columnsFrom(bars)], hourUs),
    instruments,
    rules: { ...freeRules, startEquityQuote: 10_000 },
    strategy,
  })

const still = (price: number): Ohlc => [price, price, price, price]

test('the grid of live trading works on bars: a filled buy is followed by a sell one line up', () => {
  const strategy = createBarStrategy('grid', {
    instruments,
    config: { levels: 6, spacingBps: 100, spacingBpsMax: 100 },
    terms,
  })
  const bars: Ohlc[] = [
    still(100),
    // Through the first buy line at 99.00, not the second at 98.02.
    [100, 100, 98.5, 98.6],
    // Back through the anchor.
    [98.6, 100.5, 98.6, 100.4],
    still(100.4),
  ]
  const fills = fillsOf(play(bars, strategy))
  expect(fills.map(([step, base]) => [step, Math.sign(base)])).toEqual([
    [1, 1],
    [2, -1],
  ])
  const [[, bought, low] = [0, 0, 0], [, sold, high] = [0, 0, 0]] = fills
  expect(bought).toBe(-sold)
  expect(high / low - 1).toBeGreaterThanOrEqual(0.01)
  expect(high / low - 1).toBeLessThan(0.0103)
  // 15 % of the capital over three lines.
  expect(bought * low).toBeGreaterThan(450)
  expect(bought * low).toBeLessThanOrEqual(500)
})

test('a grid needs the capital that its lots cost', () => {
  const least = minimumCapitalQuote('grid', { instrument: instruments[0]!, priceQuote: 100, terms })
  expect(least).toBeGreaterThan((3 * 0.1) / 0.15)
  expect(
    minimumCapitalQuote('sma-cross', { instrument: instruments[0]!, priceQuote: 100, terms }),
  ).toBe(0)
})

test('the mean cross buys at the open after the fast mean rises above, and sells when it falls below', () => {
  const closes = [10, 10, 10, 10, 11, 12, 13, 12, 10, 9, 9]
  const bars = closes.map((close, i): Ohlc => {
    const open = closes[i - 1] ?? close
    return [open, Math.max(open, close), Math.min(open, close), close]
  })
  const config = readSmaCrossConfig({ fast: 2, slow: 3 })
  const run = play(bars, createSmaCross(1, config, { kind: 'base', sizeBase: 1 }))
  // Fast above slow first at bar 4 (10.5 > 10.33); below at bar 8 (11 < 11.67).
  expect(fillsOf(run)).toEqual([
    [5, 1, 11],
    [9, -1, 10],
  ])
})

test('means that are equal change nothing', () => {
  const run = play(
    Array.from({ length: 50 }, () => still(0.1)),
    createSmaCross(1, readSmaCrossConfig({ fast: 3, slow: 7 })),
  )
  expect(fillsOf(run)).toEqual([])
})

test('the relative strength index agrees with a published example', () => {
  const closes = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826,
    45.8931, 46.0328, 45.614, 46.282, 46.282, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
  ]
  const rsi = createRsi()
  const values = closes.map((close) => updateRsi(rsi, close, 14))
  expect(values.slice(0, 14)).toEqual(Array.from({ length: 14 }, () => undefined))
  expect(values.slice(14).map((value) => value?.toFixed(2))).toEqual([
    '70.53',
    '66.32',
    '66.55',
    '69.41',
    '66.36',
    '57.97',
  ])
})

test('an unknown strategy is refused with the closest name', () => {
  expect(() => readBarStrategyName('smacross')).toThrow('did you mean sma-cross?')
})

test('settings are checked', () => {
  const make = (config: Record<string, unknown>) => () =>
    createBarStrategy('sma-cross', { instruments, config, terms })
  expect(make({ fast: 50, slow: 20 })).toThrow('must be below')
  expect(make({ fastt: 50 })).toThrow("unknown setting 'fastt'")
})

test('benchmarks buy at the second open and then follow the close', () => {
  const table = alignBars(
    [
      columnsFrom([still(10), [20, 20, 20, 30], still(40)]),
      columnsFrom([still(5), still(10)], 'BBBUSDT', 1),
    ],
    hourUs,
  )
  const holdTerms = { startEquityQuote: 100, takerFeeRatio: 0 }
  expect([...holdEquityQuote(table, [0], holdTerms)]).toEqual([100, 100, 150, 200])
  // Half waits in cash until the second symbol's second bar, and its price at that open is 10.
  expect([...holdEquityQuote(table, [0, 1], holdTerms)]).toEqual([100, 100, 125, 150])
})
