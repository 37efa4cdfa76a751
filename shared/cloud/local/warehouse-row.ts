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
import type { ColumnType } from '../manifest/table.ts'
import type { Row } from '../port.ts'
import { type CheckedValue, checkedRow, tableSpec } from '../row.ts'

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

/** The rows as columns, ready for a data chunk. @throws TradingError ROW_INVALID */
export function chunkColumns(table: string, rows: readonly Row[]): DuckDBValue[][] {
  const checked = rows.map((row) => checkedRow(table, row))
  return Object.values(tableSpec(table).columns).map((type, column) =>
    checked.map((values) => chunkValue(type, values[column] ?? null)),
  )
}

function chunkValue(type: ColumnType, value: CheckedValue | null): DuckDBValue {
  if (typeof value !== 'bigint') return value
  if (type === 'timestamp') return new DuckDBTimestampValue(value)
  return type === 'money' ? new DuckDBDecimalValue(value, 38, 8) : value
}
