import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '#shared/cloud/local/folder.ts'
import { writeParquet } from '#shared/cloud/local/parquet-writer.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { microsPerHour } from '#shared/kernel/unit.ts'
import { candleIntervalOf } from '#shared/market/candle-interval.ts'
import { symbolOfFile } from './check.ts'
import { checkFunding } from './check-funding.ts'
import { checkKlines } from './check-klines.ts'
import { fundingOffsetHours } from './funding-zone.ts'
import type { Layout } from './layout.ts'
import { createProblemLog, type ProblemLog, problemText } from './problem.ts'
import { type FundingRow, type KlineRow, readFundingTable, readKlineRows } from './row-reader.ts'
import { syntheticKey } from './synthetic.ts'
import type { Table } from './table.ts'
import { timeText } from './time-text.ts'

export type ImportOptions = {
  /** Folder of the Parquet files. */
  readonly out: string
  readonly nowUs: number
  /** Zone of local times, hours east of UTC. */
  readonly utcOffsetHours?: number
  /** Symbol of a file that names none in its rows. */
  readonly symbol?: string
}

/** What was written. */
export type Imported = {
  readonly path: string
  readonly rows: number
  /** Things a reader should know, one line each. */
  readonly notes: readonly string[]
}

/** The first error ends an import: half a market is worse than none. @throws TradingError ROW_INVALID */
function refuseErrors(log: ProblemLog): readonly string[] {
  const error = log.listed.find(({ severity }) => severity === 'error')
  if (error) throw new TradingError('ROW_INVALID', problemText(error).replace(': error: ', ': '))
  return Object.entries(log.counts()).map(([kind, count]) => {
    const [first] = log.listed.filter((problem) => problem.kind === kind)
    return first ? `${problemText(first)}${count > 1 ? ` (and ${count - 1} more)` : ''}` : kind
  })
}

async function* kept<Row>(rows: AsyncIterable<Row>, into: Row[]): AsyncGenerator<Row> {
  for await (const row of rows) {
    into.push(row)
    yield row
  }
}

const attributesOf = (table: Table): Readonly<Record<string, string>> => ({
  [syntheticKey]: table.attributes[syntheticKey] ?? 'false',
  source: table.path,
})

/** Candles of one symbol and interval, from one file or from several that follow each other. */
export type CandleSet = {
  readonly symbol: string
  readonly interval: string
  readonly isSynthetic: boolean
  readonly files: string[]
  readonly rows: KlineRow[]
}

/**
 * Reads and checks the candles of one file and puts them behind what is there already.
 *
 * @param sets - by output name; candles of a symbol that is there must come after them
 * @returns notes
 * @throws TradingError ROW_INVALID naming file and row at the first error of the check
 */
export async function collectKlines(
  table: Table,
  layout: Extract<Layout, { kind: 'klines' }>,
  sets: Map<string, CandleSet>,
  { nowUs, symbol }: ImportOptions,
): Promise<readonly string[]> {
  const log = createProblemLog()
  const rows: KlineRow[] = []
  const source = kept(readKlineRows(table, layout, log), rows)
  const series = await checkKlines(table.path, source, log, {
    nowUs,
    allowsSymbols: layout.symbol !== undefined,
    mayBeEmpty: table.attributes.kind !== undefined,
  })
  const notes = refuseErrors(log)
  for (const facts of series) {
    const name = facts.symbol ?? symbol ?? table.attributes.symbol ?? symbolOfFile(table.path)
    const own = rows.filter((row) => row.symbol === facts.symbol)
    const interval = intervalOf(table, name, facts.intervalUs)
    const key = `${name}_${interval}`
    const set = sets.get(key) ?? {
      symbol: name,
      interval,
      isSynthetic: table.attributes[syntheticKey] === 'true',
      files: [],
      rows: [],
    }
    checkFollows(table, set, own[0] as KlineRow)
    set.files.push(table.path)
    // A spread of a million rows would overflow the stack.
    for (const row of own) set.rows.push(row)
    sets.set(key, set)
  }
  return notes
}

