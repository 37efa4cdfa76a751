import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type BigQueryEmulator,
  createEmulatedWarehouse,
  startBigQueryEmulator,
} from '#shared/cloud/emulator/bigquery.ts'
import { openBigQueryWarehouse } from '#shared/cloud/gcp/warehouse.ts'
import type { Warehouse } from '#shared/cloud/port.ts'
import { queryCases, queryRows } from '#shared/cloud/query/case.fixture.ts'

const place = { project: 'asterai-test', dataset: 'asterai' }
let emulator: BigQueryEmulator
let warehouse: Warehouse
beforeAll(async () => {
  emulator = await startBigQueryEmulator(place)
  await createEmulatedWarehouse({ ...place, host: emulator.host })
  warehouse = await openBigQueryWarehouse({
    ...place,
    restEndpoint: `http://${emulator.host}`,
    grpcEndpoint: emulator.grpcHost,
  })
  for (let delivery = 0; delivery < 2; delivery++)
    for (const [table, rows] of Object.entries(queryRows)) await warehouse.insert(table, rows)
})
afterAll(async () => {
  await warehouse?.close()
  await emulator?.close()
})

test.each(queryCases)('BigQuery answers: $name', async ({ sql, read, expected }) => {
  expect(read(await warehouse.query(sql))).toEqual(expected)
})
