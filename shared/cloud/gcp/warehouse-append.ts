import { TradingError } from '#shared/kernel/error.ts'
import type { TableName } from '../manifest/table.ts'
import type { Row } from '../port.ts'
import { tableSpec } from '../row.ts'
import { encodeRow } from './warehouse-proto.ts'

/** What the server said to one append. */
export type AppendReply =
  | 'stored'
  /** Rows at this offset are there: an earlier try arrived although its answer did not. */
  | 'already-there'
  /** The connection broke, or the server asks to come back. Nothing is known about the rows. */
  | 'unknown'

/** Storage Write API, as far as it is needed. Its calls retry by themselves where the platform says they may. */
export type WriteChannel = {
  /** A stream whose rows nobody sees before its commit. @returns its name */
  createStream(table: TableName): Promise<string>
  /** @throws TradingError PLATFORM_REFUSED when the rows are not wanted */
  append(request: AppendRequest): Promise<AppendReply>
  /** No more rows. @returns how many the stream has */
  finalize(stream: string): Promise<number>
  /** Shows all rows at once. Committing twice is committing once. */
  commit(stream: string): Promise<void>
}

export type AppendRequest = {
  readonly table: TableName
  readonly stream: string
  /** Rows of the stream before these. */
  readonly offset: number
  readonly rows: readonly Uint8Array[]
}

/** The API takes 10 MB in one request; the rest is for names and framing. */
const requestBytesMax = 8_000_000
const requestRowsMax = 10_000
const triesMax = 5

/**
 * Stores rows all or none, each once, however often a request has to be sent again.
 *
 * The rows go into a stream that shows nothing until it is committed, each request with its offset: one that arrived
 * before is recognised by it. A failure leaves a stream that is never committed, so the whole insert may be repeated.
 *
 * @throws TradingError ROW_INVALID before anything is sent
 * @throws TradingError PLATFORM_UNREACHABLE when it is not known to be stored; insert again, keys keep rows single
 */
export async function insertPending(
  channel: WriteChannel,
  table: TableName,
  rows: readonly Row[],
): Promise<void> {
  const encoded = uniqueRows(table, rows).map((row) => encodeRow(table, row))
  if (encoded.length === 0) return
  const stream = await channel.createStream(table)
  let offset = 0
  for (const batch of batchesOf(encoded)) {
    await appendOnce(channel, { table, stream, offset, rows: batch })
    offset += batch.length
  }
  const stored = await channel.finalize(stream)
  if (stored !== encoded.length)
    throw new TradingError(
      'PLATFORM_UNREACHABLE',
      `${table}: the stream has ${stored} of ${encoded.length} rows and is left alone; insert again`,
    )
  await channel.commit(stream)
}

async function appendOnce(channel: WriteChannel, request: AppendRequest): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++)
    if ((await channel.append(request)) !== 'unknown') return
  throw new TradingError(
    'PLATFORM_UNREACHABLE',
    `${request.table}: no answer to ${triesMax} tries to append ${request.rows.length} rows; insert again`,
  )
}

/** Equal rows once. Which of unequal ones with one key shows is the view's to say. */
function uniqueRows(table: TableName, rows: readonly Row[]): readonly Row[] {
  const columns = Object.keys(tableSpec(table).columns)
  const seen = new Set<string>()
  return rows.filter((row) => {
    const values = JSON.stringify(columns.map((name) => String(row[name])))
    if (seen.has(values)) return false
    seen.add(values)
    return true
  })
}

function* batchesOf(rows: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = 0
  for (const row of rows) {
    if (
      batch.length === requestRowsMax ||
      (batch.length > 0 && bytes + row.length > requestBytesMax)
    ) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(row)
    bytes += row.length
  }
  if (batch.length > 0) yield batch
}
