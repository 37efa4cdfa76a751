import { type ColumnType, type TableName, type TableSpec, tables } from '../manifest/table.ts'
import { decidingColumns } from '../row.ts'

export type BigQueryType =
  | 'STRING'
  | 'INT64'
  | 'FLOAT64'
  | 'NUMERIC'
  | 'BOOL'
  | 'TIMESTAMP'
  | 'JSON'

/** How a manifest type is spelled in BigQuery. NUMERIC has 29 digits before and 9 behind the point. */
export const bigQueryTypes: Readonly<Record<ColumnType, BigQueryType>> = {
  string: 'STRING',
  integer: 'INT64',
  float: 'FLOAT64',
  money: 'NUMERIC',
  boolean: 'BOOL',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
}

export type BigQueryColumn = {
  readonly name: string
  readonly type: BigQueryType
  readonly mode: 'REQUIRED' | 'NULLABLE'
}

export type TableLayout = {
  readonly description: string
  /** One partition per UTC day of this column. */
  readonly partitionField: string
  /** Partitions vanish this long after their day; undefined keeps them. */
  readonly partitionExpirationMs: number | undefined
  readonly clustering: readonly string[]
}

/** Where a table or view lives. */
export type TablePlace = {
  readonly project: string
  /** Name of the dataset of views; the tables are in its raw one. */
  readonly dataset: string
  readonly table: TableName
}

/** The dataset that is written to. Readers get the dataset of views, which has the plain name. */
export const rawDatasetName = (dataset: string): string => `${dataset}_raw`

/** Columns of a raw table; a row without its key or its day is refused by the table itself. */
export function tableSchema(table: TableName): readonly BigQueryColumn[] {
  const spec: TableSpec = tables[table]
  return Object.entries(spec.columns).map(([name, type]) => ({
    name,
    type: bigQueryTypes[type],
    mode: spec.key.includes(name) || name === spec.partitionBy ? 'REQUIRED' : 'NULLABLE',
  }))
}

/** The schema as the JSON that `bq` and the infrastructure program take. */
export const tableSchemaJson = (table: TableName): string => JSON.stringify(tableSchema(table))

/**
 * How a raw table lies on disk.
 *
 * A filter on the partition is not made compulsory: one on a time outside the key cannot be pushed below the window of
 * the view, and BigQuery would refuse every question. What a question may read is bounded per query instead.
 */
export function tableLayout(table: TableName): TableLayout {
  const spec: TableSpec = tables[table]
  return {
    description: spec.what,
    partitionField: spec.partitionBy,
    partitionExpirationMs:
      spec.retentionDays === null ? undefined : spec.retentionDays * 24 * 3_600_000,
    clustering: spec.clusterBy,
  }
}

/**
 * The query of a view: the raw table with one row per key.
 *
 * A delivery that came twice left equal rows, and any of them will do. Should rows of one key differ, the smallest by
 * {@link decidingColumns} shows, as in every other warehouse.
 */
export function viewSql({ project, dataset, table }: TablePlace): string {
  const spec: TableSpec = tables[table]
  const deciding = decidingColumns(table).map((name) => `${quoted(name)} NULLS LAST`)
  // Where the key is all there is, its rows are equal.
  const order = (deciding.length > 0 ? deciding : [quoted(spec.partitionBy)]).join(', ')
  const from = `\`${project}.${rawDatasetName(dataset)}.${table}\``
  return [
    `SELECT ${Object.keys(spec.columns).map(quoted).join(', ')}`,
    // Without an alias, a column of the table's own name would mean the whole row.
    `FROM ${from} AS deliveries`,
    'WHERE TRUE', // BigQuery wants a WHERE, GROUP BY or HAVING beside QUALIFY.
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${partitionKey(spec)} ORDER BY ${order}) = 1`,
  ].join('\n')
}

/** BigQuery cannot partition a window by a float, and equal floats have equal shortest texts. */
const partitionKey = ({ key, columns }: TableSpec): string =>
  key
    .map((name) => (columns[name] === 'float' ? `CAST(${quoted(name)} AS STRING)` : quoted(name)))
    .join(', ')

export function tableDdl({ project, dataset, table }: TablePlace): string {
  const { description, partitionField, partitionExpirationMs, clustering } = tableLayout(table)
  const columns = tableSchema(table).map(
    ({ name, type, mode }) => `${quoted(name)} ${type}${mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
  )
  const options = [`description = ${JSON.stringify(description)}`]
  if (partitionExpirationMs !== undefined)
    options.push(`partition_expiration_days = ${partitionExpirationMs / (24 * 3_600_000)}`)
  return [
    `CREATE TABLE IF NOT EXISTS \`${project}.${rawDatasetName(dataset)}.${table}\``,
    `(${columns.join(', ')})`,
    `PARTITION BY DATE(${quoted(partitionField)})`,
    `CLUSTER BY ${clustering.map(quoted).join(', ')}`,
    `OPTIONS (${options.join(', ')})`,
  ].join('\n')
}

export const viewDdl = (place: TablePlace): string =>
  `CREATE OR REPLACE VIEW \`${place.project}.${place.dataset}.${place.table}\` AS\n${viewSql(place)}`

const quoted = (name: string): string => `\`${name}\``
