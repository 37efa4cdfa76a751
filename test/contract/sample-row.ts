import {
  type ColumnType,
  type TableName,
  type TableSpec,
  tables,
} from '#shared/cloud/manifest/table.ts'
import type { Row } from '#shared/cloud/port.ts'

const values: Readonly<Record<ColumnType, Row[string]>> = {
  string: "it's “text” \\ with\nlines",
  integer: 9_007_199_254_740_993n,
  float: -0.1,
  money: '-12345678901234567890123456789.00000001',
  boolean: false,
  timestamp: 1_700_000_000_000_001,
  json: '{"a":[1,"b"]}',
}

/** A row with an awkward value in every column, or null wherever null is allowed. */
export function sampleRow(table: TableName, isEmpty: boolean): Row {
  const spec: TableSpec = tables[table]
  return Object.fromEntries(
    Object.entries(spec.columns).map(([name, type]) => {
      const mustBe = spec.key.includes(name) || name === spec.partitionBy
      if (isEmpty && !mustBe) return [name, null]
      // The two rows of a table differ in every column of the key that can.
      return [
        name,
        isEmpty && type === 'string' ? '' : isEmpty && type === 'integer' ? -1 : values[type],
      ]
    }),
  )
}
