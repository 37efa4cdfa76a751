import { open, rename, rm } from 'node:fs/promises'
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import { TradingError } from '#shared/kernel/error.ts'

/** `timestamp` values are whole microseconds since 1970 UTC; the file says TIMESTAMP without a zone. */
export type ParquetType = 'timestamp' | 'float' | 'integer' | 'string' | 'boolean'

export type ParquetCell = number | string | boolean | undefined

export type ParquetFile = {
  readonly path: string
  readonly columns: Readonly<Record<string, ParquetType>>
  /** Key-value metadata of the file. */
  readonly attributes: Readonly<Record<string, string>>
}

export type ParquetWriter = {
  readonly rows: number
  /**
   * @param columns - in the order of the file's columns, all of one length; undefined becomes NULL
   * @throws TradingError ROW_INVALID naming column and row when a value is not of its type
   */
  append(columns: readonly (readonly ParquetCell[])[]): void
  /** Writes the file whole or not at all, and syncs it. @throws TradingError FILE_UNREADABLE */
  close(): Promise<void>
  /** Forgets what was appended. */
  abort(): void
}

const sqlTypes: Readonly<Record<ParquetType, string>> = {
  timestamp: 'TIMESTAMP',
  float: 'DOUBLE',
  integer: 'BIGINT',
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
}
const chunkTypes: Readonly<Record<ParquetType, DuckDBType>> = {
  timestamp: TIMESTAMP,
  float: DOUBLE,
  integer: BIGINT,
  string: VARCHAR,
  boolean: BOOLEAN,
}

/** Most rows that DuckDB takes in one chunk. */
const chunkRowsMax = 2_048

/** Collects rows in a DuckDB of its own and copies them to Parquet at the end; large files spill to disk beside it. */
export async function openParquetWriter(file: ParquetFile): Promise<ParquetWriter> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MB',
    temp_directory: `${file.path}.spill`,
    preserve_insertion_order: 'true',
  })
  const connection = await instance.connect()
  const names = Object.keys(file.columns)
  const types = Object.values(file.columns)
  const columns = names.map((name, index) => `"${name}" ${sqlTypes[types[index]!]}`)
  await connection.run(`CREATE TABLE rows (${columns.join(', ')})`)
  const appender = await connection.createAppender('rows')
  let rows = 0
  let isClosed = false
  const release = (): void => {
    if (isClosed) return
    isClosed = true
    connection.closeSync()
    instance.closeSync()
  }
  return {
    get rows() {
      return rows
    },
    append(values) {
      const count = values[0]?.length ?? 0
      for (let from = 0; from < count; from += chunkRowsMax) {
        const chunk = DuckDBDataChunk.create(types.map((type) => chunkTypes[type]))
        chunk.setColumns(
          values.map((column, index) =>
            column
              .slice(from, from + chunkRowsMax)
              .map((cell, row) =>
                toValue(file, names[index]!, types[index]!, cell, rows + row + 1),
              ),
          ),
        )
        appender.appendDataChunk(chunk)
        rows += Math.min(chunkRowsMax, count - from)
      }
    },
    async close() {
      try {
        appender.closeSync()
        await copyTo(connection, file)
      } finally {
        release()
        await rm(`${file.path}.spill`, { recursive: true, force: true })
      }
    },
    abort() {
      if (isClosed) return
      appender.closeSync()
      release()
    },
  }
}

/** Writes one Parquet file from whole columns. @throws TradingError ROW_INVALID, FILE_UNREADABLE */
export async function writeParquet(
  file: ParquetFile,
  columns: readonly (readonly ParquetCell[])[],
): Promise<void> {
  const writer = await openParquetWriter(file)
  try {
    writer.append(columns)
    await writer.close()
  } catch (error) {
    writer.abort()
    throw error
  }
}

async function copyTo(connection: DuckDBConnection, file: ParquetFile): Promise<void> {
  const part = `${file.path}.part`
  const attributes = Object.entries(file.attributes)
    .map(([name, value]) => `${literal(name)}: ${literal(value)}`)
    .join(', ')
  const metadata = attributes ? `, KV_METADATA {${attributes}}` : ''
  try {
    await connection.run(
      `COPY rows TO ${literal(part)} (FORMAT parquet, COMPRESSION zstd${metadata})`,
    )
    const handle = await open(part, 'r+')
    await handle.sync()
    await handle.close()
    await rename(part, file.path)
  } catch (cause) {
    await rm(part, { force: true })
    throw new TradingError(
      'FILE_UNREADABLE',
      `cannot write ${file.path}: ${(cause as Error).message.split('\n')[0]}`,
      { path: file.path },
      cause,
    )
  }
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

function toValue(
  file: ParquetFile,
  name: string,
  type: ParquetType,
  cell: ParquetCell,
  row: number,
): DuckDBValue {
  if (cell === undefined) return null
  switch (type) {
    case 'timestamp':
      if (Number.isSafeInteger(cell)) return new DuckDBTimestampValue(BigInt(cell as number))
      break
    case 'integer':
      if (Number.isSafeInteger(cell)) return BigInt(cell as number)
      break
    case 'float':
      if (Number.isFinite(cell)) return cell as number
      break
    case 'string':
      if (typeof cell === 'string') return cell
      break
    case 'boolean':
      if (typeof cell === 'boolean') return cell
      break
  }
  throw new TradingError(
    'ROW_INVALID',
    `${file.path}, row ${row}: ${name} is ${String(cell)}, not a ${type}`,
    { path: file.path },
  )
}
