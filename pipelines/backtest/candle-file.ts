import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'
import { candleIntervalOf } from '#shared/market/candle-interval.ts'
import { suggestSymbol } from '#shared/market/suggest-symbol.ts'

/** A file of candles and what its name says. */
export type CandleFile = {
  readonly path: string
  /** Undefined for a file of many symbols, which then needs a symbol column. */
  readonly symbol: string | undefined
  /** From a name like `BTCUSDT_1h.parquet`. */
  readonly interval: string | undefined
}

const candleEnding = /\.(csv|csv\.gz|parquet)$/
const quoteAssets = /^[\p{L}\p{N}]+(USDT|USDC|USD|FDUSD|USD1)$/u

/** What a file name tells: `BTCUSDT.csv.gz`, `BTCUSDT_1h.parquet`, `BTCUSDT-1h-2024-01.csv`. */
export function candleFileFrom(path: string): CandleFile {
  const parts = basename(path).replace(candleEnding, '').split(/[-_]/)
  const [first = ''] = parts
  return {
    path,
    symbol: quoteAssets.test(first) ? first : undefined,
    interval: parts.slice(1).find((part) => /^\d{1,2}[mhd]$/.test(part)),
  }
}

/**
 * Files behind paths that are files or folders, in name order, one interval only, cut to the wanted symbols.
 *
 * @throws TradingError FILE_UNREADABLE when a path is absent or a folder has no candles
 * @throws TradingError OPTION_INVALID when several intervals are there and none was asked for
 * @throws TradingError SYMBOL_UNKNOWN when a wanted symbol has no file
 */
export function findCandleFiles(
  paths: readonly string[],
  symbols: readonly string[] | 'all',
  intervalUs: number | undefined,
): readonly CandleFile[] {
  const found = paths.flatMap(filesAt).map(candleFileFrom)
  const interval = intervalUs === undefined ? undefined : candleIntervalOf(intervalUs)
  const named = [...new Set(found.flatMap((file) => file.interval ?? []))]
  if (interval === undefined && named.length > 1)
    throw new TradingError(
      'OPTION_INVALID',
      `${paths.join(', ')} holds candles of ${named.sort().join(', ')}; choose with --interval`,
    )
  const ofInterval = found.filter(
    (file) => interval === undefined || file.interval === undefined || file.interval === interval,
  )
  if (ofInterval.length === 0)
    throw new TradingError(
      'FILE_UNREADABLE',
      `${paths.join(', ')} holds no candles of ${interval ?? 'any interval'}; it has ${named.sort().join(', ') || 'no .csv, .csv.gz or .parquet'}`,
    )
  return symbols === 'all' ? ofInterval : withSymbols(ofInterval, symbols)
}

function withSymbols(
  files: readonly CandleFile[],
  symbols: readonly string[],
): readonly CandleFile[] {
  const known = files.flatMap(({ symbol }) => symbol ?? [])
  // A file of many symbols may hold any of them; its reader looks.
  if (known.length === files.length)
    for (const symbol of symbols) if (!known.includes(symbol)) throw unknownSymbol(symbol, known)
  return files.filter(({ symbol }) => symbol === undefined || symbols.includes(symbol))
}

export function unknownSymbol(symbol: string, known: readonly string[]): TradingError {
  const nearest = suggestSymbol(symbol, known)
  const some = known.length > 12 ? `${known.slice(0, 12).join(', ')}, …` : known.join(', ')
  return new TradingError(
    'SYMBOL_UNKNOWN',
    `there are no candles of '${symbol}'; ${nearest ? `did you mean ${nearest}?` : `there are ${some}`}`,
  )
}

function filesAt(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) throw new TradingError('FILE_UNREADABLE', `${path} does not exist; check --candles`)
  if (!stat.isDirectory()) {
    if (candleEnding.test(path)) return [path]
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} is not .csv, .csv.gz or .parquet; convert it first`,
    )
  }
  return readdirSync(path)
    .filter((name) => candleEnding.test(name))
    .sort()
    .map((name) => join(path, name))
}
