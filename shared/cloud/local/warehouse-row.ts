import {
  BIGINT,
  BOOLEAN,
  DECIMAL,
  DOUBLE,
  DuckDBDecimalValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import { scaledFromDecimal } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type ColumnType, type TableName, type TableSpec, tables } from '../manifest/table.ts'
import type { Row } from '../port.ts'

/** How a manifest type is spelled in `CREATE TABLE`. */
export const sqlTypes: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  integer: 'BIGINT',
  float: 'DOUBLE',
  money: 'DECIMAL(38,8)',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
}

/** How a manifest type travels in a data chunk; JSON is text until the table takes it. */
export const chunkTypes: Readonly<Record<ColumnType, DuckDBType>> = {
  string: VARCHAR,
  integer: BIGINT,
  float: DOUBLE,
  money: DECIMAL(38, 8),
  boolean: BOOLEAN,
  timestamp: TIMESTAMP,
  json: VARCHAR,
}

const wanted: Readonly<Record<ColumnType, string>> = {
  string: 'text',
  integer: 'a whole number',
  float: 'a finite number',
  money: 'decimal text with at most 8 decimals',
  boolean: 'true or false',
  timestamp: 'whole microseconds since 1970',
  json: 'JSON text',
}

/** @throws TradingError ROW_INVALID when the manifest has no such table */
export function tableSpec(table: string): TableSpec {
  if (!Object.hasOwn(tables, table))
    throw new TradingError(
      'ROW_INVALID',
      `no table '${table}' in the manifest; there are ${Object.keys(tables).join(', ')}`,
    )
  return tables[table as TableName]
}

/**
 * Checks that a row has exactly the columns of its table, each of its type. Only columns outside the key may be null.
 *
 * @throws TradingError ROW_INVALID naming table, column and value
 */
export function checkRow(table: string, row: Row): void {
  const spec = tableSpec(table)
  for (const name of Object.keys(row))
    if (!Object.hasOwn(spec.columns, name))
      throw new TradingError('ROW_INVALID', `table '${table}' has no column '${name}'`)
  for (const [name, type] of Object.entries(spec.columns))
    chunkValue(table, name, type, row[name], spec.key.includes(name))
}

/** The rows as columns, ready for a data chunk. @throws TradingError ROW_INVALID */
export function chunkColumns(table: string, rows: readonly Row[]): DuckDBValue[][] {
  const { columns, key } = tableSpec(table)
  for (const row of rows)
    for (const name of Object.keys(row))
      if (!Object.hasOwn(columns, name))
        throw new TradingError('ROW_INVALID', `table '${table}' has no column '${name}'`)
  return Object.entries(columns).map(([name, type]) =>
    rows.map((row) => chunkValue(table, name, type, row[name], key.includes(name))),
  )
}

function chunkValue(
  table: string,
  name: string,
  type: ColumnType,
  value: Row[string] | undefined,
  isKey: boolean,
): DuckDBValue {
  if (value === null && !isKey) return null
  const converted = value === undefined || value === null ? undefined : convert(type, value)
  if (converted === undefined)
    throw new TradingError(
      'ROW_INVALID',
      value === undefined
        ? `row for table '${table}' lacks column '${name}'`
        : `${table}.${name} wants ${wanted[type]}${isKey ? '' : ' or null'}, got ${show(value)}`,
    )
  return converted
}

/** @returns undefined when `value` is not of `type` */
function convert(type: ColumnType, value: NonNullable<Row[string]>): DuckDBValue | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'float':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined
    case 'integer':
      return wholeNumber(value)
    case 'timestamp': {
      const micros = wholeNumber(value)
      return micros === undefined ? undefined : new DuckDBTimestampValue(micros)
    }
    case 'money':
      return typeof value === 'string' && /^-?\d{1,30}(\.\d{1,8}0*)?$/.test(value)
        ? new DuckDBDecimalValue(scaledFromDecimal(value, 8), 38, 8)
        : undefined
    case 'json':
      return typeof value === 'string' && isJson(value) ? value : undefined
  }
}

function wholeNumber(value: NonNullable<Row[string]>): bigint | undefined {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : undefined
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const show = (value: Row[string]): string =>
  typeof value === 'string' ? `'${value.slice(0, 40)}'` : `${value} (${typeof value})`
