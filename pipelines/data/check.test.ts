import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { writeParquet } from '#shared/cloud/local/parquet-writer.ts'
import { type CheckOptions, checkFiles } from './check.ts'
import { checkText } from './check-text.ts'

const nowUs = Date.UTC(2026, 10, 21) * 1_000
const header = 'timestamp,open,high,low,close,volume'
const startMs = Date.UTC(2025, 0, 1)
const hour = 3_600_000

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  const text = `${lines.join('\n')}\n`
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}

const candle = (index: number, cells = '10,12,9,11,5'): string =>
  `${startMs + index * hour},${cells}`

/** `row kind severity` of everything that was found. */
async function problems(
  path: string,
  more: Partial<CheckOptions> = {},
): Promise<readonly string[]> {
  const { log } = await checkFiles([path], { nowUs, isRealWanted: false, ...more })
  return log.listed.map(({ row, kind, severity }) => `${row ?? '-'} ${kind} ${severity}`)
}

describe('candles', () => {
  test('that are sound have no problem, gzipped or not', async () => {
    const lines = [header, candle(0), candle(1), candle(2)]
    expect(await problems(write('BTCUSDT.csv', lines))).toEqual([])
    expect(await problems(write('BTCUSDT.csv.gz', lines))).toEqual([])
  })

  test.each([
    ['a hole', [candle(0), candle(1), candle(4), candle(5)], ['4 gap warning']],
    ['a candle twice', [candle(0), candle(1), candle(1)], ['4 duplicate error']],
    ['turned order', [candle(0), candle(2), candle(1), candle(3)], ['4 unsorted error']],
    ['a high below the close', [candle(0, '10,10.5,9,11,5')], ['2 ohlc-order error']],
    ['a low above the open', [candle(0, '10,12,10.5,11,5')], ['2 ohlc-order error']],
    ['a price of nothing', [candle(0, '10,12,0,11,5')], ['2 value error']],
    ['negative volume', [candle(0, '10,12,9,11,-1')], ['2 value error']],
    ['text for a price', [candle(0), candle(1, '10,12,x,11,5')], ['3 value error']],
    ['an empty price', [candle(0), candle(1, '10,,9,11,5')], ['3 value error']],
    ['no volume', [candle(0, '10,12,9,11,0'), candle(1)], ['- zero-volume warning']],
    ['a jump', [candle(0), candle(1, '20,31,19,30,5')], ['3 jump warning']],
    ['a time that is none', [candle(0), '17,10,12,9,11,5'], ['3 value error']],
    ['a cell too few', [candle(0), `${startMs + hour},10,12,9,11`], ['- value error']],
  ])('with %s are told with their row', async (_, lines, expected) => {
    expect(await problems(write('BTCUSDT.csv', [header, ...lines]))).toEqual(expected)
  })

  test('in the future are an error, up to the last row of the past none', async () => {
    const path = write('BTCUSDT.csv', [header, candle(0), candle(1), candle(2)])
    expect(await problems(path, { nowUs: (startMs + hour) * 1_000 })).toEqual(['4 future error'])
  })

  test('of two symbols in one file need to stand together', async () => {
    const rows = ['A', 'A', 'B', 'A'].map((symbol, index) => `${symbol},${candle(index)}`)
    const path = write('all.csv', [`symbol,${header}`, ...rows])
    expect(await problems(path)).toEqual(['5 mixed-symbols error', '- survivorship note'])
  })

  test('frozen until the end are a dead market', async () => {
    const frozen = Array.from({ length: 30 }, (_, index) => candle(index + 1, '11,11,11,11,0'))
    const found = await problems(write('DEADUSDT.csv', [header, candle(0), ...frozen]))
    expect(found).toEqual(['- zero-volume warning', '3 frozen warning'])
  })

  test('of symbols that all live until the end get a note on survivors', async () => {
    write('AUSDT_1h.csv', [header, candle(0), candle(1)])
    write('BUSDT_1h.csv', [header, candle(0), candle(1)])
    const { log } = await checkFiles([folder], { nowUs, isRealWanted: false })
    expect(log.listed.map(({ message }) => message)).toEqual([
      'survivorship: all 2 symbols live until 2025-01-01 01:00:00; contracts that were delisted before are not in the set, so results over it are too good',
    ])
    const longer = Array.from({ length: 100 }, (_, index) => candle(index))
    write('BUSDT_1h.csv', [header, ...longer])
    const later = await checkFiles([folder], { nowUs, isRealWanted: false })
    expect(later.log.listed.map(({ message }) => message)).toEqual([
      'survivorship: 1 of 2 symbols ended or froze before 2025-01-05 03:00:00 (AUSDT)',
    ])
  })

  test('marked as synthetic are noted, and an error where real ones are asked for', async () => {
    const path = join(folder, 'BTCUSDT_1h.parquet')
    const columns = Object.fromEntries(
      header
        .split(',')
        .map((name) => [name, name === 'timestamp' ? 'timestamp' : 'float'] as const),
    )
    await writeParquet({ path, columns, attributes: { synthetic: 'true' } }, [
      [startMs * 1_000],
      [10],
      [12],
      [9],
      [11],
      [5],
    ])
    expect(await problems(path)).toEqual(['- synthetic note'])
    expect(await problems(path, { isRealWanted: true })).toEqual(['- value error'])
  })
})

