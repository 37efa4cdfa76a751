import { locks } from 'node:worker_threads'
import { TradingError } from '#shared/kernel/error.ts'
import type { TableName } from '../manifest/table.ts'
import type { QueryResult, Warehouse } from '../port.ts'
import { tableSpec } from '../row.ts'
import { noLogin } from './emulated-login.ts'
import { platformFault } from './fault.ts'
import { patiently } from './patience.ts'
import { type AnswerField, plainRows } from './warehouse-answer.ts'
import { insertPending } from './warehouse-append.ts'
import { openWriteChannel } from './warehouse-channel.ts'
import { readingStatement } from './warehouse-question.ts'

export type BigQueryOptions = {
  readonly project: string
  /** Name of the dataset of views; rows are written to its raw one. */
  readonly dataset: string
  /** Address of an emulator's REST side, as in `http://127.0.0.1:9050`. */
  readonly restEndpoint?: string
  /** `host:port` of an emulator's Storage Write side. */
  readonly grpcEndpoint?: string
  /** A question that would read more is refused before it costs anything. */
  readonly queryBytesMax?: number
  /** A longer answer is an error, so that a careless query cannot fill the memory. */
  readonly resultRowsMax?: number
}

/** 20 GB are about 12 cents. */
const queryBytesMaxDefault = 20_000_000_000
const pageRowsMax = 10_000
const waitMs = 30_000
/** Longer than the server waits for a query before it says that it still runs. */
const patience = { tryTimeoutMs: 2 * waitMs, triesMax: 4 }
/** Waits of `waitMs` before an answer is given up. */
const waitsMax = 10

type QueryReply = {
  readonly jobComplete?: boolean
  readonly jobReference?: { readonly jobId?: string; readonly location?: string }
  readonly schema?: { readonly fields?: readonly AnswerField[] }
  readonly rows?: readonly { readonly f?: readonly { readonly v?: unknown }[] }[]
  readonly pageToken?: string
}

type Ask = (request: {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly parameters?: Readonly<Record<string, string | number | boolean>>
}) => Promise<QueryReply>

/**
 * The warehouse in BigQuery: rows go to raw tables by the Storage Write API, questions see views with one row per key.
 *
 * Nothing is loaded or connected before the first use.
 *
 * @throws TradingError PLATFORM_UNREACHABLE or PLATFORM_REFUSED from insert and query
 */
export async function openBigQueryWarehouse(options: BigQueryOptions): Promise<Warehouse> {
  const channel = openWriteChannel(options)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  let asking: Promise<Ask> | undefined

  const whileOpen = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing) throw new TradingError('STATE_CORRUPT', 'the warehouse was used after its close')
    const { grpcEndpoint } = options
    const task = grpcEndpoint === undefined ? work() : inTurn(grpcEndpoint, work)
    running.add(task)
    return await task.finally(() => running.delete(task))
  }

  return {
    insert: (table, rows) =>
      whileOpen(async () => {
        tableSpec(table)
        await insertPending(channel, table as TableName, rows)
      }),
    query: (sql) =>
      whileOpen(async () => {
        const statement = readingStatement(sql)
        asking ??= openRest(options)
        return await runQuery(await asking, options, statement)
      }),
    close() {
      closing ??= Promise.allSettled([...running]).then(() => channel.close())
      return closing
    },
  }
}

async function runQuery(
  ask: Ask,
  {
    dataset,
    project,
    queryBytesMax = queryBytesMaxDefault,
    resultRowsMax = 100_000,
  }: BigQueryOptions,
  sql: string,
): Promise<QueryResult> {
  const format = { useInt64Timestamp: true }
  try {
    let reply = await ask({
      method: 'POST',
      path: '/queries',
      body: {
        query: sql,
        useLegacySql: false,
        defaultDataset: { projectId: project, datasetId: dataset },
        maximumBytesBilled: String(queryBytesMax),
        maxResults: Math.min(pageRowsMax, resultRowsMax + 1),
        timeoutMs: waitMs,
        formatOptions: format,
        // Sent again after a lost answer, it is the same job and not a second one.
        requestId: crypto.randomUUID(),
      },
    })
    const path = `/queries/${reply.jobReference?.jobId}`
    const location = reply.jobReference?.location
    const follow = (parameters: Readonly<Record<string, string | number>>) =>
      ask({
        method: 'GET',
        path,
        parameters: {
          ...parameters,
          ...(location ? { location } : {}),
          maxResults: pageRowsMax,
          'formatOptions.useInt64Timestamp': true,
        },
      })

    for (let waits = 0; reply.jobComplete === false; waits++) {
      if (waits === waitsMax)
        throw new TradingError('PLATFORM_UNREACHABLE', 'the query takes too long; ask for less')
      reply = await follow({ timeoutMs: waitMs })
    }
    const fields = reply.schema?.fields ?? []
    const rows = [...plainRows(fields, reply.rows ?? [])]
    while (reply.pageToken && rows.length <= resultRowsMax) {
      reply = await follow({ pageToken: reply.pageToken })
      rows.push(...plainRows(fields, reply.rows ?? []))
    }
    if (rows.length > resultRowsMax)
      throw new TradingError(
        'QUERY_INVALID',
        `more than ${resultRowsMax} rows: add a LIMIT or a GROUP BY`,
        { sql },
      )
    return { columns: fields.map(({ name }) => String(name)), rows }
  } catch (cause) {
    throw queryFault(cause, sql)
  }
}

/** bigquery-emulator locks up when two calls meet, so the threads of this process take turns at one. */
const inTurn = <T>(endpoint: string, work: () => Promise<T>): Promise<T> =>
  locks.request(`bigquery-emulator ${endpoint}`, work)

/** 400 and 404 are about the text of the question, what it names and how much it would read. */
function queryFault(cause: unknown, sql: string): TradingError {
  if (cause instanceof TradingError) return cause
  const { code, message } = cause as { code?: unknown; message?: unknown }
  if (Number(code) === 400 || Number(code) === 404)
    return new TradingError(
      'QUERY_INVALID',
      String(message).replace(/\s*\n\s*/g, ' '),
      { sql },
      cause,
    )
  return platformFault(cause, 'query BigQuery')
}

async function openRest({ project, restEndpoint }: BigQueryOptions): Promise<Ask> {
  const { BigQuery } = await import('@google-cloud/bigquery')
  const base = restEndpoint ?? 'https://bigquery.googleapis.com'
  const client = new BigQuery({
    projectId: project,
    autoRetry: false,
    ...(restEndpoint === undefined
      ? {}
      : { apiEndpoint: restEndpoint, authClient: await noLogin() }),
  })
  return ({ method, path, body, parameters }) =>
    patiently(
      'query BigQuery',
      patience,
      () =>
        new Promise((resolve, reject) => {
          client.request(
            {
              method,
              // Absolute, since the client would read an emulator's address from the environment and lose its path.
              uri: `${base}/bigquery/v2/projects/${project}${path}`,
              ...(body === undefined ? {} : { json: body }),
              ...(parameters === undefined ? {} : { qs: parameters }),
            },
            (error, reply) => (error ? reject(error) : resolve(reply as QueryReply)),
          )
        }),
    )
}
