import { join } from 'node:path'
import { TradingError } from '#shared/kernel/error.ts'
import type { CaptureGrid } from '#shared/venue/aster/capture/instrument.ts'
import { filesToCheck } from './check.ts'
import { importCaptures } from './import-capture.ts'
import {
  type CandleSet,
  collectKlines,
  type Imported,
  importFunding,
  writeCandleSet,
} from './import-table.ts'
import { importTicks, type TapeImported } from './import-ticks.ts'
import { layoutOf, layoutsText } from './layout.ts'
import { marketFolder } from './options.ts'
import { syntheticKey } from './synthetic.ts'
import { isParquet, isTextTable, openTable } from './table.ts'

export type ImportRequest = {
  readonly files: readonly string[]
  /** Folder for Parquet, file for a tape; undefined: the usual one, or the name of the first file in this folder. */
  readonly out: string | undefined
  readonly nowUs: number
  readonly isRealWanted: boolean
  readonly utcOffsetHours?: number
  readonly grid?: CaptureGrid
  readonly symbol?: string
}

/**
 * Imports files: candles to one Parquet per symbol and interval (files of one symbol are joined), funding to one per
 * file, ticks and captures together to one tape.
 *
 * @throws TradingError ROW_INVALID, TAPE_*, OPTION_INVALID, FILE_UNREADABLE in one line with file and row
 */
export async function importFiles(request: ImportRequest): Promise<readonly Imported[]> {
  const { out, grid } = request
  const files = await filesUnder(request.files)
  const tables = files.filter((file) => isTextTable(file) || isParquet(file))
  if (tables.length === 0)
    return [fromTape(await importCaptures({ files, out: out ?? tapeName(files), grid }))]
  const stranger = files.find((file) => !tables.includes(file))
  if (stranger !== undefined)
    throw new TradingError(
      'OPTION_INVALID',
      `${stranger} is a capture among tables; import it by itself`,
    )
  const imported: Imported[] = []
  const ticks: string[] = []
  const sets = new Map<string, CandleSet>()
  const notes: string[] = []
  for (const file of files) {
    const table = await openTable(file)
    const layout = layoutOf(table.columns)
    if (!layout)
      throw new TradingError(
        'ROW_INVALID',
        `${file}, row 1: columns ${table.columns.join(', ').slice(0, 100)} are none of: ${layoutsText}`,
      )
    if (request.isRealWanted && table.attributes[syntheticKey] === 'true')
      throw new TradingError('ROW_INVALID', `${file}: synthetic, and --real asks for real markets`)
    const options = { ...request, out: out ?? marketFolder }
    if (layout.kind === 'klines') notes.push(...(await collectKlines(table, layout, sets, options)))
    else if (layout.kind === 'funding') imported.push(await importFunding(table, layout, options))
    else ticks.push(file)
  }
  for (const set of sets.values()) {
    const written = await writeCandleSet(set, out ?? marketFolder)
    imported.push({ ...written, notes: [...written.notes, ...notes.splice(0)] })
  }
  if (ticks.length === 0) return imported
  const path =
    imported.length > 0 ? join(out ?? marketFolder, tapeName(ticks)) : (out ?? tapeName(ticks))
  const tape = await importTicks({ files: ticks, out: path, grid, nowUs: request.nowUs })
  return [...imported, fromTape(tape)]
}

/** Folders stand for the tables in them. */
const filesUnder = async (paths: readonly string[]): Promise<readonly string[]> =>
  (await Promise.all(paths.map((path) => filesToCheck([path])))).flat()

const fromTape = ({ path, events, notes }: TapeImported): Imported => ({
  path,
  rows: events,
  notes,
})

const tapeName = (files: readonly string[]): string =>
  `${((files[0] as string).split('/').pop() as string).replace(/(\.(csv|dat|txt|json|jsonl|log))?(\.gz)?$/, '')}.arrow`
