import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRandom } from '#shared/kernel/random.ts'
import {
  columnsFrom,
  freeRules,
  hourUs,
  instrumentOf,
  type Ohlc,
  runScript,
} from './bar.fixture.ts'
import { type BarRun, runBars } from './run.ts'
import { alignBars } from './series.ts'
import { barStrategyNames, createBarStrategy } from './strategy/registry.ts'
import type { BarStrategy } from './strategy.ts'

/** A seeded walk of 1 % steps. */
function walk(seed: number, count: number): Ohlc[] {
  const random = createRandom(seed)
  let last = 100
  return Array.from({ length: count }, () => {
    const open = round(last * (1 + 0.001 * random.normal()))
    const close = round(open * (1 + 0.01 * random.normal()))
    const high = round(Math.max(open, close) * (1 + 0.005 * random.uniform()))
    const low = round(Math.min(open, close) * (1 - 0.005 * random.uniform()))
    last = close
    return [open, Math.max(high, open, close), Math.min(low, open, close), close]
  })
}
const round = (price: number): number => Math.round(price * 100) / 100

const symbols = ['AAAUSDT', 'BBBUSDT']

function play(name: (typeof barStrategyNames)[number], bars: readonly (readonly Ohlc[])[]): BarRun {
  const instruments = symbols.map((symbol) => instrumentOf(symbol))
  const terms = { makerFeePpm: 100, takerFeePpm: 350, intervalUs: hourUs }
  const config =
    name === 'sma-cross'
      ? { fast: 5, slow: 20 }
      : name === 'rsi-reversal'
        ? { period: 5, oversold: 40, overbought: 60 }
        : {}
  return runBars({
    table: alignBars(
      bars.map((rows, i) => columnsFrom(rows, symbols[i], i * 3)),
      hourUs,
    ),
    instruments,
    rules: { ...freeRules, leverage: 3, makerFeeRatio: 1e-4, takerFeeRatio: 3.5e-4 },
    strategy: createBarStrategy(name, { instruments, config, terms }),
  })
}

test.each(barStrategyNames)('%s decides the same when the future is cut off', (name) => {
  let fills = 0
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 30, max: 290 }),
      (seed, cut) => {
        const whole = [walk(seed, 300), walk(seed + 1, 297)]
        const short = [whole[0]!.slice(0, cut), whole[1]!.slice(0, cut - 3)]
        const { record: long } = play(name, whole)
        const { record: early } = play(name, short)
        const count = early.fillStep.length
        fills += count
        expect(long.fillStep.slice(0, count)).toEqual(early.fillStep)
        expect(long.fillPrice.slice(0, count)).toEqual(early.fillPrice)
        expect(long.fillBase.slice(0, count)).toEqual(early.fillBase)
        expect(long.fillStep[count] ?? cut).toBeGreaterThanOrEqual(cut)
        expect([...long.equityQuote.subarray(0, cut + 1)]).toEqual([...early.equityQuote])
      },
    ),
    { numRuns: 25 },
  )
  expect(fills).toBeGreaterThan(20)
})

test('a strategy that asks for the bar to come is stopped', () => {
  const reads = [
    (view: Parameters<BarStrategy['onBar']>[0]) => view.close(0, -1),
    (view: Parameters<BarStrategy['onBar']>[0]) => view.open(0, -1),
    (view: Parameters<BarStrategy['onBar']>[0]) => view.high(0, Number.NaN),
    (view: Parameters<BarStrategy['onBar']>[0]) => view.low(0, 2),
    (view: Parameters<BarStrategy['onBar']>[0]) => view.volume(0, 0.5),
  ]
  for (const read of reads)
    expect(() =>
      runScript(walk(1, 5), {
        1: (_orders, view) => {
          read(view)
        },
      }),
    ).toThrow('of which 2 have closed')
})

test('the view holds no array through which later bars could be reached', () => {
  runScript(walk(1, 5), {
    1: (_orders, view) => {
      const reachable = Object.values(view).filter((value) => ArrayBuffer.isView(value))
      expect(reachable).toEqual([])
    },
  })
})

test('a symbol that is listed later is unseen before, and does not shift the others', () => {
  const seen: [boolean, number][] = []
  const spy: BarStrategy = {
    name: 'spy',
    parameters: {},
    onBar: (view) => {
      seen.push([view.hasBar(1), view.barsSeen(1)])
    },
  }
  runBars({
    table: alignBars(
      [columnsFrom(walk(1, 4), 'AAAUSDT'), columnsFrom(walk(2, 2), 'BBBUSDT', 2)],
      hourUs,
    ),
    instruments: symbols.map((symbol) => instrumentOf(symbol)),
    rules: freeRules,
    strategy: spy,
  })
  expect(seen).toEqual([
    [false, 0],
    [false, 0],
    [true, 1],
    [true, 2],
  ])
})