describe('other tables', () => {
  test('with unknown columns are an error that lists what is known', async () => {
    const { log } = await checkFiles([write('x.csv', ['a,b', '1,2'])], {
      nowUs,
      isRealWanted: false,
    })
    expect(log.listed[0]?.message).toMatch(/columns a, b are none of: klines/)
    expect(log.errors).toBe(1)
  })

  test('of funding show holes, doubles and rates in percent', async () => {
    const row = (hours: number, rate: string) => `${startMs + hours * hour},BTCUSDT,${rate}`
    const rows = [row(0, '0.0001'), row(8, '0.0001'), row(8, '0.0001'), row(24, '0.12')]
    expect(await problems(write('f.csv', ['timestamp,symbol,funding_rate', ...rows]))).toEqual([
      '4 duplicate error',
      '5 jump warning',
      '5 gap warning',
    ])
  })

  test('of trades show missing ids, clocks that disagree, mixed symbols', async () => {
    const us = startMs * 1_000
    const rows = [
      `x,BTCUSDT,${us},${us + 5},1,buy,10,1`,
      `x,BTCUSDT,${us + 9},${us + 6},2,sell,10,1`,
      `x,BTCUSDT,${us + 9},${us + 10},4,sell,10,1`,
      `x,ETHUSDT,${us + 11},${us + 12},5,sell,10,1`,
      `x,BTCUSDT,${us + 11},${us + 11},5,sell,10,1`,
    ]
    const columns = 'exchange,symbol,timestamp,local_timestamp,id,side,price,amount'
    expect(await problems(write('t.csv', [columns, ...rows]))).toEqual([
      '3 clock-order warning',
      '4 broken-id warning',
      '5 mixed-symbols error',
      '6 unsorted error',
      '6 duplicate error',
    ])
  })

  test('of quotes show a crossed book', async () => {
    const us = startMs * 1_000
    const columns =
      'exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount'
    const path = write('q.csv', [columns, `x,BTCUSDT,${us},${us},1,10,10,1`])
    expect(await problems(path)).toEqual(['2 crossed warning'])
  })
})

test('the text has a line per file, a line per problem and the sums', async () => {
  const path = write('BTCUSDT.csv', [header, candle(0), candle(1, '10,12,11.5,11,5'), candle(3)])
  const text = checkText(await checkFiles([path], { nowUs, isRealWanted: false }))
  expect(text.slice(2)).toEqual([
    '',
    `${path}, row 3: error: low 11.5 is above 10`,
    `${path}, row 4: warning: 1 candles of 1h are missing after 2025-01-01 01:00:00`,
    '1 files, 3 rows: 1 errors, 1 warnings',
  ])
})

const real = '../shared/data'
describe('the shared market files', () => {
  it.skipIf(!existsSync(real))('show the defects that are known of them', async () => {
    const { files, log } = await checkFiles(
      [
        `${real}/klines/aster_perp`,
        `${real}/klines/binance_spot_1h`,
        `${real}/klines/binance_usdm_1h/BTCUSDT.csv.gz`,
        `${real}/trades/tardis_binance-futures_BTCUSDT_trades_20200222.csv`,
      ],
      { nowUs, isRealWanted: true },
    )
    expect(files).toHaveLength(53)
    // One 4h candle of Aster has its low above its open; one hour is missing on Binance spot.
    expect(log.listed.filter(({ severity }) => severity === 'error')).toEqual([
      expect.objectContaining({ file: `${real}/klines/aster_perp/BTCUSDT_4h.parquet`, row: 15 }),
    ])
    expect(log.counts().gap).toBe(3)
    expect(log.counts(`${real}/klines/binance_usdm_1h/BTCUSDT.csv.gz`)).toEqual({})
    const dead = log.listed.filter(({ kind }) => kind === 'frozen').map(({ file }) => file)
    expect(new Set(dead.map((file) => file.split('/').pop()?.split('_')[0]))).toEqual(
      new Set(['ALICEUSDT', 'COMPUSDT']),
    )
  })
})
