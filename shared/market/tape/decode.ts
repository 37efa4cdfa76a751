import { type Data, type RecordBatch, RecordBatchReader } from 'apache-arrow'
import { invariant, TradingError } from '../../kernel/error.ts'
import type { Lots, Micros, Ticks } from '../../kernel/unit.ts'
import type { DomainEvent } from '../event.ts'
import { bodyFromText, headerFromText, headerKey, type TapeHeader } from './header.ts'
import { splitMessages, type TapeEnding, type TapeMessage } from './messages.ts'
import { columnNames, eventKinds, sides, type TapeColumn } from './schema.ts'

export type Tape = {
  readonly header: TapeHeader
  /** One pass over the events, oldest first. They own their data: levels stay valid. */
  readonly events: AsyncIterable<DomainEvent>
  /** The same pass a batch at a time, which is much faster for long tapes. Use one of the two. */
  readonly batches: AsyncIterable<readonly DomainEvent[]>
  /** After the last event: where the tape was cut off (a crash); undefined when it is complete. */
  endedEarly(): string | undefined
}

/**
 * Reads a tape in bounded memory: one batch at a time. A tape cut off by a crash gives all its whole batches.
 *
 * @throws TradingError TAPE_MALFORMED naming the place; faults past the header are thrown while reading
 */
export async function readTape(chunks: AsyncIterable<Uint8Array>): Promise<Tape> {
  const ending: TapeEnding = { cutAt: undefined }
  const messages = splitMessages(chunks, ending)
  const first = await messages.next()
  if (first.done || first.value.type !== 'schema')
    throw new TradingError('TAPE_MALFORMED', 'not a tape: it does not start with an Arrow schema')
  const schemaBytes = first.value.bytes
  const header = readHeader(schemaBytes)
  const batches = readBatches(messages, schemaBytes)
  return {
    header,
    batches,
    events: flattened(batches),
    endedEarly: () =>
      ending.cutAt === undefined
        ? undefined
        : `the tape ends early, at byte ${ending.cutAt}: its writer did not finish`,
  }
}

async function* flattened(
  batches: AsyncIterable<readonly DomainEvent[]>,
): AsyncGenerator<DomainEvent> {
  for await (const batch of batches) yield* batch
}

function readHeader(schemaBytes: Uint8Array): TapeHeader {
  const { schema } = openReader([schemaBytes])
  const text = schema.metadata.get(headerKey)
  if (text === undefined)
    throw new TradingError('TAPE_MALFORMED', `not a tape: its Arrow schema has no '${headerKey}'`)
  const missing = columnNames.filter((name) => !schema.fields.some((field) => field.name === name))
  if (missing.length > 0)
    throw new TradingError('TAPE_MALFORMED', `the tape lacks the column ${missing.join(', ')}`)
  return headerFromText(text)
}

async function* readBatches(
  messages: AsyncIterable<TapeMessage>,
  schemaBytes: Uint8Array,
): AsyncGenerator<readonly DomainEvent[]> {
  const prefix: Uint8Array[] = [schemaBytes]
  let batchNumber = 0
  for await (const message of messages) {
    if (message.type === 'dictionary') prefix.push(message.bytes)
    if (message.type !== 'batch') continue
    batchNumber++
    yield readBatch(prefix, message, batchNumber)
  }
}

/** The stream ends here as far as the Arrow reader is concerned. */
const endMark = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0)

function openReader(messages: readonly Uint8Array[]) {
  const reader = RecordBatchReader.from([...messages, endMark])
  return reader.open()
}

function readBatch(
  prefix: readonly Uint8Array[],
  message: TapeMessage,
  batchNumber: number,
): readonly DomainEvent[] {
  try {
    const batch = openReader([...prefix, message.bytes]).next().value as RecordBatch | null
    invariant(batch !== null, 'a batch message holds a batch')
    return eventsOf(batch)
  } catch (cause) {
    const place = `batch ${batchNumber}, at byte ${message.offset}`
    const why = cause instanceof TradingError ? cause.message : 'its columns cannot be read'
    throw new TradingError('TAPE_MALFORMED', `tape is damaged in ${place}: ${why}`, {}, cause)
  }
}

function eventsOf(batch: RecordBatch): DomainEvent[] {
  const columns = openColumns(batch)
  const events: DomainEvent[] = []
  for (let row = 0; row < batch.numRows; row++) events.push(eventAt(columns, row))
  return events
}

type Columns = ReturnType<typeof openColumns>

