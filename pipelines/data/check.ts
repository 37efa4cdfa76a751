import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'
import { checkFunding } from './check-funding.ts'
import { checkKlines, type SeriesFacts, survivorshipNote } from './check-klines.ts'
import { checkTape } from './check-tape.ts'
import { checkTicks } from './check-ticks.ts'
import { layoutOf, layoutsText } from './layout.ts'
import { createProblemLog, type ProblemLog } from './problem.ts'
import { readFundingTable, readKlineRows } from './row-reader.ts'
import { syntheticKey } from './synthetic.ts'
import { isParquet, isTextTable, openTable } from './table.ts'
import { readTickRows } from './tick-row.ts'

/** What a file is and whether it can be used. */
export type FileReport = {
  readonly file: string
  readonly kind: string
  readonly symbols: readonly string[]
  readonly rows: number
  readonly firstUs: number | undefined
  readonly lastUs: number | undefined
  readonly interval: string | undefined
  readonly isSynthetic: boolean
}

export type CheckOptions = {
  readonly nowUs: number
  /** Refuses what is marked as synthetic. */
  readonly isRealWanted: boolean
  readonly jumpRatioMin?: number
  readonly grid?: { readonly tick: string; readonly lot: string }
  readonly onFile?: (done: number, total: number, file: string) => void
}

export type CheckReport = { readonly files: readonly FileReport[]; readonly log: ProblemLog }

/** Files below folders, by name; only those that hold market rows. @throws TradingError FILE_UNREADABLE */
export async function filesToCheck(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = []
  for (const path of paths) {
    const entry = await stat(path).catch((cause) => {
      throw new TradingError(
        'FILE_UNREADABLE',
        `cannot read ${path}: there is no such file`,
        {},
        cause,
      )
    })
    if (!entry.isDirectory()) {
      files.push(path)
      continue
    }
    const names = (await readdir(path, { recursive: true })).sort()
    files.push(
      ...names
        .map((name) => join(path, name))
        .filter((name) => isTextTable(name) || isParquet(name)),
    )
  }
  if (files.length === 0)
    throw new TradingError(
      'FILE_UNREADABLE',
      `no .csv, .csv.gz or .parquet under ${paths.join(', ')}`,
    )
  return files
}

/** @throws TradingError FILE_UNREADABLE when a file cannot be read at all */
export async function checkFiles(
  paths: readonly string[],
  options: CheckOptions,
): Promise<CheckReport> {
  const log = createProblemLog()
  const reports: FileReport[] = []
  /** Candles of one folder and interval are one set of symbols. */
  const sets = new Map<string, SeriesFacts[]>()
  const files = await filesToCheck(paths)
  for (const [index, file] of files.entries()) {
    options.onFile?.(index, files.length, file)
    const { report, klines } = await checkFile(file, log, options)
    reports.push(report)
    for (const facts of klines) {
      const set = `${dirname(file)} ${facts.intervalUs}`
      sets.set(set, [...(sets.get(set) ?? []), facts])
    }
    if (report.isSynthetic)
      if (options.isRealWanted)
        log.add(file, undefined, 'value', 'synthetic, and --real asks for real markets')
      else log.add(file, undefined, 'synthetic', 'synthetic: nobody traded this')
  }
  for (const [set, series] of sets) {
    const note = survivorshipNote(series)
    if (note !== undefined) log.add(set.split(' ')[0] as string, undefined, 'survivorship', note)
  }
  return { files: reports, log }
}

type Checked = { readonly report: FileReport; readonly klines: readonly SeriesFacts[] }

async function checkFile(file: string, log: ProblemLog, options: CheckOptions): Promise<Checked> {
  if (!isTextTable(file) && !isParquet(file)) {
    const facts = await checkTape(file, log, options)
    return {
      report: { ...base(file, 'tape'), ...facts, symbols: facts.symbol.split(' ') },
      klines: [],
    }
  }
  const table = await openTable(file)
  const isSynthetic = table.attributes[syntheticKey] === 'true'
  const layout = layoutOf(table.columns)
  if (!layout) {
    log.add(
      file,
      1,
      'columns',
      `columns ${table.columns.join(', ').slice(0, 120)} are none of: ${layoutsText}`,
    )
    return { report: { ...base(file, 'unknown'), isSynthetic }, klines: [] }
  }
  try {
    switch (layout.kind) {
      case 'klines': {
        const rows = readKlineRows(table, layout, log)
        const klines = (
          await checkKlines(file, rows, log, {
            ...options,
            allowsSymbols: layout.symbol !== undefined,
            mayBeEmpty: table.attributes.kind !== undefined,
          })
        ).map((facts) => ({ ...facts, symbol: facts.symbol ?? symbolOfFile(file) }))
        return { report: { ...summed(file, 'klines', klines), isSynthetic }, klines }
      }
      case 'funding': {
        const facts = await checkFunding(file, readFundingTable(table, layout, log), log, options)
        return { report: { ...summed(file, 'funding', facts), isSynthetic }, klines: [] }
      }
      default: {
        const facts = await checkTicks(file, readTickRows(table, layout), log, options)
        const report = summed(file, layout.kind, facts ? [facts] : [])
        return { report: { ...report, isSynthetic }, klines: [] }
      }
    }
  } catch (error) {
    if (!(error instanceof TradingError) || error.code !== 'ROW_INVALID') throw error
    log.add(file, undefined, 'value', error.message.replace(`${file}, `, ''))
    return { report: { ...base(file, layout.kind), isSynthetic }, klines: [] }
  }
}

const base = (file: string, kind: string): FileReport => ({
  file,
  kind,
  symbols: [],
  rows: 0,
  firstUs: undefined,
  lastUs: undefined,
  interval: undefined,
  isSynthetic: false,
})

type Facts = {
  readonly symbol: string | undefined
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
  readonly intervalUs?: number | undefined
}

function summed(file: string, kind: string, facts: readonly Facts[]): FileReport {
  if (facts.length === 0) return base(file, kind)
  const intervals = new Set(facts.map(({ intervalUs }) => intervalUs))
  const [intervalUs] = intervals
  return {
    ...base(file, kind),
    symbols: facts.map(({ symbol }) => symbol ?? symbolOfFile(file)),
    rows: facts.reduce((sum, { rows }) => sum + rows, 0),
    firstUs: Math.min(...facts.map(({ firstUs }) => firstUs)),
    lastUs: Math.max(...facts.map(({ lastUs }) => lastUs)),
    interval:
      intervals.size === 1 && intervalUs !== undefined ? `${intervalUs / 60e6} min` : undefined,
  }
}

/** `klines/BTCUSDT_1h.parquet` → `BTCUSDT`. */
export const symbolOfFile = (path: string): string =>
  (path.split('/').pop() as string)
    .replace(/\.(csv|parquet)(\.gz)?$/, '')
    .replace(/_\d+[mhd](_[\d-]+)?$/, '')
