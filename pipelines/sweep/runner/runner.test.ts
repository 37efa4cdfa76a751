import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { openTapeWriter } from '#shared/cloud/local/tape-file.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { captureInstrument } from '#shared/venue/aster/capture/instrument.ts'
import { runCandleBacktest } from '../../backtest/candle.ts'
import { readDimension } from '../read-space.ts'
import { admitSettings, admitSpace, exampleParameter } from './admit.ts'
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

test('a tape that ends before the warm-up is refused, with what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'asterai-sweep-'))
  const path = join(folder, 'tape.arrow')
  const spec: RunnerSpec = { name: 'replay', strategy: 'glft', paths: [path], options: {} }
  await writeTape(path, 300)
  await expect(prepareMarket(spec)).rejects.toThrow(
    `${path}: 5.0 min of market, and the engine warms up for 10.0 min (windowSteps 6000 of 100 ms), so no trial would ever quote; take a longer tape, or a shorter warm-up with --set windowSteps=600`,
  )
  await prepareMarket({ ...spec, options: { windowSteps: 600 } })
  await writeTape(path, 30)
  await expect(prepareMarket(spec)).rejects.toThrow(/0\.5 min of market.*take a longer tape$/)
})

/** A book that changes every second. */
async function writeTape(path: string, seconds: number): Promise<void> {
  const instruments = [captureInstrument('BTCUSDT')]
  const writer = openTapeWriter(path, { version: 1, source: 'a test', instruments, attributes: {} })
  for (let second = 0; second <= seconds; second++) {
    const timeUs = 1_700_000_000_000_000 + second * 1_000_000
    writer.append({
      ...{ kind: 'book-snapshot', instrumentId: 0, eventTimeUs: timeUs, receiveTimeUs: timeUs },
      ...{ sequence: second, levels: Int32Array.of(100 + second, 5, 101 + second, 6) },
      ...{ bidCount: 1, askCount: 1 },
    } as unknown as DomainEvent)
  }
  await writer.close()
}

describe('names are refused before anything is read', () => {
  const candle: RunnerSpec = { name: 'candle', strategy: 'grid', paths: [], options: {} }
  const space = (text: string) => [readDimension(text)]

  test.each<[RunnerSpec, string, RegExp]>([
    [replay, 'gamma=0.01..1', /--param gamma: the replay engine has no such parameter/],
    [replay, 'gammaPerTik=0.01..1', /did you mean gammaPerTick\?/],
    [replay, 'stepMs=1..2', /fixed for all variants of a pass; use --set/],
    [candle, 'level=5..9:int', /--param level: grid has no such parameter; did you mean levels\?/],
    [candle, 'levels=1..9:int', /--param levels: 1 is not from 5 to 10/],
    [candle, 'levels=5..9', /--param levels is a whole number; add :int/],
    [candle, 'leverage=1..2', /--param leverage: fixed for all trials; use --set/],
  ])('%j %s', (spec, text, line) => {
    expect(() => admitSpace(spec, space(text))).toThrow(line)
  })

  test.each<[RunnerSpec, RegExp]>([
    [{ ...candle, strategy: 'gird' }, /did you mean grid\?/],
    [{ ...candle, options: { waveFunding: true } }, /--set waveFunding: grid .*waiveFunding\?/],
    [{ ...replay, strategy: 'grid' }, /glft only/],
    [{ ...replay, options: { stepMilli: 1 } }, /has no such parameter/],
  ])('%j', (spec, line) => {
    expect(() => admitSettings(spec)).toThrow(line)
  })

  test.each(['grid', 'sma-cross', 'rsi-reversal', 'buy-and-hold'])(
    'what is proposed for %s can be typed',
    (strategy) => {
      const spec = { ...candle, strategy }
      const [, text] = /^--param (\S+)/.exec(exampleParameter(spec)) ?? []
      expect(() => admitSpace(spec, space(text!))).not.toThrow()
    },
  )

  test('what is proposed on tapes can be typed', () => {
    expect(exampleParameter(replay)).toBe(
      '--param gammaPerTick=0.025..0.1 (others: halfSpreadFactor, skewFactor, orderLots, inventoryLotsMax, gridHalfSpreads)',
    )
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
