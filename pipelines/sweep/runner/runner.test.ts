import { existsSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { runCandleBacktest } from '../../backtest/candle.ts'
import { openRunner, prepareMarket, type RunnerSpec } from './runner.ts'

const real = '../shared/data'
const capture = `${real}/orderbook/binance_raw/usdm_btcusdt_20240718.gz`
const candles = `${real}/klines/binance_usdm_1h/BTCUSDT.csv.gz`

const replay: RunnerSpec = {
  name: 'replay',
  strategy: 'glft',
  paths: [capture],
  options: { windowSteps: 600, returnSeconds: 5, orderLots: 1, inventoryLotsMax: 20 },
}

describe('the replay runner', () => {
  it.skipIf(!existsSync(capture))('gives a trial the same alone and among others', async () => {
    const { run } = await openRunner(replay, await prepareMarket(replay))
    const points = [0.01, 0.05, 0.2].map((gammaPerTick) => ({
      gammaPerTick,
      halfSpreadFactor: 0.7,
    }))
    const together = await run(points)
    expect(together.some(({ fills }) => fills > 0)).toBe(true)
    for (const [trial, point] of points.entries())
      expect((await run([point]))[0]).toEqual({ ...together[trial], trial: 0 })
  })

  it.skipIf(!existsSync(capture))('refuses what it has not, with the closest name', async () => {
    const { run } = await openRunner(replay, await prepareMarket(replay))
    await expect(run([{ gamaPerTick: 1 }])).rejects.toThrow(/did you mean gammaPerTick\?/)
    await expect(run([{ orderLots: 1.5 }])).rejects.toThrow(/orderLots is a whole number; add :int/)
    await expect(run([{ stepMs: 50 }])).rejects.toThrow(/fixed for all variants of a pass/)
  })

  test('refuses other strategies and unknown settings before it reads', async () => {
    await expect(prepareMarket({ ...replay, strategy: 'grid' })).rejects.toThrow(/glft only/)
    const options = { stepMilli: 1 }
    await expect(prepareMarket({ ...replay, options })).rejects.toThrow(/has no such parameter/)
  })
})

describe('the candle runner', () => {
  it.skipIf(!existsSync(candles))('gives what a candle backtest gives', async () => {
    const spec: RunnerSpec = {
      name: 'candle',
      strategy: 'sma-cross',
      paths: [candles],
      options: { waiveFunding: true, allowShort: true },
    }
    const { run } = await openRunner(spec, undefined)
    const points = [
      { fast: 12, slow: 48 },
      { fast: 24, slow: 96 },
    ]
    const summaries = await run(points)
    for (const [index, parameters] of points.entries()) {
      const result = await runCandleBacktest({
        candles: [candles],
        symbols: 'all',
        strategy: 'sma-cross',
        parameters: { ...parameters, allowShort: true },
        waiveFunding: true,
        nowUs: Date.UTC(2026, 10, 21) * 1_000,
        command: '',
        commit: '',
      })
      const summary = summaries[index]
      expect(summary?.pnlQuote).toBeCloseTo(result.pnl.totalQuote, 6)
      expect(summary?.feesQuote).toBeCloseTo(-result.pnl.feesQuote, 6)
      expect(summary?.fills).toBe(result.fills.timeUs.length)
      expect(summary?.tradedNotionalQuote).toBeCloseTo(result.tradedNotionalQuote, 6)
      const growth = (summary?.returns ?? []).reduce((equity, value) => equity * (1 + value), 1)
      // Hours after the last whole day belong to no daily return.
      const lastDay = (summary?.returns.length ?? 0) * 24
      expect(growth).toBeCloseTo((result.equity.equityQuote[lastDay] as number) / 10_000, 9)
      expect(summary?.periodSeconds).toBe(86_400)
    }
  })
})
