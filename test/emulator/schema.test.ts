import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type BigQueryEmulator,
  createEmulatedWarehouse,
  startBigQueryEmulator,
} from '#shared/cloud/emulator/bigquery.ts'
import { openBigQueryWarehouse } from '#shared/cloud/gcp/warehouse.ts'
import { tableLayout, tableSchema } from '#shared/cloud/gcp/warehouse-schema.ts'
import { openWarehouse } from '#shared/cloud/local/warehouse.ts'
import { type TableName, tables } from '#shared/cloud/manifest/table.ts'
import type { Warehouse } from '#shared/cloud/port.ts'
import { sampleRow } from '#test/contract/sample-row.ts'

const place = { project: 'asterai-test', dataset: 'asterai' }
const names = Object.keys(tables) as TableName[]
let emulator: BigQueryEmulator
let bigQuery: Warehouse
let duckDb: Warehouse
beforeAll(async () => {
  emulator = await startBigQueryEmulator(place)
  await createEmulatedWarehouse({ ...place, host: emulator.host })
  bigQuery = await openBigQueryWarehouse({
    ...place,
    restEndpoint: `http://${emulator.host}`,
    grpcEndpoint: emulator.grpcHost,
  })
  duckDb = await openWarehouse(join(await mkdtemp(join(tmpdir(), 'asterai-schema-')), 'w.duckdb'))
})
afterAll(async () => {
  await bigQuery?.close()
  await duckDb?.close()
  await emulator?.close()
})

test.each(names)('a row of %s reads the same in BigQuery and in DuckDB', async (name) => {
  const rows = [sampleRow(name, false), sampleRow(name, true), sampleRow(name, false)]
  const columns = Object.keys(tables[name].columns)
  const all = `SELECT * FROM ${name} AS t ORDER BY ${tables[name].key.map((key) => `t.${key}`).join(', ')}`
  for (const warehouse of [bigQuery, duckDb]) await warehouse.insert(name, rows)
  const answer = await bigQuery.query(all)
  expect(answer.columns).toEqual(columns)
  expect(answer.rows.length).toBeGreaterThan(0)
  expect(answer).toEqual(await duckDb.query(all))
})

test.each(names)('raw table %s has the columns and types of the schema', async (name) => {
  const url = `http://${emulator.host}/bigquery/v2/projects/${place.project}/datasets/${place.dataset}_raw/tables/${name}`
  const table = await (await fetch(url)).json()
  const synonyms: Readonly<Record<string, string>> = {
    INTEGER: 'INT64',
    FLOAT: 'FLOAT64',
    BOOLEAN: 'BOOL',
  }
  type Field = { readonly name: string; readonly type: string }
  expect(
    table.schema.fields.map(({ name, type }: Field) => ({ name, type: synonyms[type] ?? type })),
  ).toEqual(tableSchema(name).map(({ name, type }) => ({ name, type })))
  expect(tableLayout(name).clustering.length).toBeLessThanOrEqual(4)
})
