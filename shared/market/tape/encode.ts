import {
  AsyncByteQueue,
  type Data,
  type DataType,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Struct,
} from 'apache-arrow'
import type { DomainEvent } from '../event.ts'
import { DoubleColumn, IntColumn, LongColumn, RunColumn } from './column.ts'
import { type TapeHeader, textFromBody } from './header.ts'
import {
  columnNames,
  eventKinds,
  kindWords,
  sides,
  sideWordList,
  tapeColumns,
  tapeSchema,
} from './schema.ts'

export type TapeEncoder = {
  /** Copies the event, so its buffers may be reused at once. @throws TradingError NUMBER_TOO_LARGE */
  append(event: DomainEvent): void
  /** Events appended but not yet taken as bytes. */
  readonly pendingCount: number
  /** Everything so far as whole Arrow messages; empty when there is nothing new. */
  takeBytes(): Uint8Array
  /** The rest, and the mark that the tape is complete. */
  finish(): Uint8Array
}

/** Rows of one Arrow batch; what a crash can lose. */
export const batchRowsMax = 4_096

const kindCodes: ReadonlyMap<string, number> = new Map(eventKinds.map((kind, code) => [kind, code]))
const textEncoder = new TextEncoder()

/** Arrow IPC stream format: each batch stands for itself, so what was written before a crash stays readable. */
export function createTapeEncoder(header: TapeHeader): TapeEncoder {
  const schema = tapeSchema(header)
  const sink = new ByteSink()
  const writer = new RecordBatchStreamWriter()
  writer.reset(sink, schema)
  const columns = createColumns(batchRowsMax)
  let rows = 0

  function encodeBatch(): void {
    if (rows === 0) return
    const children = columnNames.map((name) => columnData(columns, name, rows))
    const type = new Struct(schema.fields)
    writer.write(new RecordBatch(schema, makeData({ type, length: rows, children })))
    sink.seal()
    clearColumns(columns)
    rows = 0
  }

  return {
    append(event) {
      putEvent(columns, rows, event)
      rows++
      if (rows === batchRowsMax) encodeBatch()
    },
    get pendingCount() {
      return rows
    },
    takeBytes() {
      encodeBatch()
      return sink.take()
    },
    finish() {
      encodeBatch()
      writer.finish()
      return sink.take()
    },
  }
}

/** Gathers what the Arrow writer writes; its own queue cannot be emptied without waiting. */
class ByteSink extends AsyncByteQueue {
  #views: Uint8Array[] = []
  #sealed: Uint8Array[] = []

