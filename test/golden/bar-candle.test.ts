import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { prepareCandles, runCandleBacktest, strategyOf } from '#pipelines/backtest/candle.ts'
import { checkCandleLookAhead } from '#pipelines/backtest/candle-look-ahead.ts'
import type { CandleBacktestOptions } from '#pipelines/backtest/candle-options.ts'
import { readTiersFile } from '#pipelines/backtest/candle-tiers.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterai-candle-'))
afterAll(() => rmSync(folder, { recursive: true }))

const header = 'timestamp,open,high,low,close,volume'
const hourMs = 3_600_000
const startMs = Date.UTC(2025, 0, 1)
const row = (hour: number, open = 100, high = 101, low = 99, close = 100, volume = 10): string =>
  [startMs + hour * hourMs, open, high, low, close, volume].join(',')
const rows = (count: number): string[] => Array.from({ length: count }, (_, hour) => row(hour))

function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  const text = `${lines.join('\n')}\n`
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}

const optionsFor = (
  path: string,
  given: Partial<CandleBacktestOptions> = {},
): CandleBacktestOptions => ({
  candles: [path],
  symbols: 'all',
  strategy: 'buy-and-hold',
  waiveFunding: true,
  nowUs: Date.UTC(2026, 0, 1) * 1_000,
  command: 'npm run backtest',
  commit: 'test',
  ...given,
})

const run = (path: string, given: Partial<CandleBacktestOptions> = {}) =>
  runCandleBacktest(optionsFor(path, given))

test('plain, gzipped and bare rows of the venue give the same result', async () => {
  const plain = await run(write('AAAUSDT.csv', [header, ...rows(10)]))
  const zipped = await run(write('AAAUSDT.csv.gz', [header, ...rows(10)]))
  const bare = rows(10).map((line) => `${line},${startMs},0,0,0,0,0`)
  const venue = await run(write('AAAUSDT-1h-2025-01.csv', bare))
  expect(plain.equity).toEqual(zipped.equity)
  expect(plain.equity).toEqual(venue.equity)
  expect(plain.fills.timeUs).toEqual([(startMs + hourMs) * 1_000])
  expect(plain.sources[0]).toMatchObject({ rows: 10, isSynthetic: false })
})

test('parts of the P&L add up, and times are regular', async () => {
  const result = await run(write('PARTUSDT.csv', [header, ...rows(30)]), { leverage: 3 })
  const { totalQuote, spreadQuote, priceQuote, feesQuote, fundingQuote, slippageQuote } = result.pnl
  const { liquidationQuote } = result.pnl
  expect(
    spreadQuote + priceQuote + feesQuote + fundingQuote + slippageQuote + liquidationQuote,
  ).toBeCloseTo(totalQuote, 9)
  // Flat prices: what is lost is the fee and the slippage.
  expect(priceQuote).toBeCloseTo(0, 9)
  expect(result.equity.timeUs).toHaveLength(31)
  expect(result.benchmarks.every(({ equityQuote }) => equityQuote.length === 31)).toBe(true)
})

test.each([
  ['unsorted rows', [row(0), row(2), row(1)], 'row 3: 2 bars|row 3|sort the file by time'],
  ['a duplicate', [row(0), row(1), row(1), row(2)], 'row 4: .*appears twice'],
  ['a gap', [row(0), row(1), row(2), row(5)], 'row 5: 2 bars are missing before 2025-01-01 05:00'],
  ['swapped columns', [row(0), row(1, 100, 98, 99, 100)], 'row 3: open 100, high 98.*out of order'],
  ['no price', [row(0), row(1, 0, 1, 0, 1)], 'row 3: low 0 is not a positive price'],
  [
    'text for a number',
    [row(0), `${startMs + hourMs},x,1,1,1,1`],
    "row 3: open 'x' is not a number",
  ],
  ['a cut row', [row(0), `${startMs + hourMs},1,2`], 'row 3: 3 columns, expected 6'],
  ['a bad time', [row(0), 'yesterday,1,1,1,1,1'], "row 3: 'yesterday' is not a time"],
  ['the future', [row(0), row(1), row(24 * 400)], 'row 4: .*in the future|row 4: .*missing'],
])('%s: one line with file and row', async (_what, lines, message) => {
  const path = write('BADUSDT.csv', [header, ...lines])
  const failure = run(path, { interval: '1h' })
  await expect(failure).rejects.toMatchObject({ code: 'CANDLE_MALFORMED', remedy: 'reject-input' })
  await expect(run(path, { interval: '1h' })).rejects.toThrow(new RegExp(message))
  await run(path, { interval: '1h' }).catch((error: Error) => {
    expect(error.message).toContain('BADUSDT.csv')
    expect(error.message).not.toContain('\n')
  })
})

test('a bar in the future is refused even where gaps are allowed', async () => {
  const path = write('LATEUSDT.csv', [header, row(0), row(1), row(24 * 400)])
  await expect(run(path, { allowGaps: true })).rejects.toThrow(
    'row 4: 2026-02-05 00:00 is in the future',
  )
})

test('wrong columns and mixed symbols are named', async () => {
  const wrong = write('WRONGUSDT.csv', ['timestamp,open,high,low,last,volume', ...rows(3)])
  await expect(run(wrong)).rejects.toThrow("row 1: no column 'close'; it has timestamp, open")
  const mixed = write('MIXUSDT.csv', [
    `symbol,${header}`,
    `MIXUSDT,${row(0)}`,
    `OTHERUSDT,${row(1)}`,
  ])
  await expect(run(mixed)).rejects.toThrow('row 3: symbol OTHERUSDT in a file of MIXUSDT')
})

