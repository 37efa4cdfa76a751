import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BigQueryEmulator,
  createEmulatedWarehouse,
  emptyEmulatedWarehouse,
  startBigQueryEmulator,
} from '#shared/cloud/emulator/bigquery.ts'
import { openBigQueryWarehouse } from '#shared/cloud/gcp/warehouse.ts'
import { tables } from '#shared/cloud/manifest/table.ts'
import { fillRow, paymentRow, warehouseConformance } from '#test/contract/warehouse.conformance.ts'

const project = 'asterai-test'
const dataset = 'asterai'
let emulator: BigQueryEmulator
beforeAll(async () => {
  emulator = await startBigQueryEmulator({ project })
  await createEmulatedWarehouse({ host: emulator.host, project, dataset })
})
afterAll(() => emulator?.close())

const open = async (options: { readonly resultRowsMax?: number } = {}) => {
  await emptyEmulatedWarehouse({ host: emulator.host, project, dataset }, [
    'candles',
    'fills',
    'funding_payments',
  ])
  return await openBigQueryWarehouse({
    project,
    dataset,
    restEndpoint: `http://${emulator.host}`,
    grpcEndpoint: emulator.grpcHost,
    ...options,
  })
}

describe('warehouse in BigQuery', () => {
  warehouseConformance(open)
})

test('has every table of the manifest, as a view with its columns', async () => {
  const warehouse = await open()
  for (const [name, { columns }] of Object.entries(tables)) {
    const answer = await warehouse.query(`SELECT * FROM ${name}`)
    expect(answer, name).toEqual({ columns: Object.keys(columns), rows: [] })
  }
  await warehouse.close()
})

test('an answer past the limit is refused, not cut', async () => {
  const warehouse = await open({ resultRowsMax: 10 })
  await warehouse.insert(
    'funding_payments',
    Array.from({ length: 11 }, (_, id) => paymentRow(id, '1')),
  )
  await expect(warehouse.query('SELECT * FROM funding_payments')).rejects.toThrow(
    'more than 10 rows',
  )
  expect((await warehouse.query('SELECT * FROM funding_payments LIMIT 10')).rows).toHaveLength(10)
  await warehouse.close()
})

test('a long answer comes in pages, whole', async () => {
  const warehouse = await open()
  await warehouse.insert(
    'funding_payments',
    Array.from({ length: 12_000 }, (_, id) => paymentRow(id, '1')),
  )
  const { rows } = await warehouse.query('SELECT transaction_id FROM funding_payments ORDER BY 1')
  expect(rows.map(([id]) => id)).toEqual(Array.from({ length: 12_000 }, (_, id) => id))
  await warehouse.close()
})

test('rows that were stored twice are one row in the view and two in the raw table', async () => {
  const warehouse = await open()
  await warehouse.insert('fills', [fillRow(1)])
  await warehouse.insert('fills', [fillRow(1)])
  expect((await warehouse.query('SELECT count(*) FROM fills')).rows).toEqual([[1]])
  expect((await warehouse.query(`SELECT count(*) FROM ${dataset}_raw.fills`)).rows).toEqual([[2]])
  await warehouse.close()
})
