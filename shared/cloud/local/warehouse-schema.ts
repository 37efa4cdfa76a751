import type { DuckDBConnection } from '@duckdb/node-api'
import { TradingError } from '#shared/kernel/error.ts'
import { type TableSpec, tables } from '../manifest/table.ts'
import { sqlTypes } from './warehouse-row.ts'

/** What a file lacks of the manifest, and may get: tables, and columns that hold nothing in the rows of before. */
type Missing = {
  readonly tables: readonly string[]
  readonly columns: readonly { readonly table: string; readonly column: string }[]
  /** Tables whose rows of before cannot be made into rows of today, by what is new about them. */
  readonly outgrown: ReadonlyMap<string, string>
}

const specs = Object.entries<TableSpec>(tables)

/**
 * Makes the tables of the manifest where there are none, and adds columns to those of an earlier version: its rows stay,
 * with nothing in the new columns. A table is begun anew, and its rows of before stay under another name, when its key
 * got more columns (what these were, nobody knows) or when what was JSON is text now (the audit log hashed the value then
 * and hashes the text now, so no row of before would verify). All or nothing.
 *
 * @param report - hears one line about each table that was begun anew
 * @throws TradingError FILE_UNREADABLE when the type of a column is any other one, or a key has lost columns: rows of
 * before would mean something else
 */
export async function bringUpToDate(
  connection: DuckDBConnection,
  path: string,
  report: (line: string) => void = () => {},
): Promise<void> {
  const types = await readTypes(connection)
  const missing = await compareTables(connection, path)
  const asides = [...missing.outgrown].map(([table, why]) => ({
    table,
    why,
    aside: asideName(table, types),
  }))
  // One transaction: one write to disk instead of one per table.
  await connection.run('BEGIN')
  for (const { aside, table } of asides)
    await connection.run(`ALTER TABLE "${table}" RENAME TO "${aside}"`)
  for (const [name, { columns, key }] of specs) {
    if (!missing.tables.includes(name) && !missing.outgrown.has(name)) continue
    const list = Object.entries(columns).map(([column, type]) => `"${column}" ${sqlTypes[type]}`)
    const keys = key.map((column) => `"${column}"`).join(', ')
    await connection.run(`CREATE TABLE "${name}" (${list.join(', ')}, PRIMARY KEY (${keys}))`)
  }
  for (const { column, table } of missing.columns)
    await connection.run(`ALTER TABLE "${table}" ADD COLUMN "${column}" ${typeOf(table, column)}`)
  await connection.run('COMMIT')
  for (const { aside, table, why } of asides)
    report(`${path}: ${table} is begun anew by its ${why}; its rows of before are in ${aside}`)
}

/** A name that no table has yet. */
function asideName(table: string, taken: ReadonlyMap<string, unknown>): string {
  for (let number = 1; ; number++) {
    const name = `${table}_before${number === 1 ? '' : `_${number}`}`
    if (!taken.has(name)) return name
  }
}

/** Rows wait in these on their way in; gone with the connection. */
export async function createStaging(connection: DuckDBConnection): Promise<void> {
  for (const [name, { columns }] of specs) {
    const list = Object.entries(columns).map(
      ([column, type]) => `"${column}" ${type === 'json' ? 'VARCHAR' : sqlTypes[type]}`,
    )
    await connection.run(`CREATE TEMP TABLE staging_${name} (${list.join(', ')})`)
  }
}

/** For who may only look. @throws TradingError FILE_UNREADABLE when something is missing or other than in the manifest */
export async function requireUpToDate(connection: DuckDBConnection, path: string): Promise<void> {
  const missing = await compareTables(connection, path)
  const [column] = missing.columns
  const [first = column && `${column.table}.${column.column}`] = [
    ...missing.tables,
    ...[...missing.outgrown].map(([table, why]) => `the ${why} of ${table}`),
  ]
  if (first !== undefined)
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} lacks ${first}: an earlier version wrote it; the next npm start adds what is missing`,
      { path },
    )
}

async function compareTables(connection: DuckDBConnection, path: string): Promise<Missing> {
  const types = await readTypes(connection)
  const keys = await readKeys(connection)
  const refuse = (what: string): never => {
    throw new TradingError(
      'FILE_UNREADABLE',
      `${path} ${what}: another version wrote it; move it away`,
      { path },
    )
  }
  const columnsMissing: { table: string; column: string }[] = []
  const outgrown = new Map<string, string>()
  for (const [table, { columns, key }] of specs) {
    const found = types.get(table)
    if (found === undefined) continue
    const keyFound = keys.get(table) ?? []
    const isSameKey = keyFound.toSorted().join(', ') === key.toSorted().join(', ')
    const isOutgrown =
      !isSameKey && keyFound.length > 0 && keyFound.every((one) => key.includes(one))
    if (isOutgrown) outgrown.set(table, 'new key')
    for (const column of Object.keys(columns)) {
      const wanted = typeOf(table, column)
      const type = found.get(column)
      if (type === undefined) columnsMissing.push({ table, column })
      else if (type === sqlTypes.json && wanted === sqlTypes.string)
        outgrown.set(table, `new type of ${column}`)
      else if (type !== wanted)
        refuse(`has column ${table}.${column} as ${type} instead of ${wanted}`)
    }
    if (!isSameKey && !isOutgrown)
      refuse(`has table ${table} with key (${keyFound.join(', ')}) instead of (${key.join(', ')})`)
  }
  const tablesMissing = specs.map(([name]) => name).filter((name) => !types.has(name))
  // A table that is begun anew has all columns.
  const columnsToAdd = columnsMissing.filter(({ table }) => !outgrown.has(table))
  return { tables: tablesMissing, columns: columnsToAdd, outgrown }
}

const typeOf = (table: string, column: string): string => {
  const { columns } = tables[table as keyof typeof tables] as TableSpec
  return sqlTypes[columns[column]!]
}

const isOurs = "schema_name = 'main' AND database_name != 'temp'"

async function readTypes(
  connection: DuckDBConnection,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const reader = await connection.runAndReadAll(
    `SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE ${isOurs} AND NOT internal`,
  )
  const byTable = new Map<string, Map<string, string>>()
  for (const [table, column, type] of reader.getRowsJson() as [string, string, string][]) {
    const columns = byTable.get(table) ?? new Map<string, string>()
    byTable.set(table, columns.set(column, type))
  }
  return byTable
}

async function readKeys(
  connection: DuckDBConnection,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const reader = await connection.runAndReadAll(
    `SELECT table_name, constraint_column_names FROM duckdb_constraints() WHERE ${isOurs} AND constraint_type = 'PRIMARY KEY'`,
  )
  return new Map(reader.getRowsJson() as [string, string[]][])
}
