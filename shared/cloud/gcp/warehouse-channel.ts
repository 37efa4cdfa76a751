import { TradingError } from '#shared/kernel/error.ts'
import { clientOptions } from './client.ts'
import { platformFault } from './fault.ts'
import type { AppendReply, AppendRequest, WriteChannel } from './warehouse-append.ts'
import { rowDescriptor } from './warehouse-proto.ts'
import { rawDatasetName } from './warehouse-schema.ts'

export type WriteChannelOptions = {
  readonly project: string
  readonly dataset: string
  /** `host:port` of an emulator, without TLS. */
  readonly grpcEndpoint?: string
}

/** gRPC codes by which the server answers an append. */
const alreadyExists = 6
const unknownOutcomes: ReadonlySet<number> = new Set([1, 4, 8, 10, 13, 14])
const appendTimeoutMs = 60_000

/** The Storage Write API over gRPC. Nothing is loaded or opened before the first insert. */
export function openWriteChannel(
  options: WriteChannelOptions,
): WriteChannel & { close(): Promise<void> } {
  const { project, dataset } = options
  let opened: ReturnType<typeof createClient> | undefined
  const client = () => {
    opened ??= createClient(options)
    return opened
  }
  const parentOf = (table: string) =>
    `projects/${project}/datasets/${rawDatasetName(dataset)}/tables/${table}`

  return {
    async createStream(table) {
      try {
        const [stream] = await (await client()).createWriteStream({
          parent: parentOf(table),
          writeStream: { type: 'PENDING' },
        })
        return String(stream.name)
      } catch (cause) {
        throw platformFault(cause, `write to table ${table}`)
      }
    },
    append: async (request) => await sendRows(await client(), request),
    async finalize(stream) {
      try {
        const [reply] = await (await client()).finalizeWriteStream({ name: stream })
        return Number(reply.rowCount)
      } catch (cause) {
        throw platformFault(cause, `finalize ${stream}`)
      }
    },
    async commit(stream) {
      const parent = stream.slice(0, stream.indexOf('/streams/'))
      try {
        const [reply] = await (await client()).batchCommitWriteStreams({
          parent,
          writeStreams: [stream],
        })
        for (const { code, errorMessage } of reply.streamErrors ?? [])
          if (code !== 'STREAM_ALREADY_COMMITTED')
            throw new TradingError(
              // Without a code nobody knows whether it was committed.
              code === 'STORAGE_ERROR_CODE_UNSPECIFIED'
                ? 'PLATFORM_UNREACHABLE'
                : 'PLATFORM_REFUSED',
              `commit ${stream}: ${code} ${errorMessage}`,
            )
      } catch (cause) {
        throw platformFault(cause, `commit ${stream}`)
      }
    },
    async close() {
      if (opened) await (await opened).close()
    },
  }
}

async function createClient({ project, grpcEndpoint }: WriteChannelOptions) {
  const { BigQueryWriteClient } = await import('@google-cloud/bigquery-storage')
  return new BigQueryWriteClient(await clientOptions(project, grpcEndpoint))
}

type WriteClient = Awaited<ReturnType<typeof createClient>>

/** A connection per request: a request that hangs then disturbs no other, and idle ones cannot be cut. */
async function sendRows(client: WriteClient, request: AppendRequest): Promise<AppendReply> {
  const { table, stream, offset, rows } = request
  const connection = client.appendRows({
    timeout: appendTimeoutMs,
    // BigQuery finds the region of a stream by this header.
    otherArgs: { headers: { 'x-goog-request-params': `write_stream=${stream}` } },
  })
  try {
    const reply = await new Promise<{ error?: unknown; rowErrors?: unknown }>((resolve, reject) => {
      connection.once('data', resolve)
      connection.once('error', reject)
      connection.once('end', () => reject(Object.assign(new Error('ended'), { code: 14 })))
      connection.write({
        writeStream: stream,
        offset: { value: offset },
        protoRows: {
          writerSchema: { protoDescriptor: rowDescriptor(table) },
          rows: { serializedRows: rows },
        },
      })
    })
    if (reply.error) throw reply.error
    return 'stored'
  } catch (cause) {
    const code = Number((cause as { code?: unknown }).code)
    if (code === alreadyExists) return 'already-there'
    if (unknownOutcomes.has(code)) return 'unknown'
    throw platformFault(
      Object.assign(new Error(String((cause as Error).message)), { code }),
      `append ${rows.length} rows to table ${table}`,
    )
  } finally {
    connection.on('error', () => undefined)
    connection.end()
    connection.destroy()
  }
}
