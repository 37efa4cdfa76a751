import { stat } from 'node:fs/promises'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { TradingError } from '#shared/kernel/error.ts'

export type TableCell = string | number | boolean | undefined

/** A Parquet file whose columns are not known beforehand. */
export type ParquetTable = {
  readonly columns: readonly string[]
  readonly rows: number
  /** Key-value metadata that whoever wrote the file left in it. */
  readonly attributes: Readonly<Record<string, string>>
  /**
   * Rows in the order of the file. Times are whole microseconds since 1970 (without a zone: as if UTC), numbers are
   * doubles, NULL is undefined. May be read once; ends by itself or by leaving the loop.
   */
  readonly batches: AsyncIterable<readonly (readonly TableCell[])[]>
}

/** @throws TradingError FILE_UNREADABLE when the file is absent or not Parquet */
export async function openParquetTable(path: string): Promise<ParquetTable> {
  const isFile = await stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  )
  if (!isFile)
    throw new TradingError('FILE_UNREADABLE', `cannot read ${path}: there is no such file`)
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const release = (): void => {
    connection.closeSync()
    instance.closeSync()
  }
  const source = `read_parquet('${path.replaceAll("'", "''")}')`
  try {
    const described = await rowsOf(connection, `DESCRIBE SELECT * FROM ${source}`)
    const columns = described.map(([name, type]) => ({ name: String(name), type: String(type) }))
    const [[rows] = []] = await rowsOf(connection, `SELECT count(*)::INTEGER FROM ${source}`)
    const pairs = await rowsOf(
      connection,
      `SELECT decode(key), decode(value) FROM ${source.replace('read_parquet', 'parquet_kv_metadata')}
       WHERE decode(key) NOT IN ('ARROW:schema', 'pandas')`,
    )
    return {
      columns: columns.map(({ name }) => name),
      rows: Number(rows),
      attributes: Object.fromEntries(pairs.map(([key, value]) => [String(key), String(value)])),
      batches: readRows(
        connection,
        release,
        `SELECT ${columns.map(plainColumn).join(', ')} FROM ${source}`,
      ),
    }
  } catch (cause) {
    release()
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} is not a Parquet file: ${(cause as Error).message.split('\n')[0]}`,
      { path },
      cause,
    )
  }
}

const rowsOf = async (connection: DuckDBConnection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRows()

function plainColumn({ name, type }: { readonly name: string; readonly type: string }): string {
  const column = `"${name.replaceAll('"', '""')}"`
  // A double holds microseconds until the year 2255.
  if (/^(TIMESTAMP|DATE)/.test(type)) return `epoch_us(${column})::DOUBLE AS ${column}`
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|FLOAT|DECIMAL|DOUBLE)/.test(type))
    return `${column}::DOUBLE AS ${column}`
  return type === 'BOOLEAN' ? column : `${column}::VARCHAR AS ${column}`
}

async function* readRows(
  connection: DuckDBConnection,
  release: () => void,
  sql: string,
): AsyncGenerator<readonly (readonly TableCell[])[]> {
  try {
    const result = await connection.stream(sql)
    for await (const rows of result.yieldRows())
      yield rows.map((row) => row.map((cell) => (cell === null ? undefined : (cell as TableCell))))
  } finally {
    release()
  }
}