test('holes are counted when they are allowed', async () => {
  const lines = [header, ...rows(5), row(8), row(9)]
  const result = await run(write('HOLEUSDT.csv', lines), { allowGaps: true })
  expect(result.warnings).toContain('3 bars are missing: HOLEUSDT')
  expect(result.equity.timeUs).toHaveLength(11)
})

test('the newest bar is left out while it is open', async () => {
  const nowUs = (startMs + 4.5 * hourMs) * 1_000
  const result = await run(write('OPENUSDT.csv', [header, ...rows(5)]), { nowUs })
  expect(result.equity.timeUs).toHaveLength(5)
  expect(result.warnings).toContain('the newest bar was still open and is left out: OPENUSDT')
})

test('funding of a perpetual must be given, waived, or not exist', async () => {
  const path = write('FUNDUSDT.csv', [header, ...rows(24)])
  await expect(run(path, { waiveFunding: false })).rejects.toMatchObject({
    code: 'FUNDING_MISSING',
  })
  const waived = await run(path)
  expect(waived.assumptions.join()).toContain('FUNDING WAIVED')
  const spot = await run(path, { waiveFunding: false, spot: true })
  expect(spot.assumptions).toContain('spot markets: no funding')
  const rates = write('rates.csv', [
    'timestamp,symbol,funding_rate',
    ...[0, 8, 16, 24].map((hour) => `${startMs + hour * hourMs + 3},FUNDUSDT,0.001`),
  ])
  const paid = await run(path, { waiveFunding: false, funding: rates })
  // Long 95 at 100 from hour 1: pays at 8 and 16.
  expect(paid.pnl.fundingQuote).toBeCloseTo(-2 * 9_500 * 0.001, 6)
  const short = write('short.csv', ['timestamp,symbol,funding_rate', `${startMs},FUNDUSDT,0.001`])
  await expect(run(path, { waiveFunding: false, funding: short })).rejects.toThrow(
    /short.csv: no funding rates of FUNDUSDT from 2025-01-01 00:00 to 2025-01-02 00:00/,
  )
})

test('a folder needs an interval when it has several, and knows its symbols', async () => {
  write('TWOUSDT_1h.csv', [header, ...rows(5)])
  write('TWOUSDT_4h.csv', [header, ...rows(5)])
  await expect(run(folder, { symbols: ['TWOUSDT'] })).rejects.toThrow('choose with --interval')
  await expect(run(join(folder, 'TWOUSDT_1h.csv'), { symbols: ['TWUSDT'] })).rejects.toThrow(
    'did you mean TWOUSDT?',
  )
  await expect(run(join(folder, 'absent.csv'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
})

test('options are checked by name', async () => {
  const path = join(folder, 'TWOUSDT_1h.csv')
  await expect(run(path, { leverage: 500 })).rejects.toThrow('--leverage is 500')
  await expect(run(path, { path: 'pesimistic' })).rejects.toThrow('did you mean pessimistic?')
  await expect(run(path, { interval: '60m' })).rejects.toThrow("--interval '60m' is unknown")
  await expect(run(path, { strategy: 'grit' })).rejects.toThrow('did you mean grid?')
  await expect(run(path, { strategy: 'grid', startEquityQuote: 1 })).rejects.toMatchObject({
    code: 'EQUITY_TOO_SMALL',
  })
})

test('tiers of a dated contract do not replace those of the perpetual', async () => {
  const tier = (maintenanceMarginRate: number) => [
    {
      minNotional: 0,
      maxNotional: 1e9,
      maintenanceMarginRate,
      maxLeverage: 50,
      info: { cum: '0' },
    },
  ]
  const path = join(folder, 'tiers.json')
  writeFileSync(
    path,
    JSON.stringify({ 'ETH/USDT:USDT': tier(0.004), 'ETH/USDT:USDT-241227': tier(0.1) }),
  )
  const tiers = await readTiersFile(path)
  expect(tiers.get('ETHUSDT')?.[0]?.maintenanceRatio).toBe(0.004)
  writeFileSync(path, JSON.stringify({ 'ETH/USDT:USDT': [{ minNotional: 0 }] }))
  await expect(readTiersFile(path)).rejects.toThrow("tier 1 has no number 'maxNotional'")
})

test('the look-ahead detector passes our rules and catches one that was fed the next close', async () => {
  const closes = Array.from(
    { length: 400 },
    (_, i) => Math.round(1e4 + 900 * Math.sin(i / 7)) / 100,
  )
  const lines = closes.map((close, i) => {
    const open = closes[i - 1] ?? close
    return row(i, open, Math.max(open, close), Math.min(open, close), close)
  })
  const parameters = { fast: 3, slow: 9 }
  const path = write('WAVEUSDT.csv', [header, ...lines])
  const prepared = await prepareCandles(optionsFor(path, { strategy: 'sma-cross', parameters }))
  expect(checkCandleLookAhead(prepared)).toMatchObject({ verdict: 'clean', cuts: 8 })
  expect(
    checkCandleLookAhead(prepared, ({ columns: [whole] }) => ({
      ...strategyOf(prepared),
      onBar(view, orders) {
        const next = whole?.close[view.barsSeen(0)]
        if (next !== undefined && next > view.close(0, 0)) orders.market(0, 1)
      },
    })),
  ).toMatchObject({ verdict: 'caught' })
})
