import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import type { BacktestSource } from '#shared/analytics/result.ts'
import { readParquetColumns } from '#shared/cloud/local/parquet.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type CheckedCandles, checkCandles } from './candle-check.ts'
import { type CandleRows, readCandleCsv } from './candle-csv.ts'
import { type CandleFile, unknownSymbol } from './candle-file.ts'

export type ReadCandles = {
  readonly candles: readonly CheckedCandles[]
  readonly sources: readonly BacktestSource[]
}

/**
 * Reads and checks every file; all bars must have one length.
 *
 * @throws TradingError FILE_UNREADABLE, CANDLE_MALFORMED, SYMBOL_UNKNOWN
 */
export async function readCandleFiles(
  files: readonly CandleFile[],
  terms: {
    readonly symbols: readonly string[] | 'all'
    readonly refusesMixed?: boolean | undefined
    readonly intervalUs: number | undefined
    readonly nowUs: number
    readonly allowGaps: boolean
    readonly onFile?: ((done: number, total: number) => void) | undefined
  },
): Promise<ReadCandles> {
  const candles = new Map<string, CheckedCandles>()
  const sources: BacktestSource[] = []
  let intervalUs = terms.intervalUs
  for (const [index, file] of files.entries()) {
    const bytes = await readBytes(file.path)
    const tables = await rowsFrom(file, bytes)
    if (terms.refusesMixed && tables.length > 1)
      throw new TradingError(
        'CANDLE_MALFORMED',
        `${file.path} mixes ${tables.length} symbols (${tables
          .slice(0, 3)
          .map(({ symbol }) => symbol)
          .join(', ')}${tables.length > 3 ? ', …' : ''}); choose with --symbols, or --symbols all`,
      )
    sources.push({
      path: file.path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      rows: tables.reduce((sum, { timeUs }) => sum + timeUs.length, 0),
      isSynthetic: false,
    })
    for (const rows of tables) {
      if (terms.symbols !== 'all' && !terms.symbols.includes(rows.symbol)) continue
      if (candles.has(rows.symbol))
        throw new TradingError(
          'CANDLE_MALFORMED',
          `${file.path}: ${rows.symbol} was already read from another file; give each symbol once`,
        )
      const checked = checkCandles(rows, { ...terms, path: file.path, intervalUs })
      intervalUs ??= checked.intervalUs
      candles.set(rows.symbol, checked)
    }
    terms.onFile?.(index + 1, files.length)
  }
  if (terms.symbols !== 'all')
    for (const symbol of terms.symbols)
      if (!candles.has(symbol)) throw unknownSymbol(symbol, [...candles.keys()])
  return { candles: ordered(candles, terms.symbols), sources }
}

/** In the order asked for, else by name as the files were. */
const ordered = (
  candles: ReadonlyMap<string, CheckedCandles>,
  symbols: readonly string[] | 'all',
): readonly CheckedCandles[] =>
  symbols === 'all'
    ? [...candles.values()]
    : symbols.map((symbol) => candles.get(symbol) as CheckedCandles)

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new TradingError('FILE_UNREADABLE', `${path} cannot be read; check the path`, {}, error)
  }
}

async function rowsFrom(file: CandleFile, bytes: Buffer): Promise<readonly CandleRows[]> {
  if (file.path.endsWith('.parquet')) return [await rowsFromParquet(file)]
  return readCandleCsv(textFrom(file.path, bytes), file)
}

/** Text of a file that may be gzipped. @throws TradingError FILE_UNREADABLE when the compression is broken */
export function textFrom(path: string, bytes: Buffer): string {
  if (!path.endsWith('.gz')) return bytes.toString('utf8')
  try {
    return gunzipSync(bytes).toString('utf8')
  } catch (error) {
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} is not whole gzip; fetch it again`,
      {},
      error,
    )
  }
}

async function rowsFromParquet({ path, symbol }: CandleFile): Promise<CandleRows> {
  if (symbol === undefined)
    throw new TradingError(
      'CANDLE_MALFORMED',
      `${path} does not say its symbol; name it like BTCUSDT_1h.parquet`,
    )
  const columns = await readParquetColumns(path, [
    ['timestamp', '__index_level_0__', 'open_time', 'ts', 'time'],
    ['open'],
    ['high'],
    ['low'],
    ['close'],
    ['volume'],
  ])
  const column = (name: string): number[] => [...(columns.get(name) ?? [])]
  const timeUs = column('timestamp')
  if (timeUs.length === 0) throw new TradingError('CANDLE_MALFORMED', `${path} has no rows`)
  return {
    symbol,
    timeUs,
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    line: timeUs.map((_, i) => i + 1),
  }
}
