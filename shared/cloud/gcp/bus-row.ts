import { TradingError } from '#shared/kernel/error.ts'
import { type ColumnType, type TableName, tables } from '../manifest/table.ts'
import { type TopicName, topics } from '../manifest/topic.ts'
import type { Message } from '../port.ts'

type Columns = Readonly<Record<string, ColumnType>>

const noColumns: Columns = {}

/** Columns of the table that the messages of a topic are rows of. */
function columnsOf(topic: string): Columns {
  const table = Object.hasOwn(topics, topic) ? topics[topic as TopicName].table : undefined
  return table === undefined ? noColumns : tables[table].columns
}

/**
 * A message as the bytes that travel: JSON as a BigQuery subscription reads it.
 *
 * In topics whose messages are rows, timestamps become RFC 3339 with six decimals; money is decimal text already;
 * big integers become text. Everything else stays as it is, so unknown columns are the warehouse's to refuse.
 *
 * @throws TradingError STATE_CORRUPT when the message is not plain data, naming where
 */
export function encodeMessage(topic: string, message: Message): Buffer {
  const columns = columnsOf(topic)
  const wire: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(message))
    wire[name] = Object.hasOwn(columns, name)
      ? encodeColumn(topic, name, columns[name] as ColumnType, value)
      : plain(topic, name, value)
  return Buffer.from(JSON.stringify(wire))
}

/**
 * The message that {@link encodeMessage} was given.
 *
 * @throws TradingError WIRE_SHAPE_UNKNOWN when the bytes are not a JSON object
 */
export function decodeMessage(topic: string, bytes: Uint8Array): Message {
  let wire: unknown
  try {
    wire = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `message of topic '${topic}' is not JSON`,
      {},
      cause,
    )
  }
  if (typeof wire !== 'object' || wire === null || Array.isArray(wire))
    throw new TradingError('WIRE_SHAPE_UNKNOWN', `message of topic '${topic}' is not a JSON object`)
  return decodeColumns(columnsOf(topic), wire as Message)
}

/** A row as it travelled to the warehouse, as the row that was published. Unknown columns stay as they are. */
export function decodeRow(table: TableName, wire: Message): Message {
  return decodeColumns(tables[table].columns, wire)
}

function decodeColumns(columns: Columns, wire: Message): Message {
  if (columns === noColumns) return wire
  return Object.fromEntries(
    Object.entries(wire).map(([name, value]) => [
      name,
      Object.hasOwn(columns, name) ? decodeColumn(columns[name] as ColumnType, value) : value,
    ]),
  )
}

function encodeColumn(topic: string, name: string, type: ColumnType, value: unknown): unknown {
  if (type === 'timestamp' && Number.isSafeInteger(value)) return timestampText(value as number)
  if (type === 'integer' && typeof value === 'bigint') return value.toString()
  return plain(topic, name, value)
}

function decodeColumn(type: ColumnType, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (type === 'timestamp') return microsFromText(value) ?? value
  if (type === 'integer' && /^-?\d{1,30}$/.test(value)) return BigInt(value)
  return value
}

const microsPerSecond = 1_000_000
/** Of the years 0001 to 9999, which is what RFC 3339 and BigQuery can say. */
const secondsMin = -62_135_596_800
const secondsMax = 253_402_300_799

/** `1_700_000_000_000_001` → `2023-11-14T22:13:20.000001Z`; text of the number where no such date exists. */
export function timestampText(micros: number): string {
  const seconds = Math.floor(micros / microsPerSecond)
  if (seconds < secondsMin || seconds > secondsMax) return String(micros)
  const fraction = micros - seconds * microsPerSecond
  const date = new Date(seconds * 1_000).toISOString().slice(0, -5)
  return `${date}.${String(fraction).padStart(6, '0')}Z`
}

/** Reads what {@link timestampText} writes; undefined for anything else. */
export function microsFromText(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/.exec(text)
  if (!match) return /^-?\d{1,16}$/.test(text) ? Number(text) : undefined
  const milliseconds = Date.parse(`${match[1]}Z`)
  return Number.isNaN(milliseconds) ? undefined : milliseconds * 1_000 + Number(match[2])
}

/** JSON would turn NaN, infinities, dates and functions into something else without a word. */
function plain(topic: string, path: string, value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) plainItem(topic, `${path}[${index}]`, item)
    return value
  }
  if (isPlainObject(value)) {
    for (const [name, item] of Object.entries(value)) plain(topic, `${path}.${name}`, item)
    return value
  }
  // An absent property: JSON leaves it out, and so does whoever reads.
  if (value === undefined) return value
  throw notPlain(topic, path, value)
}

function plainItem(topic: string, path: string, item: unknown): void {
  if (item === undefined) throw notPlain(topic, path, item)
  plain(topic, path, item)
}

const notPlain = (topic: string, path: string, value: unknown): TradingError =>
  new TradingError(
    'STATE_CORRUPT',
    `message for '${topic}' is not plain data: ${path} is ${typeof value === 'number' ? value : `a ${typeof value}`}`,
  )

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
