import {
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Schema,
  TimestampMicrosecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow'
import type { EventKind } from '../event.ts'
import type { Side } from '../instrument.ts'
import { headerKey, type TapeHeader, textFromHeader } from './header.ts'

/** Position is the code of the kind on tape. New kinds go to the end. */
export const eventKinds = [
  'book-snapshot',
  'book-delta',
  'trade',
  'mark-price',
  'candle',
  'book-lost',
  'order-accepted',
  'order-refused',
  'order-unknown',
  'fill',
  'order-closed',
  'order-report',
  'cancel-refused',
  'funding-paid',
  'balance-report',
  'position-report',
  'user-stream',
  'timer',
  'command',
] as const satisfies readonly EventKind[]

/** The compiler's proof that no kind is missing above. */
export type KindsAreComplete = EventKind extends (typeof eventKinds)[number] ? true : never
export const kindsAreComplete: KindsAreComplete = true

export const sides = ['buy', 'sell'] as const satisfies readonly Side[]

const words = (): Dictionary<Utf8, Int32> => new Dictionary(new Utf8(), new Int32(), 0)
const sideWords = (): Dictionary<Utf8, Int32> => new Dictionary(new Utf8(), new Int32(), 1)
const microsUtc = () => new TimestampMicrosecond('UTC')

/** Columns of a tape, in order. A column that a kind does not use is null. */
export const tapeColumns = {
  kind: words(),
  instrument: new Int32(),
  event_time: microsUtc(),
  receive_time: microsUtc(),
  /** `u` of a delta, update id of a snapshot. */
  sequence: new Int64(),
  sequence_first: new Int64(),
  sequence_previous: new Int64(),
  /** `[ticks, lots]` pairs, bids first. */
  levels: new List(Field.new('item', new Int32(), false)),
  bid_count: new Int32(),
  ask_count: new Int32(),
  trade_id: new Int64(),
  price_ticks: new Int64(),
  size_lots: new Int64(),
  /** Aggressor of a trade, side of a fill. */
  side: sideWords(),
  mark_price_e8: new Int64(),
  index_price_e8: new Int64(),
  funding_rate: new Float64(),
  next_funding_time: microsUtc(),
  /** JSON of all fields without a column of their own. */
  body: new Utf8(),
} as const

export type TapeColumn = keyof typeof tapeColumns
export const columnNames = Object.keys(tapeColumns) as readonly TapeColumn[]

export function tapeSchema(header: TapeHeader): Schema {
  const fields = columnNames.map((name) => Field.new(name, tapeColumns[name], true))
  return new Schema(fields, new Map([[headerKey, textFromHeader(header)]]))
}

export const kindWords: Vector<Utf8> = vectorFromArray([...eventKinds], new Utf8())
export const sideWordList: Vector<Utf8> = vectorFromArray([...sides], new Utf8())
