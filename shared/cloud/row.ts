import { scaledFromDecimal } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type ColumnType, type TableName, type TableSpec, tables } from './manifest/table.ts'
import type { Row } from './port.ts'

const wanted: Readonly<Record<ColumnType, string>> = {
  string: 'text',
  integer: 'a whole number',
  float: 'a finite number',
  money: 'decimal text with at most 8 decimals',
  boolean: 'true or false',
  timestamp: 'whole microseconds since 1970',
  json: 'JSON text',
}

/**
 * A value that fits its column, the same for every binding: integers and timestamps (microseconds) as bigint, money as
 * bigint in units of 1e-8, JSON and text as text.
 */
export type CheckedValue = string | number | bigint | boolean

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
 * The columns that decide which of several rows with one key shows: the smallest by them, in this order, nothing behind
 * everything. So it does not matter in which order rows came, and every binding shows the same one. Equal rows are one;
 * rows that differ only in JSON may show either.
 *
 * @throws TradingError ROW_INVALID when the manifest has no such table
 */
export function decidingColumns(table: string): readonly string[] {
  const { columns, key, partitionBy } = tableSpec(table)
  const others = Object.keys(columns).filter((name) => name !== partitionBy)
  return [partitionBy, ...others].filter((name) => !key.includes(name) && columns[name] !== 'json')
}

/**
 * Checks that a row has exactly the columns of its table, each of its type. Only columns outside the key may be null.
 *
 * @throws TradingError ROW_INVALID naming table, column and value
 */
export function checkRow(table: string, row: Row): void {
  checkedRow(table, row)
}

/** The values of a row in the order of the columns. @throws TradingError ROW_INVALID as `checkRow` */
export function checkedRow(table: string, row: Row): readonly (CheckedValue | null)[] {
  const { columns, key } = tableSpec(table)
  for (const name of Object.keys(row))
    if (!Object.hasOwn(columns, name))
      throw new TradingError('ROW_INVALID', `table '${table}' has no column '${name}'`)
  return Object.entries(columns).map(([name, type]) => {
    const value = row[name]
    const isKey = key.includes(name)
    if (value === null && !isKey) return null
    const checked = value === undefined || value === null ? undefined : checkedValue(type, value)
    if (checked === undefined)
      throw new TradingError(
        'ROW_INVALID',
        value === undefined
          ? `row for table '${table}' lacks column '${name}'`
          : `${table}.${name} wants ${wanted[type]}${isKey ? '' : ' or null'}, got ${show(value)}`,
      )
    return checked
  })
}

/** @returns undefined when `value` is not of `type` */
function checkedValue(type: ColumnType, value: NonNullable<Row[string]>): CheckedValue | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'float':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined
    case 'integer':
    case 'timestamp':
      return wholeNumber(value)
    case 'money':
      // 29 digits: what NUMERIC of BigQuery holds before the point.
      return typeof value === 'string' && /^-?\d{1,29}(\.\d{1,8}0*)?$/.test(value)
        ? scaledFromDecimal(value, 8)
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

/** Microseconds as ISO 8601 UTC: `1_700_000_000_000_000n` → `2023-11-14T22:13:20.000000Z`. */
export function isoFromMicros(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const date = new Date(Number((micros - fraction) / 1000n))
  // Timestamps beyond the range of a date ('infinity') keep their number.
  if (Number.isNaN(date.getTime())) return micros.toString()
  return `${date.toISOString().slice(0, -5)}.${fraction.toString().padStart(6, '0')}Z`
}