  override write(value: ArrayBufferView | ArrayBufferLike): void {
    this.#views.push(
      ArrayBuffer.isView(value)
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
        : new Uint8Array(value),
    )
  }

  /** Copies what was written, because the views look into column buffers that will be reused. */
  seal(): void {
    this.#sealed.push(joined(this.#views))
    this.#views = []
  }

  take(): Uint8Array {
    this.seal()
    const bytes = joined(this.#sealed)
    this.#sealed = []
    return bytes
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

type Columns = ReturnType<typeof createColumns>

const createColumns = (rowsMax: number) => ({
  kind: new IntColumn(rowsMax),
  instrument: new IntColumn(rowsMax),
  event_time: new LongColumn(rowsMax),
  receive_time: new LongColumn(rowsMax),
  sequence: new LongColumn(rowsMax),
  sequence_first: new LongColumn(rowsMax),
  sequence_previous: new LongColumn(rowsMax),
  levels: new RunColumn<Int32Array>(rowsMax, (length) => new Int32Array(length)),
  bid_count: new IntColumn(rowsMax),
  ask_count: new IntColumn(rowsMax),
  trade_id: new LongColumn(rowsMax),
  price_ticks: new LongColumn(rowsMax),
  size_lots: new LongColumn(rowsMax),
  side: new IntColumn(rowsMax),
  mark_price_e8: new LongColumn(rowsMax),
  index_price_e8: new LongColumn(rowsMax),
  funding_rate: new DoubleColumn(rowsMax),
  next_funding_time: new LongColumn(rowsMax),
  body: new RunColumn<Uint8Array>(rowsMax, (length) => new Uint8Array(length)),
})

function clearColumns(columns: Columns): void {
  for (const name of columnNames) columns[name].clear()
}

function putEvent(columns: Columns, row: number, event: DomainEvent): void {
  columns.kind.put(row, kindCodes.get(event.kind) as number)
  columns.event_time.put(row, event.eventTimeUs)
  columns.receive_time.put(row, event.receiveTimeUs)
  if ('instrumentId' in event) columns.instrument.put(row, event.instrumentId)

  if (event.kind === 'book-delta' || event.kind === 'book-snapshot') {
    columns.sequence.put(row, event.sequence)
    columns.levels.put(row, event.levels, 2 * (event.bidCount + event.askCount))
    columns.bid_count.put(row, event.bidCount)
    columns.ask_count.put(row, event.askCount)
    columns.body.skip(row)
    if (event.kind === 'book-snapshot') return
    columns.sequence_first.put(row, event.sequenceFirst)
    columns.sequence_previous.put(row, event.sequencePrevious)
    return
  }
  columns.levels.skip(row)
  if (event.kind === 'trade' || event.kind === 'fill') {
    columns.trade_id.put(row, event.tradeId)
    columns.price_ticks.put(row, event.priceTicks)
    columns.size_lots.put(row, event.sizeLots)
    columns.side.put(row, sides.indexOf(event.kind === 'trade' ? event.aggressor : event.side))
  } else if (event.kind === 'mark-price') {
    columns.mark_price_e8.put(row, event.markPriceE8)
    columns.index_price_e8.put(row, event.indexPriceE8)
    columns.funding_rate.put(row, event.fundingRate)
    columns.next_funding_time.put(row, event.nextFundingTimeUs)
  }
  const body = bodyOf(event)
  if (body === undefined) columns.body.skip(row)
  else {
    const bytes = textEncoder.encode(textFromBody(body))
    columns.body.put(row, bytes, bytes.length)
  }
}

/** What of an event has no column of its own; undefined when nothing. */
function bodyOf(event: DomainEvent): unknown {
  if (event.kind === 'trade' || event.kind === 'mark-price' || event.kind === 'timer')
    return undefined
  if (event.kind === 'fill') {
    const { clientOrderId, venueOrderId, liquidity, feeE8, realisedPnlE8 } = event
    return { clientOrderId, venueOrderId, liquidity, feeE8, realisedPnlE8 }
  }
  return {
    ...event,
    kind: undefined,
    eventTimeUs: undefined,
    receiveTimeUs: undefined,
    instrumentId: undefined,
  }
}

/** A column's rows as Arrow data that looks into the column's buffers. */
function columnData(columns: Columns, name: keyof Columns, length: number): Data<DataType> {
  const column = columns[name]
  const validity = {
    length,
    nullCount: length - column.valueCount,
    nullBitmap: column.bitmap.subarray(0, (length + 7) >> 3),
  }
  if (column instanceof RunColumn) {
    const valueOffsets = column.offsets.subarray(0, length + 1)
    if (name === 'body')
      return makeData({ type: tapeColumns.body, ...validity, valueOffsets, data: column.items })
    const items = column.items.subarray(0, column.used) as Int32Array
    const child = makeData({
      type: new Int32(),
      length: items.length,
      nullCount: 0,
      data: items,
    })
    return makeData({ type: tapeColumns.levels, ...validity, valueOffsets, child })
  }
  const data = column.values.subarray(0, length) as Int32Array
  if (name === 'kind')
    return makeData({ type: tapeColumns.kind, ...validity, data, dictionary: kindWords })
  if (name === 'side')
    return makeData({ type: tapeColumns.side, ...validity, data, dictionary: sideWordList })
  return makeData({ type: tapeColumns[name], ...validity, data } as never)
}
