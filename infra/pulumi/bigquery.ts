import * as gcp from '@pulumi/gcp'
import {
  rawDatasetName,
  tableLayout,
  tableSchemaJson,
  viewSql,
} from '#shared/cloud/gcp/warehouse-schema.ts'
import { type TableName, tables } from '#shared/cloud/manifest/table.ts'
import type { Place } from './place.ts'

/** Name of the dataset that everybody reads. */
export const datasetName = 'asterai'

export type Warehouse = {
  readonly raw: gcp.bigquery.Dataset
  readonly read: gcp.bigquery.Dataset
  /** What is written: delivery is at least once, so rows may be there twice. */
  readonly tables: Readonly<Record<TableName, gcp.bigquery.Table>>
  /** What is read: every row once. */
  readonly views: Readonly<Record<TableName, gcp.bigquery.Table>>
}

/** Tables to write and views to read, under one name each. */
export function createWarehouse({ config, after }: Place): Warehouse {
  const dataset = (name: string, datasetId: string, description: string) =>
    new gcp.bigquery.Dataset(
      name,
      {
        datasetId,
        location: config.region,
        description,
        labels: config.labels,
        maxTimeTravelHours: '168',
        deleteContentsOnDestroy: false,
      },
      { ...after, protect: true },
    )
  const raw = dataset(
    'dataset-raw',
    rawDatasetName(datasetName),
    'rows as they arrived, some more than once',
  )
  const read = dataset('dataset-read', datasetName, 'every row once')
  const names = Object.keys(tables) as TableName[]
  const rawTables = Object.fromEntries(names.map((name) => [name, createTable(name)]))
  const views = Object.fromEntries(names.map((name) => [name, createView(name)]))
  new gcp.bigquery.DatasetAccess('dataset-raw-read-by-views', {
    datasetId: raw.datasetId,
    authorizedDataset: {
      dataset: { projectId: config.projectId, datasetId: read.datasetId },
      targetTypes: ['VIEWS'],
    },
  })
  return { raw, read, tables: rawTables, views } as Warehouse

  function createTable(table: TableName) {
    const { description, partitionField, partitionExpirationMs, clustering } = tableLayout(table)
    return new gcp.bigquery.Table(
      `table-${table}`,
      {
        datasetId: raw.datasetId,
        tableId: table,
        description,
        labels: config.labels,
        schema: tableSchemaJson(table),
        timePartitioning: {
          type: 'DAY',
          field: partitionField,
          ...(partitionExpirationMs === undefined ? {} : { expirationMs: partitionExpirationMs }),
        },
        clusterings: [...clustering],
        deletionProtection: true,
      },
      { protect: true },
    )
  }

  function createView(table: TableName) {
    return new gcp.bigquery.Table(
      `view-${table}`,
      {
        datasetId: read.datasetId,
        tableId: table,
        description: tableLayout(table).description,
        labels: config.labels,
        view: {
          query: viewSql({ project: config.projectId, dataset: datasetName, table }),
          useLegacySql: false,
        },
        // A view holds nothing; replacing one loses nothing.
        deletionProtection: false,
      },
      { dependsOn: [rawTables[table] as gcp.bigquery.Table] },
    )
  }
}