/** Flat views of the columns of one batch; missing values are refused where they are needed. */
function openColumns(batch: RecordBatch) {
  const dataOf = (name: TapeColumn): Data => {
    const data = batch.getChild(name)?.data[0]
    if (!data) throw new TradingError('TAPE_MALFORMED', `column ${name} is missing`)
    return data
  }
  const long = (name: TapeColumn): ((row: number) => number) => {
    const data = dataOf(name)
    const values = data.values as BigInt64Array
    const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
    return (row) => {
      need(data, name, row)
      return (halves[2 * row + 1] as number) * 4_294_967_296 + ((halves[2 * row] as number) >>> 0)
    }
  }
  const plain = (name: TapeColumn): ((row: number) => number) => {
    const data = dataOf(name)
    const values = data.values as Int32Array | Float64Array
    return (row) => {
      need(data, name, row)
      return values[row] as number
    }
  }
  const levelRuns = dataOf('levels')
  const levelItems = levelRuns.children[0]?.values as Int32Array
  const bodies = batch.getChild('body')
  return {
    kind: plain('kind'),
    instrument: plain('instrument'),
    eventTimeUs: long('event_time'),
    receiveTimeUs: long('receive_time'),
    sequence: long('sequence'),
    sequenceFirst: long('sequence_first'),
    sequencePrevious: long('sequence_previous'),
    bidCount: plain('bid_count'),
    askCount: plain('ask_count'),
    tradeId: long('trade_id'),
    priceTicks: long('price_ticks'),
    sizeLots: long('size_lots'),
    side: plain('side'),
    markPriceE8: long('mark_price_e8'),
    indexPriceE8: long('index_price_e8'),
    fundingRate: plain('funding_rate'),
    nextFundingTimeUs: long('next_funding_time'),
    levels: (row: number): Int32Array => {
      need(levelRuns, 'levels', row)
      const offsets = levelRuns.valueOffsets as Int32Array
      return levelItems.subarray(offsets[row], offsets[row + 1])
    },
    body: (row: number): object => {
      const text: unknown = bodies?.get(row)
      if (typeof text !== 'string') throw missing('body', row)
      return bodyFromText(text) as object
    },
    hasInstrument: (() => {
      const data = dataOf('instrument')
      return (row: number): boolean => data.getValid(row)
    })(),
  }
}

function need(data: Data, name: TapeColumn, row: number): void {
  if (data.nullCount > 0 && !data.getValid(row)) throw missing(name, row)
}

const missing = (name: TapeColumn, row: number): TradingError =>
  new TradingError('TAPE_MALFORMED', `row ${row + 1} has no ${name}`)

function eventAt(columns: Columns, row: number): DomainEvent {
  const kind = eventKinds[columns.kind(row)]
  const timed = {
    eventTimeUs: columns.eventTimeUs(row) as Micros,
    receiveTimeUs: columns.receiveTimeUs(row) as Micros,
  }
  switch (kind) {
    case undefined:
      throw new TradingError('TAPE_MALFORMED', `row ${row + 1} has an unknown kind of event`)
    case 'book-snapshot':
      return { kind, ...bookFields(columns, row), ...timed }
    case 'book-delta':
      return {
        kind,
        ...bookFields(columns, row),
        ...timed,
        sequenceFirst: columns.sequenceFirst(row),
        sequencePrevious: columns.sequencePrevious(row),
      }
    case 'trade':
      return {
        kind,
        ...timed,
        instrumentId: columns.instrument(row),
        tradeId: columns.tradeId(row),
        priceTicks: columns.priceTicks(row) as Ticks,
        sizeLots: columns.sizeLots(row) as Lots,
        aggressor: sideAt(columns, row),
      }
    case 'mark-price':
      return {
        kind,
        ...timed,
        instrumentId: columns.instrument(row),
        markPriceE8: columns.markPriceE8(row),
        indexPriceE8: columns.indexPriceE8(row),
        fundingRate: columns.fundingRate(row),
        nextFundingTimeUs: columns.nextFundingTimeUs(row) as Micros,
      }
    case 'timer':
      return { kind, ...timed }
    case 'fill':
      return {
        kind,
        ...timed,
        instrumentId: columns.instrument(row),
        tradeId: columns.tradeId(row),
        priceTicks: columns.priceTicks(row) as Ticks,
        sizeLots: columns.sizeLots(row) as Lots,
        side: sideAt(columns, row),
        ...columns.body(row),
      } as DomainEvent
    default: {
      const instrument = columns.hasInstrument(row)
        ? { instrumentId: columns.instrument(row) }
        : undefined
      return { kind, ...timed, ...instrument, ...columns.body(row) } as DomainEvent
    }
  }
}

function bookFields(columns: Columns, row: number) {
  const levels = columns.levels(row)
  const bidCount = columns.bidCount(row)
  const askCount = columns.askCount(row)
  if (levels.length !== 2 * (bidCount + askCount))
    throw new TradingError(
      'TAPE_MALFORMED',
      `row ${row + 1} has ${levels.length / 2} levels, but counts ${bidCount} bids and ${askCount} asks`,
    )
  return {
    instrumentId: columns.instrument(row),
    sequence: columns.sequence(row),
    levels,
    bidCount,
    askCount,
  }
}

function sideAt(columns: Columns, row: number): 'buy' | 'sell' {
  const side = sides[columns.side(row)]
  if (!side) throw new TradingError('TAPE_MALFORMED', `row ${row + 1} has an unknown side`)
  return side
}
