import { afterEach, expect, test } from 'vitest'
import { type RunningServer, serveGrpc } from '#shared/cloud/emulator/grpc-server.ts'
import { insertPending } from '#shared/cloud/gcp/warehouse-append.ts'
import { openWriteChannel } from '#shared/cloud/gcp/warehouse-channel.ts'
import { encodeRow } from '#shared/cloud/gcp/warehouse-proto.ts'
import { paymentRow } from '#test/contract/warehouse.conformance.ts'

/** What bigquery-emulator lacks: a server that minds offsets, and that loses answers. */
type Fault = 'answer-lost' | 'request-lost' | 'refused'
type AppendCall = {
  on(event: 'data', take: (request: AppendRequest) => void): void
  on(event: 'end', take: () => void): void
  write(reply: unknown): void
  end(): void
  emit(event: 'error', fault: { readonly code: number; readonly details: string }): void
}
type AppendRequest = {
  readonly offset: { readonly value: string }
  readonly protoRows: { readonly rows: { readonly serializedRows: readonly Buffer[] } }
}
type Unary = (
  call: { readonly request: unknown },
  answer: (error: null, reply: unknown) => void,
) => void

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function startWriteServer(faults: Fault[]) {
  const rows: Buffer[] = []
  const seen = { appends: 0, commits: 0 }
  const createWriteStream: Unary = (_, answer) =>
    answer(null, {
      name: 'projects/p/datasets/w_raw/tables/funding_payments/streams/s1',
      type: 'PENDING',
    })
  const finalizeWriteStream: Unary = (_, answer) => answer(null, { rowCount: String(rows.length) })
  const batchCommitWriteStreams: Unary = (_, answer) => {
    seen.commits += 1
    const errors = seen.commits > 1 ? [{ code: 'STREAM_ALREADY_COMMITTED' }] : []
    answer(null, { streamErrors: errors })
  }
  const appendRows = (call: AppendCall) => {
    call.on('end', () => call.end())
    call.on('data', ({ offset, protoRows }) => {
      seen.appends += 1
      const fault = faults.shift()
      if (fault === 'request-lost') return call.emit('error', { code: 14, details: 'gone' })
      if (fault === 'refused') return call.emit('error', { code: 3, details: 'bad rows' })
      const at = Number(offset.value)
      if (at < rows.length) return call.write({ error: { code: 6, message: 'already there' } })
      if (at > rows.length) return call.write({ error: { code: 11, message: 'out of range' } })
      rows.push(...protoRows.rows.serializedRows)
      if (fault === 'answer-lost') return call.emit('error', { code: 14, details: 'gone' })
      call.write({ appendResult: { offset: { value: String(at) } } })
    })
  }
  const server: RunningServer = await serveGrpc(
    {
      package: '@google-cloud/bigquery-storage',
      files: ['google/cloud/bigquery/storage/v1/storage.proto'],
    },
    [
      {
        name: 'google.cloud.bigquery.storage.v1.BigQueryWrite',
        methods: { createWriteStream, finalizeWriteStream, batchCommitWriteStreams, appendRows },
      },
    ],
  )
  const channel = openWriteChannel({ project: 'p', dataset: 'w', grpcEndpoint: server.host })
  closers.push(
    () => channel.close(),
    () => server.close(),
  )
  return { channel, rows, seen }
}

const payments = [1, 2, 3].map((id) => paymentRow(id, '1'))
const bytes = payments.map((row) => Buffer.from(encodeRow('funding_payments', row)))

test('rows arrive as they were encoded', async () => {
  const { channel, rows, seen } = await startWriteServer([])
  await insertPending(channel, 'funding_payments', payments)
  expect(rows).toEqual(bytes)
  expect(seen).toEqual({ appends: 1, commits: 1 })
})

test.each<[Fault[], number]>([
  [['answer-lost'], 2],
  [['request-lost'], 2],
  [['request-lost', 'answer-lost', 'request-lost'], 4],
])('after %j every row is there once', async (faults, appends) => {
  const { channel, rows, seen } = await startWriteServer(faults)
  await insertPending(channel, 'funding_payments', payments)
  expect(rows).toEqual(bytes)
  expect(seen).toEqual({ appends, commits: 1 })
})

test('rows that the server refuses are a fault at once, and nothing is committed', async () => {
  const { channel, seen } = await startWriteServer(['refused'])
  await expect(insertPending(channel, 'funding_payments', payments)).rejects.toMatchObject({
    code: 'PLATFORM_REFUSED',
    message: expect.stringContaining('append 3 rows to table funding_payments'),
  })
  expect(seen).toEqual({ appends: 1, commits: 0 })
})

test('a server that stays away is a fault that may be tried again, and nothing is committed', async () => {
  const { channel, seen } = await startWriteServer(Array.from({ length: 9 }, () => 'request-lost'))
  await expect(insertPending(channel, 'funding_payments', payments)).rejects.toMatchObject({
    code: 'PLATFORM_UNREACHABLE',
  })
  expect(seen).toEqual({ appends: 5, commits: 0 })
})

test('a stream that is committed twice is committed', async () => {
  const { channel } = await startWriteServer([])
  const stream = await channel.createStream('funding_payments')
  await channel.commit(stream)
  await channel.commit(stream)
})
