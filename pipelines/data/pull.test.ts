import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openParquetTable } from '#shared/cloud/local/parquet-table.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { readManifest } from './manifest.ts'
import { type PullOptions, pull } from './pull.ts'
import { planParts } from './pull-plan.ts'
import {
  closeAt,
  createScriptedVenue,
  listedMs,
  type ScriptedVenue,
  scriptedRuntime,
  serveVenue,
  tradeCount,
  tradesStartMs,
} from './scripted-venue.fixture.ts'

const hour = 3_600_000
const nowMs = Date.UTC(2025, 2, 15, 10, 30)

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pull-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const optionsFor = (venue: ScriptedVenue, more: Partial<PullOptions> = {}): PullOptions => ({
  runtime: scriptedRuntime(venue),
  venue: 'binance',
  restUrl: 'https://fapi.binance.com',
  kind: 'klines',
  symbols: ['BTCUSDT'],
  interval: '1h',
  fromMs: Date.UTC(2025, 0, 1),
  toMs: undefined,
  folder,
  ...more,
})

async function rowsIn(path: string) {
  const table = await openParquetTable(join(folder, path))
  const rows: (readonly unknown[])[] = []
  for await (const batch of table.batches) rows.push(...batch)
  return { ...table, rows }
}

describe('klines', () => {
  test('fill a file per month, from the listing to the last closed candle', async () => {
    const report = await pull(optionsFor(createScriptedVenue(nowMs)))
    expect(report.files.map(({ path, rows, isComplete }) => [path, rows, isComplete])).toEqual([
      ['binance/klines_1h/BTCUSDT_1h_2025-01.parquet', 22 * 24, true],
      ['binance/klines_1h/BTCUSDT_1h_2025-02.parquet', 28 * 24, true],
      // 14 days and the hours that opened at 0 to 9; the candle of 10:00 is open at 10:30.
      ['binance/klines_1h/BTCUSDT_1h_2025-03.parquet', 14 * 24 + 10, false],
    ])
    const table = await rowsIn('binance/klines_1h/BTCUSDT_1h_2025-01.parquet')
    expect(table.attributes).toMatchObject({
      synthetic: 'false',
      symbol: 'BTCUSDT',
      interval: '1h',
    })
    const row = (ms: number) => [
      ms * 1_000,
      closeAt(ms) - 1,
      closeAt(ms) + 2,
      closeAt(ms) - 3,
      closeAt(ms),
      12.5,
      625_000.5,
      40,
      6.25,
    ]
    expect(table.rows[0]).toEqual(row(listedMs))
    expect(table.rows.at(-1)).toEqual(row(Date.UTC(2025, 0, 31, 23)))
  })

  test('longer than a page come whole and once', async () => {
    const venue = createScriptedVenue(Date.UTC(2025, 6, 1))
    const parts = await pull(optionsFor(venue, { interval: '1h', fromMs: listedMs }))
    expect(parts.rows).toBe((Date.UTC(2025, 6, 1) - listedMs) / hour)
  })

  test('a second pull keeps whole files, refreshes the growing one, and reads nothing twice', async () => {
    const venue = createScriptedVenue(nowMs)
    await pull(optionsFor(venue))
    venue.nowMs += 5 * hour
    venue.asked.length = 0
    const report = await pull(optionsFor(venue))
    expect([report.kept, report.rows]).toEqual([2, 14 * 24 + 15])
    expect(venue.asked.filter((line) => line.startsWith('klines'))).toHaveLength(1)
  })

  test('a file that was changed or removed is pulled again', async () => {
    const venue = createScriptedVenue(nowMs)
    const { files } = await pull(optionsFor(venue))
    const [january, february] = files.map(({ path }) => join(folder, path)) as [string, string]
    const bytes = readFileSync(january)
    bytes[40] = (bytes[40] as number) ^ 1
    writeFileSync(january, bytes)
    rmSync(february)
    const again = await pull(optionsFor(venue))
    expect(again.kept).toBe(0)
    expect(again.files.slice(0, 2)).toEqual(files.slice(0, 2))
  })

  test('an earlier start widens the file of its month', async () => {
    const venue = createScriptedVenue(nowMs)
    await pull(optionsFor(venue, { fromMs: Date.UTC(2025, 1, 20), toMs: Date.UTC(2025, 2, 1) }))
    const wider = await pull(
      optionsFor(venue, { fromMs: Date.UTC(2025, 1, 10), toMs: Date.UTC(2025, 1, 15) }),
    )
    expect(wider.files.map(({ rows }) => rows)).toEqual([19 * 24])
  })
})

