import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import type { TableName } from '#shared/cloud/manifest/table.ts'
import type { Row, Warehouse } from '#shared/cloud/port.ts'

export type TestWarehouse = Warehouse & {
  /** `column: value` of every row, in the order of `orderBy`. */
  rowsOf(table: TableName, orderBy?: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  fill(table: TableName, rows: readonly Row[]): Promise<void>
}

/** A real warehouse file that goes away with the test. */
export async function testWarehouse(): Promise<TestWarehouse> {
  const folder = await mkdtemp(join(tmpdir(), 'asterai-function-'))
  const warehouse = await openWarehouse(join(folder, 'warehouse.duckdb'))
  onTestFinished(async () => {
    await warehouse.close()
    await rm(folder, { recursive: true })
  })
  return {
    ...warehouse,
    fill: (table, rows) => warehouse.insert(table, rows),
    async rowsOf(table, orderBy = '1, 2, 3') {
      const { columns, rows } = await warehouse.query(`SELECT * FROM ${table} ORDER BY ${orderBy}`)
      return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])))
    },
  }
}
