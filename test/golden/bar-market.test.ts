import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { runCandleBacktest } from '#pipelines/backtest/candle.ts'
import type { CandleBacktestOptions } from '#pipelines/backtest/candle-options.ts'

const recordings = '../shared/data'
const isAbsent = !existsSync(recordings)
if (isAbsent) console.warn(`skipped: no recordings at ${recordings}`)

const aster = `${recordings}/klines/aster_perp`
const tiers = `${recordings}/exchange_meta/binance_usdm_leverage_tiers.json`

const run = (given: Partial<CandleBacktestOptions>) =>
  runCandleBacktest({
    candles: [aster],
    interval: '1h',
    symbols: ['BTCUSDT'],
    strategy: 'grid',
    waiveFunding: true,
    tiers,
    nowUs: Date.UTC(2026, 10, 21) * 1_000,
    command: 'npm run backtest',
    commit: 'test',
    ...given,
  })

const crashUs = Date.UTC(2025, 9, 10, 21) * 1_000

it.skipIf(isAbsent)('the grid without leverage survives the crash of 10 October 2025', async () => {
  const result = await run({})
  expect(result.liquidations).toEqual([])
  expect(result.warnings.join()).toMatch(/crash of 10 October 2025: survived without liquidation/)
  expect(result.fills.timeUs.length).toBeGreaterThan(20)
  expect(result.equity.timeUs).toHaveLength(744)
})

it.skipIf(isAbsent)('a fivefold long in ETH is liquidated in the hour of the crash', async () => {
  const result = await run({ symbols: ['ETHUSDT'], strategy: 'buy-and-hold', leverage: 5 })
  expect(result.liquidations).toHaveLength(1)
  const [
    { timeUs, priceQuote, sizeBase, lossQuote } = {
      timeUs: 0,
      priceQuote: 0,
      sizeBase: 0,
      lossQuote: 0,
    },
  ] = result.liquidations
  expect(timeUs).toBe(crashUs)
  // Entry, tier and fee by hand: equity at the price equals notional × 0.4 % (first Binance tier, below 50,000 USDT).
  const entry = result.fills.priceQuote[0] as number
  const cash = 10_000 - sizeBase * entry * (1 + 3.5e-4)
  expect(priceQuote).toBeCloseTo(-cash / (sizeBase * (1 - 0.004)), 6)
  expect(lossQuote).toBeGreaterThan(9_900)
  expect(result.warnings.join()).toMatch(/crash of 10 October 2025: liquidated on 1 symbol/)
})

it.skipIf(isAbsent)('a twentyfold grid loses its account, and the result says so', async () => {
  const parameters = { inventoryCapitalRatioMax: 0.95 }
  const result = await run({ leverage: 20, parameters })
  expect(result.liquidations.length).toBeGreaterThan(0)
  expect(result.equity.equityQuote.at(-1)).toBeLessThan(1_000)
  expect(Math.min(...result.equity.equityQuote)).toBeGreaterThanOrEqual(0)
})

it.skipIf(isAbsent)('109 symbols run at once, with the note on survivorship', async () => {
  const result = await run({
    candles: [`${recordings}/klines/binance_usdm_1h`],
    symbols: 'all',
    startEquityQuote: 300_000,
  })
  expect(result.symbols).toHaveLength(109)
  expect(result.sources.reduce((sum, { rows }) => sum + rows, 0)).toBe(419_112)
  expect(result.warnings.join()).toContain('survivorship')
  const { pnl } = result
  expect(
    pnl.priceQuote + pnl.feesQuote + pnl.fundingQuote + pnl.slippageQuote + pnl.liquidationQuote,
  ).toBeCloseTo(pnl.totalQuote, 6)
})

it.skipIf(isAbsent)('settled rates are charged where they exist', async () => {
  const funded = {
    candles: [`${recordings}/klines/binance_usdm_1h`],
    strategy: 'buy-and-hold',
    waiveFunding: false,
    funding: `${recordings}/funding/binance_usdm_funding_all_symbols.csv.gz`,
  }
  const fromUs = Date.UTC(2026, 0, 12, 16) * 1_000
  const result = await run({ ...funded, fromUs })
  expect(result.pnl.fundingQuote).not.toBe(0)
  await expect(run(funded)).rejects.toThrow('no funding rates of BTCUSDT from 2025-09-13 08:00')
})

it.skipIf(isAbsent)('cutting the future off changes no earlier fill of real bars', async () => {
  for (const strategy of ['grid', 'sma-cross', 'rsi-reversal']) {
    const whole = await run({ strategy, symbols: ['BTCUSDT', 'SOLUSDT'] })
    const toUs = Date.UTC(2025, 9, 3) * 1_000
    const early = await run({ strategy, symbols: ['BTCUSDT', 'SOLUSDT'], toUs })
    const count = early.fills.timeUs.length
    expect(count).toBeGreaterThan(0)
    expect(whole.fills.timeUs.slice(0, count)).toEqual(early.fills.timeUs)
    expect(whole.fills.priceQuote.slice(0, count)).toEqual(early.fills.priceQuote)
    expect(whole.fills.timeUs[count] ?? toUs).toBeGreaterThanOrEqual(toUs)
  }
})