describe('other kinds', () => {
  test('funding keeps the milliseconds of the venue and no mark price it did not state', async () => {
    const report = await pull(
      optionsFor(createScriptedVenue(nowMs), { kind: 'funding', toMs: Date.UTC(2025, 0, 12) }),
    )
    const { rows } = await rowsIn(report.files[0]?.path as string)
    expect(rows).toHaveLength(6)
    expect(rows[0]).toEqual([(listedMs + 3) * 1_000, 'BTCUSDT', 0.0001, undefined])
  })

  test('mark price candles have prices only', async () => {
    const report = await pull(
      optionsFor(createScriptedVenue(nowMs), { kind: 'mark', toMs: Date.UTC(2025, 0, 11) }),
    )
    const { columns, rows } = await rowsIn(report.files[0]?.path as string)
    expect(columns).toEqual(['timestamp', 'open', 'high', 'low', 'close'])
    expect(rows).toHaveLength(24)
  })

  test('trades come complete by id, also several in one millisecond', async () => {
    const venue = createScriptedVenue(nowMs)
    const day = { fromMs: tradesStartMs - 24 * hour, toMs: tradesStartMs + 24 * hour }
    const report = await pull(optionsFor(venue, { kind: 'trades', ...day }))
    expect(report.files.map(({ path, rows }) => [path, rows])).toEqual([
      ['binance/trades/BTCUSDT_2025-01-10.parquet', 0],
      ['binance/trades/BTCUSDT_2025-01-11.parquet', tradeCount],
    ])
    const { rows } = await rowsIn('binance/trades/BTCUSDT_2025-01-11.parquet')
    expect(rows.map((row) => row[1])).toEqual(Array.from({ length: tradeCount }, (_, id) => id))
    expect(rows[1]).toEqual([tradesStartMs * 1_000, 1, 'BTCUSDT', 'buy', '50000.10', '0.010', 2, 3])
  })

  test('exchange info keeps filters and the whole entry', async () => {
    const venue = createScriptedVenue(nowMs)
    const report = await pull(optionsFor(venue, { kind: 'exchange-info', symbols: [] }))
    const { rows } = await rowsIn(report.files[0]?.path as string)
    expect(rows[0]?.slice(0, 7)).toEqual([
      nowMs * 1_000,
      'BTCUSDT',
      'TRADING',
      'PERPETUAL',
      '0.1',
      '0.001',
      '5',
    ])
    expect(JSON.parse(String(rows[0]?.[7])).baseAsset).toBe('BTC')
  })
})

