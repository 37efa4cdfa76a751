import { TradingError } from '#shared/kernel/error.ts'
import { bigQueryTypes, rawDatasetName, tableDdl, viewDdl } from '../gcp/warehouse-schema.ts'
import { type TableName, type TableSpec, tables } from '../manifest/table.ts'
import { freePorts, startTool, type ToolProcess } from './process.ts'

export type BigQueryEmulator = ToolProcess & {
  /** `127.0.0.1:port` of its REST side. */
  readonly host: string
  /** `127.0.0.1:port` of its Storage Write side. */
  readonly grpcHost: string
}

/**
 * Starts bigquery-emulator with nothing in it. It keeps everything in memory.
 *
 * @throws TradingError CONFIG_INVALID when it is not built, PLATFORM_UNREACHABLE when it does not start
 */
export async function startBigQueryEmulator({
  project,
}: {
  readonly project: string
}): Promise<BigQueryEmulator> {
  const [rest = 0, grpc = 0] = await freePorts(2)
  const host = `127.0.0.1:${rest}`
  const tool = await startTool({
    name: 'bigquery-emulator',
    args: [
      `--project=${project}`,
      '--host=127.0.0.1',
      `--port=${rest}`,
      `--grpc-port=${grpc}`,
      '--log-level=error',
    ],
    isReady: async () => (await fetch(datasetsUrl(host, project))).ok,
  })
  return { ...tool, host, grpcHost: `127.0.0.1:${grpc}` }
}

export type EmulatedDataset = {
  readonly host: string
  readonly project: string
  readonly dataset: string
}

/**
 * Makes the datasets, tables and views of the manifest, as the infrastructure program does in the cloud.
 *
 * The emulator has no default dataset: a bare table name means whatever was registered first under it. So a view of
 * the right columns is put there before the raw table of the same name, and gets its real query afterwards. For the
 * same reason one emulator holds one such pair of datasets.
 */
export async function createEmulatedWarehouse(place: EmulatedDataset): Promise<void> {
  const { host, project, dataset } = place
  for (const datasetId of [dataset, rawDatasetName(dataset)])
    await post(datasetsUrl(host, project), {
      datasetReference: { projectId: project, datasetId },
    })
  for (const table of Object.keys(tables) as TableName[]) {
    const named = { project, dataset, table }
    await runEmulatedSql(place, placeholderDdl(named))
    await runEmulatedSql(place, tableDdl(named))
    // It replaces the view and then complains that it is there.
    await runEmulatedSql(place, viewDdl(named), /is already created/)
  }
}

/** Removes all rows. */
export async function emptyEmulatedWarehouse(
  place: EmulatedDataset,
  names: readonly TableName[] = Object.keys(tables) as TableName[],
): Promise<void> {
  for (const table of names)
    await runEmulatedSql(place, `DELETE FROM ${rawDatasetName(place.dataset)}.${table} WHERE TRUE`)
}

/** @throws TradingError PLATFORM_REFUSED with the emulator's words, unless they match `expected` */
async function runEmulatedSql(
  { host, project }: EmulatedDataset,
  query: string,
  expected?: RegExp,
): Promise<void> {
  await post(
    `http://${host}/bigquery/v2/projects/${project}/queries`,
    { query, useLegacySql: false },
    expected,
  )
}

function placeholderDdl(place: {
  readonly project: string
  readonly dataset: string
  readonly table: TableName
}): string {
  const { columns }: TableSpec = tables[place.table]
  const nulls = Object.entries(columns).map(
    ([name, type]) => `CAST(NULL AS ${bigQueryTypes[type]}) AS \`${name}\``,
  )
  return `CREATE VIEW \`${place.project}.${place.dataset}.${place.table}\` AS SELECT ${nulls.join(', ')}`
}

const datasetsUrl = (host: string, project: string): string =>
  `http://${host}/bigquery/v2/projects/${project}/datasets`

async function post(url: string, body: unknown, expected?: RegExp): Promise<void> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await reply.text()
  if (reply.ok || expected?.test(text)) return
  throw new TradingError('PLATFORM_REFUSED', `bigquery-emulator: ${text.slice(0, 500)}`)
}
