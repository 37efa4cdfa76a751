import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { openParquetTable } from '#shared/cloud/local/parquet-table.ts'
import { openTape } from '#shared/cloud/local/tape-file.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { type ImportRequest, importFiles } from './import.ts'

const nowUs = Date.UTC(2026, 10, 21) * 1_000
const startMs = Date.UTC(2025, 0, 1)
const hour = 3_600_000

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

const request = (files: readonly string[], more: Partial<ImportRequest> = {}): ImportRequest => ({
  files,
  out: join(folder, 'out'),
  nowUs,
  isRealWanted: false,
  ...more,
})

async function rowsIn(path: string) {
  const rows: (readonly unknown[])[] = []
  const table = await openParquetTable(path)
  for await (const batch of table.batches) rows.push(...batch)
  return { ...table, rows }
}

async function eventsIn(path: string): Promise<readonly DomainEvent[]> {
  const events: DomainEvent[] = []
  for await (const batch of (await openTape([path])).batches) events.push(...batch)
  return events
}

const klineHeader = 'timestamp,open,high,low,close,volume,quote_volume,trades,close_time'
const kline = (index: number, close = 11): string =>
  `${startMs + index * hour},10,12,9,${close},5,55.5,7,${startMs + (index + 1) * hour - 1}`