describe('a venue that', () => {
  test('says too many requests is left alone for as long as it says', async () => {
    const venue = createScriptedVenue(nowMs)
    const options = optionsFor(venue)
    venue.failures.push({ status: 429, headers: { 'retry-after': '7' }, body: '{"code":-1003}' })
    await pull(options)
    expect(
      (options.runtime as ReturnType<typeof scriptedRuntime>).waitedUs(),
    ).toBeGreaterThanOrEqual(7_000_000)
  })

  test('bans this address ends the pull, and what was whole stays', async () => {
    const venue = createScriptedVenue(nowMs)
    await pull(optionsFor(venue, { toMs: Date.UTC(2025, 1, 1) }))
    const failing = optionsFor(venue)
    const { answer } = venue
    venue.answer = (url) =>
      url.includes('klines') ? { status: 418, headers: {}, body: '{}' } : answer(url)
    await expect(pull(failing)).rejects.toMatchObject({ code: 'VENUE_BANNED' })
    expect((await readManifest(folder))?.files).toHaveLength(1)
  })

  test('cannot be reached is asked four times, with growing pauses', async () => {
    const venue = createScriptedVenue(nowMs)
    const runtime = scriptedRuntime(venue)
    const http = async (): Promise<never> => {
      venue.asked.push('nobody')
      throw new TradingError('VENUE_UNREACHABLE', 'fapi.binance.com: refused')
    }
    await expect(pull(optionsFor(venue, { runtime: { ...runtime, http } }))).rejects.toMatchObject({
      code: 'VENUE_UNREACHABLE',
    })
    expect([venue.asked.length, runtime.waitedUs()]).toEqual([4, 3_500_000])
  })

  test('does not list the symbol is not asked for its history', async () => {
    const venue = createScriptedVenue(nowMs)
    await expect(pull(optionsFor(venue, { symbols: ['NOPEUSDT'] }))).rejects.toThrow(
      /binance lists no NOPEUSDT/,
    )
    expect(venue.asked.some((line) => line.startsWith('klines'))).toBe(false)
  })

  test('is not the venue itself is marked as synthetic and never mixes with real markets', async () => {
    const venue = createScriptedVenue(nowMs)
    await pull(optionsFor(venue, { restUrl: 'http://127.0.0.1:9', toMs: Date.UTC(2025, 1, 1) }))
    expect((await readManifest(folder))?.synthetic).toBe(true)
    const { attributes } = await rowsIn('binance/klines_1h/BTCUSDT_1h_2025-01.parquet')
    expect(attributes.synthetic).toBe('true')
    await expect(pull(optionsFor(venue))).rejects.toThrow(/holds synthetic markets/)
  })
})

describe('the command', () => {
  const start = (words: readonly string[]) => {
    const child = spawn(process.execPath, ['pipelines/data/main.ts', ...words])
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      child.on('close', (code) => resolve({ code, out, err }))
    })
    return { child, ended }
  }

  test('killed in the middle goes on with the file it was at', async () => {
    const venue = createScriptedVenue(nowMs)
    let onAnswer = (): void => undefined
    const server = await serveVenue(venue, () => onAnswer())
    const words = `pull --venue aster --symbols BTCUSDT --from 2025-01-01 --json --rest ${server.url} --out ${folder}`
    const killed = start(words.split(' '))
    onAnswer = () => {
      // The clock, the listing, January: February is being asked for.
      const pages = venue.asked.filter((line) => line.startsWith('klines'))
      if (pages.some((line) => line.includes(`startTime=${Date.UTC(2025, 1, 1)}`)))
        killed.child.kill('SIGKILL')
    }
    await killed.ended
    onAnswer = () => undefined
    expect((await readManifest(folder))?.files).toHaveLength(1)
    const { code, out } = await start(words.split(' ')).ended
    server.close()
    expect(code).toBe(0)
    expect(JSON.parse(out.trimEnd().split('\n').at(-1) as string)).toMatchObject({ kept: 1 })
    expect((await readManifest(folder))?.files).toHaveLength(3)
  })
})

describe('the plan', () => {
  test('cuts at months, and at days for trades', () => {
    const range = {
      venue: 'aster',
      symbols: ['A', 'B'],
      fromMs: Date.UTC(2024, 11, 31),
      toMs: Date.UTC(2025, 0, 2, 12),
    }
    const months = planParts({ ...range, kind: 'klines', interval: '1d' })
    expect(months.map(({ path }) => path)).toEqual([
      'aster/klines_1d/A_1d_2024-12.parquet',
      'aster/klines_1d/A_1d_2025-01.parquet',
      'aster/klines_1d/B_1d_2024-12.parquet',
      'aster/klines_1d/B_1d_2025-01.parquet',
    ])
    const days = planParts({ ...range, kind: 'trades', interval: undefined, symbols: ['A'] })
    expect(days.map(({ path }) => path.slice(-18))).toEqual([
      '2024-12-31.parquet',
      '2025-01-01.parquet',
      '2025-01-02.parquet',
    ])
    expect(days.at(-1)?.toMs).toBe(Date.UTC(2025, 0, 2, 12))
  })
})