function intervalOf(table: Table, name: string, intervalUs: number | undefined): string {
  const interval =
    intervalUs === undefined ? table.attributes.interval : candleIntervalOf(intervalUs)
  if (interval !== undefined) return interval
  throw new TradingError(
    'ROW_INVALID',
    `${table.path}: candles of ${name} are ${intervalUs ?? 'an unknown number of'} µs apart, which is no interval of a venue`,
  )
}

function checkFollows(table: Table, set: CandleSet, first: KlineRow): void {
  const before = set.rows.at(-1)
  const refuse = (what: string) =>
    new TradingError('ROW_INVALID', `${table.path}, row ${first.row}: ${what}`)
  if (before && first.timeUs <= before.timeUs)
    throw refuse(
      `${set.symbol} ${timeText(first.timeUs)} does not come after ${timeText(before.timeUs)} of ${set.files.at(-1)}; give the files in order of time, and each candle once`,
    )
  if (before && (table.attributes[syntheticKey] === 'true') !== set.isSynthetic)
    throw refuse(`synthetic and real candles of ${set.symbol} do not mix`)
}

/** @throws TradingError OPTION_INVALID when the file is there: it may hold something else */
function refuseReplacing(path: string): void {
  if (existsSync(path))
    throw new TradingError('OPTION_INVALID', `${path} exists; remove it or name another --out`)
}

/** Writes `SYMBOL_INTERVAL.parquet`, which the candle engine reads. */
export async function writeCandleSet(set: CandleSet, out: string): Promise<Imported> {
  const { symbol, interval, rows, files, isSynthetic } = set
  makeFolder(out, '--out')
  const path = join(out, `${symbol}_${interval}.parquet`)
  refuseReplacing(path)
  await writeParquet(
    {
      path,
      columns: {
        timestamp: 'timestamp',
        open: 'float',
        high: 'float',
        low: 'float',
        close: 'float',
        volume: 'float',
        quote_volume: 'float',
        trades: 'integer',
      },
      attributes: {
        [syntheticKey]: String(isSynthetic),
        source: files.join(', '),
        symbol,
        interval,
      },
    },
    [
      rows.map(({ timeUs }) => timeUs),
      rows.map(({ open }) => open),
      rows.map(({ high }) => high),
      rows.map(({ low }) => low),
      rows.map(({ close }) => close),
      rows.map(({ volume }) => volume),
      rows.map(({ quoteVolume }) => quoteVolume),
      rows.map(({ trades }) => trades),
    ],
  )
  return {
    path,
    rows: rows.length,
    notes: files.length > 1 ? [`joined from ${files.length} files`] : [],
  }
}

/**
 * Funding rates to one Parquet file per input, times in UTC.
 *
 * @throws TradingError ROW_INVALID as {@link importKlines}; OPTION_INVALID when times name no zone and it cannot be told
 */
export async function importFunding(
  table: Table,
  layout: Extract<Layout, { kind: 'funding' }>,
  { out, nowUs, utcOffsetHours }: ImportOptions,
): Promise<Imported> {
  const log = createProblemLog()
  const rows: FundingRow[] = []
  await checkFunding(table.path, kept(readFundingTable(table, layout, log), rows), log, { nowUs })
  const notes = refuseErrors(log).filter((note) => !note.includes('name no zone'))
  const hasZone = rows.every((row) => row.hasZone)
  const offset = hasZone ? 0 : (utcOffsetHours ?? fundingOffsetHours(table.path, rows))
  const symbols = rows.map((row) => row.symbol ?? symbolOfFile(table.path))
  makeFolder(out, '--out')
  const path = join(out, `${symbolOfFile(table.path)}_funding.parquet`)
  refuseReplacing(path)
  await writeParquet(
    {
      path,
      columns: { timestamp: 'timestamp', symbol: 'string', funding_rate: 'float' },
      attributes: { ...attributesOf(table), utc_offset_hours: String(offset) },
    },
    [
      rows.map(({ timeUs }) => timeUs - offset * microsPerHour),
      symbols,
      rows.map(({ rate }) => rate),
    ],
  )
  const zone = hasZone ? [] : [`local times read as UTC${offset < 0 ? '' : '+'}${offset}`]
  return { path, rows: rows.length, notes: [...zone, ...notes] }
}
