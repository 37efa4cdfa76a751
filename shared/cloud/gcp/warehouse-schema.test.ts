import { expect, test } from 'vitest'
import { type TableName, type TableSpec, tables } from '../manifest/table.ts'
import {
  tableDdl,
  tableLayout,
  tableSchema,
  tableSchemaJson,
  viewDdl,
  viewSql,
} from './warehouse-schema.ts'

const names = Object.keys(tables) as TableName[]
const place = { project: 'p-1', dataset: 'asterai' } as const

test('a small table, whole', () => {
  expect(tableDdl({ ...place, table: 'funding_payments' })).toBe(
    [
      'CREATE TABLE IF NOT EXISTS `p-1.asterai_raw.funding_payments`',
      '(`run_id` STRING NOT NULL, `symbol` STRING NOT NULL, `transaction_id` INT64 NOT NULL, `amount` NUMERIC, `recorded_at` TIMESTAMP NOT NULL)',
      'PARTITION BY DATE(`recorded_at`)',
      'CLUSTER BY `symbol`',
      'OPTIONS (description = "funding that was paid or received")',
    ].join('\n'),
  )
  expect(viewDdl({ ...place, table: 'funding_payments' })).toBe(
    [
      'CREATE OR REPLACE VIEW `p-1.asterai.funding_payments` AS',
      'SELECT `run_id`, `symbol`, `transaction_id`, `amount`, `recorded_at`',
      'FROM `p-1.asterai_raw.funding_payments` AS deliveries',
      'WHERE TRUE',
      'QUALIFY ROW_NUMBER() OVER (PARTITION BY `run_id`, `symbol`, `transaction_id` ORDER BY `recorded_at` NULLS LAST, `amount` NULLS LAST) = 1',
    ].join('\n'),
  )
})

test.each(names)('%s can be a table of BigQuery', (name) => {
  const spec: TableSpec = tables[name]
  const { partitionField, clustering, partitionExpirationMs } = tableLayout(name)
  expect(spec.columns[partitionField]).toBe('timestamp')
  expect(clustering.length).toBeGreaterThan(0)
  expect(clustering.length).toBeLessThanOrEqual(4)
  // BigQuery cannot cluster by floats or JSON.
  for (const column of clustering) expect(['string', 'integer']).toContain(spec.columns[column])
  for (const column of spec.key) expect(spec.columns[column]).not.toBe('json')
  expect(partitionExpirationMs ?? 86_400_000).toBeGreaterThanOrEqual(86_400_000)
  const columns = tableSchema(name)
  expect(columns.map((column) => column.name)).toEqual(Object.keys(spec.columns))
  for (const key of [...spec.key, partitionField])
    expect(columns.find((column) => column.name === key)?.mode).toBe('REQUIRED')
  expect(JSON.parse(tableSchemaJson(name))).toEqual(columns)
})

test('a float in a key is compared as text: BigQuery cannot partition a window by it', () => {
  const sql = viewSql({ ...place, table: 'liquidations' })
  expect(sql).toContain(
    '`side`, CAST(`price` AS STRING), CAST(`size` AS STRING), CAST(`filled_size` AS STRING) ORDER BY',
  )
})
