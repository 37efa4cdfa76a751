import { openParquetTable } from '#shared/cloud/local/parquet-table.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { openCsv } from './csv.ts'

/** One cell; CSV has text only, Parquet has what its types are. Times of Parquet are whole microseconds. */
export type Cell = string | number | boolean | undefined

/** CSV or Parquet, read the same way. */
export type Table = {
  readonly path: string
  readonly columns: readonly string[]
  /** Rows with where they are: a line number in text, a row number from 1 in Parquet. */
  readonly batches: AsyncIterable<TableBatch>
  /** Key-value metadata; empty for text. */
  readonly attributes: Readonly<Record<string, string>>
}

export type TableBatch = {
  readonly firstRow: number
  readonly rows: readonly (readonly Cell[])[]
}

export const isParquet = (path: string): boolean => path.endsWith('.parquet')
export const isTextTable = (path: string): boolean => /\.csv(\.gz)?$/.test(path)

/** @throws TradingError FILE_UNREADABLE, ROW_INVALID naming file and row */
export async function openTable(path: string): Promise<Table> {
  if (isTextTable(path)) {
    const { columns, batches } = await openCsv(path)
    return { path, columns, batches, attributes: {} }
  }
  if (!isParquet(path))
    throw new TradingError('FILE_UNREADABLE', `${path} is neither .csv, .csv.gz nor .parquet`)
  const { columns, attributes, batches } = await openParquetTable(path)
  return {
    path,
    columns,
    attributes,
    batches: (async function* () {
      let firstRow = 1
      for await (const rows of batches) {
        yield { firstRow, rows }
        firstRow += rows.length
      }
    })(),
  }
}

/** A finite number, or undefined when the cell holds none. */
export function numberIn(cell: Cell): number | undefined {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : undefined
  if (typeof cell !== 'string' || cell.trim() === '') return undefined
  const value = Number(cell)
  return Number.isFinite(value) ? value : undefined
}
