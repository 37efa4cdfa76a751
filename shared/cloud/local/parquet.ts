import { DuckDBInstance } from '@duckdb/node-api'
import { TradingError } from '#shared/kernel/error.ts'

/** Columns of one file: times in microseconds UTC, numbers as they are. */
export type ParquetColumns = ReadonlyMap<string, Float64Array>

/** Text in SQL, with quotes doubled. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const named = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Reads all rows of some columns of a Parquet file, in file order.
 *
 * @param wanted - per column the names it may have, the first present one is taken: a table index is called
 *   `timestamp` or `__index_level_0__`, depending on who wrote the file
 * @returns columns under the first of their names; text columns are not read
 * @throws TradingError FILE_UNREADABLE when it is no Parquet file
 * @throws TradingError CANDLE_MALFORMED when a column is absent, empty in a row, or no number or time
 */
export async function readParquetColumns(
  path: string,
  wanted: readonly (readonly [name: string, ...otherNames: string[]])[],
): Promise<ParquetColumns> {
  const instance = await DuckDBInstance.create(':memory:')
  try {
    const connection = await instance.connect()
    const from = `read_parquet(${quoted(path)})`
    const types = await columnTypes(connection, from, path)
    const chosen = wanted.map((names) => {
      const name = names.find((candidate) => types.has(candidate))
      if (name !== undefined) return { key: names[0], name }
      throw new TradingError(
        'CANDLE_MALFORMED',
        `${path} has no column '${names[0]}'; it has ${[...types.keys()].join(', ')}`,
      )
    })
    const selected = chosen.map(({ name }) => numberOf(name, types.get(name) ?? '', path))
    const reader = await connection.runAndReadAll(`select ${selected.join(', ')} from ${from}`)
    const columns = reader.getColumns()
    return new Map(
      chosen.map(({ key }, index) => [key, numbersFrom(columns[index] ?? [], key, path)]),
    )
  } finally {
    instance.closeSync()
  }
}

async function columnTypes(
  connection: Awaited<ReturnType<DuckDBInstance['connect']>>,
  from: string,
  path: string,
): Promise<ReadonlyMap<string, string>> {
  try {
    const reader = await connection.runAndReadAll(`describe select * from ${from}`)
    return new Map(reader.getRows().map((row) => [String(row[0]), String(row[1])]))
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} is not a readable Parquet file (${reason}); check the path, or fetch it again`,
      {},
      error,
    )
  }
}

/** SQL that gives a double: microseconds of a time, the value of a number. */
function numberOf(name: string, type: string, path: string): string {
  if (type.startsWith('TIMESTAMP')) return `epoch_us(${named(name)})::double`
  if (/^(DOUBLE|FLOAT|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER)/.test(type))
    return `${named(name)}::double`
  throw new TradingError(
    'CANDLE_MALFORMED',
    `${path}: column '${name}' is ${type}, must be a number or a time`,
  )
}

function numbersFrom(values: readonly unknown[], name: string, path: string): Float64Array {
  const numbers = new Float64Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (typeof value !== 'number')
      throw new TradingError('CANDLE_MALFORMED', `${path} row ${row + 1}: ${name} is empty`)
    numbers[row] = value
  }
  return numbers
}