describe('candles', () => {
  test('of several files of one symbol are joined, and every number stays', async () => {
    const first = write('BTCUSDT_1h_2025-01.csv', [klineHeader, kline(0), kline(1, 10.1)])
    const second = write('BTCUSDT_1h_2025-02.csv', [klineHeader, kline(2), kline(3)])
    const [imported] = await importFiles(request([first, second]))
    expect(imported?.path).toBe(join(folder, 'out', 'BTCUSDT_1h.parquet'))
    const { rows, attributes } = await rowsIn(imported?.path as string)
    expect(rows[1]).toEqual([(startMs + hour) * 1_000, 10, 12, 9, 10.1, 5, 55.5, 7])
    expect(rows).toHaveLength(4)
    expect(attributes).toMatchObject({ synthetic: 'false', symbol: 'BTCUSDT', interval: '1h' })
  })

  test('given twice, turned round, or over an existing file are refused by name', async () => {
    const first = write('BTCUSDT_1h.csv', [klineHeader, kline(0), kline(1)])
    const second = write('BTCUSDT_1h_2025-02.csv', [klineHeader, kline(2), kline(3)])
    await expect(importFiles(request([second, first]))).rejects.toThrow(
      /BTCUSDT_1h.csv, row 2: BTCUSDT 2025-01-01 00:00:00 does not come after/,
    )
    await importFiles(request([first]))
    await expect(importFiles(request([second]))).rejects.toThrow(/BTCUSDT_1h.parquet exists/)
  })

  test.each([
    ['unsorted rows', [kline(1), kline(0)], /row 3: 2025-01-01 00:00:00 after 2025-01-01 01:00:00/],
    ['a future time', [kline(0), kline(20_000)], /row 3: 2027-.* is in the future/],
    ['a torn row', [kline(0), '1735693200000,10,12'], /row 3: 3 cells under 9 columns/],
    ['columns in turned order', [kline(0).replace('12,9', '9,12')], /row 2: high 9 is below 12/],
  ])('with %s end the import in one line', async (_, lines, message) => {
    const path = write('BTCUSDT.csv', [klineHeader, ...lines])
    const failure = await importFiles(request([path])).catch((error) => error)
    expect(failure).toMatchObject({ code: 'ROW_INVALID', remedy: 'reject-input' })
    expect(failure.message).toMatch(message)
    expect(failure.message).toContain(path)
    expect(failure.message.split('\n')).toHaveLength(1)
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  test('under wrong columns are refused with what is known', async () => {
    const path = write('BTCUSDT.csv', ['timestamp,high,low,close', '1,2,3,4'])
    await expect(importFiles(request([path]))).rejects.toThrow(/row 1: columns timestamp, high/)
  })
})

describe('funding rates', () => {
  /** Settles at 00, 08, 16 UTC; written in a zone so many hours east. */
  const local = (offset: number): readonly string[] => [
    'Symbol,Date,Funding Rate',
    ...Array.from({ length: 30 }, (_, index) => {
      const ms = startMs + (8 * index + offset) * hour
      return `BTC-USDT,${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')},0.0001`
    }),
  ]

  test('in UTC+3 are recognised by when the venue settles', async () => {
    const path = write('BTC-USDT_binance_funding_history.csv', local(3))
    const [imported] = await importFiles(request([path]))
    expect(imported?.notes).toEqual(['local times read as UTC+3'])
    const { rows } = await rowsIn(imported?.path as string)
    expect(rows[0]).toEqual([startMs * 1_000, 'BTC-USDT', 0.0001])
  })

  test.each([
    ['BTC-USDT_binance.csv', 0, /settles at these hours both in UTC and in UTC\+8/],
    ['BTC-USDT_binance.csv', 5, /fits several zones/],
    ['BTC-USDT_unheard.csv', 3, /no venue whose schedule is known/],
  ])('of %s shifted by %i h need --utc-offset', async (name, offset, message) => {
    const path = write(name, local(offset))
    await expect(importFiles(request([path]))).rejects.toThrow(message)
    const [imported] = await importFiles(request([path], { utcOffsetHours: offset }))
    const { rows } = await rowsIn(imported?.path as string)
    expect(rows[0]?.[0]).toBe(startMs * 1_000)
  })
})

describe('ticks', () => {
  const us = startMs * 1_000
  const trades = (...rows: readonly string[]) =>
    write('trades.csv', ['exchange,symbol,timestamp,local_timestamp,id,side,price,amount', ...rows])
  const quotes = (...rows: readonly string[]) =>
    write('quotes.csv', [
      'exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount',
      ...rows,
    ])
  const tape = (files: readonly string[]) => request(files, { out: join(folder, 't.arrow') })

  test('of two files become one tape in the order of receipt', async () => {
    const files = [
      trades(
        `x,BTCUSDT,${us},${us + 10},7,buy,100.5,0.25`,
        `x,BTCUSDT,${us},${us + 30},8,sell,100,1`,
      ),
      quotes(`x,BTCUSDT,${us + 5},${us + 20},2,100.5,100.4,3.001`),
    ]
    const [imported] = await importFiles(tape(files))
    const events = await eventsIn(imported?.path as string)
    expect(events.map(({ kind, receiveTimeUs }) => [kind, receiveTimeUs - us])).toEqual([
      ['trade', 10],
      ['book-snapshot', 20],
      ['trade', 30],
    ])
    expect(events[0]).toMatchObject({
      tradeId: 7,
      priceTicks: 1005,
      sizeLots: 250,
      aggressor: 'buy',
    })
    const [, book] = events
    expect(book?.kind === 'book-snapshot' && [...book.levels]).toEqual([1004, 3001, 1005, 2000])
  })

  test('of a changing book are one event per message, deletions included', async () => {
    const row = (at: number, isSnapshot: boolean, cells: string) =>
      `x,BTCUSDT,${us + at},${us + at},${isSnapshot},${cells}`
    const path = write('l2.csv', [
      'exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount',
      row(0, true, 'bid,100.4,1'),
      row(0, true, 'ask,100.5,2'),
      row(5, false, 'ask,100.5,0'),
      row(5, false, 'ask,100.6,4'),
      row(9, false, 'bid,100.3,1'),
    ])
    const [imported] = await importFiles(tape([path]))
    const events = await eventsIn(imported?.path as string)
    expect(events.map((event) => ('levels' in event ? [event.kind, ...event.levels] : []))).toEqual(
      [
        ['book-snapshot', 1004, 1000, 1005, 2000],
        ['book-delta', 1005, 0, 1006, 4000],
        ['book-delta', 1003, 1000],
      ],
    )
    expect(events[2]).toMatchObject({ sequencePrevious: 2, sequence: 3 })
  })

  test.each([
    [
      'unsorted',
      [`x,BTCUSDT,${us},${us + 9},1,buy,1,1`, `x,BTCUSDT,${us},${us},2,buy,1,1`],
      /row 3: received 9 µs before/,
    ],
    [
      'mixed',
      [`x,BTCUSDT,${us},${us},1,buy,1,1`, `x,ETHUSDT,${us},${us},2,buy,1,1`],
      /row 3: ETHUSDT in a file of BTCUSDT/,
    ],
    ['of the future', [`x,BTCUSDT,${2 * us},${2 * us},1,buy,1,1`], /row 2: time is in the future/],
    [
      'off the grid',
      [`x,BTCUSDT,${us},${us},1,buy,1.05,1`],
      /row 2: '1.05' is between two steps of 0.1/,
    ],
    [
      'of neither side',
      [`x,BTCUSDT,${us},${us},1,unknown,1,1`],
      /row 2: side 'unknown' is not buy or sell/,
    ],
    ['of no number', [`x,BTCUSDT,${us},${us},1,buy,,1`], /row 2: price '' is not a plain number/],
  ])('that are %s are refused with their row, and no tape is left', async (_, rows, message) => {
    await expect(importFiles(tape([trades(...rows)]))).rejects.toThrow(message)
    expect(existsSync(join(folder, 't.arrow'))).toBe(false)
    expect(existsSync(join(folder, 't.arrow.part'))).toBe(false)
  })

  test('of a book that changes before it is known are refused', async () => {
    const path = write('l2.csv', [
      'exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount',
      `x,BTCUSDT,${us},${us},false,bid,100.3,1`,
    ])
    await expect(importFiles(tape([path]))).rejects.toThrow(/row 2: the book changes before any/)
  })
})

const real = '../shared/data'
describe('the shared market files', () => {
  it.skipIf(!existsSync(real))('of Tardis become tapes, row for row', async () => {
    const grid = { tick: '0.01', lot: '0.001' }
    const prefix = `${real}/trades/tardis_binance-futures_BTCUSDT`
    const files = [`${prefix}_trades_20200222.csv`, `${prefix}_quotes_20200222.csv`]
    const out = join(folder, 'tardis.arrow')
    const [imported] = await importFiles(request(files, { out, grid }))
    expect(imported?.rows).toBe(19_998)
    const l2 = `${real}/orderbook/tardis_samples/deribit_incremental_book_L2_BTC-PERPETUAL.csv`
    const coarse = { tick: '0.5', lot: '10' }
    const [book] = await importFiles(request([l2], { out: join(folder, 'l2.arrow'), grid: coarse }))
    expect(book?.notes.join()).toMatch(/inverse contract/)
    const [event] = await eventsIn(join(folder, 'l2.arrow'))
    expect(event?.kind === 'book-snapshot' && [event.bidCount, event.askCount]).toEqual([0, 15])
  })

  it.skipIf(!existsSync(real))('of funding are in UTC after the import', async () => {
    const names = ['binance_2020-01-01', 'kucoin_2021-01-01', 'mexc_2021-01-01']
    for (const name of names) {
      const path = `${real}/funding/multi_exchange_BTC/BTC-USDT_${name}_2024-01-01_funding_history.csv`
      const [imported] = await importFiles(request([path]))
      const { rows } = await rowsIn(imported?.path as string)
      const hours = new Set(rows.map((row) => Math.round(Number(row[0]) / 3.6e9) % 24))
      expect([...hours].sort((a, b) => a - b)).toEqual(
        name.startsWith('kucoin') ? [4, 12, 20] : [0, 8, 16],
      )
    }
  })
})
