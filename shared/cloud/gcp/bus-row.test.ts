import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ColumnType, type TableName, tables } from '../manifest/table.ts'
import { type TopicName, type TopicSpec, topics } from '../manifest/topic.ts'
import type { Message } from '../port.ts'
import {
  decodeMessage,
  decodeRow,
  encodeMessage,
  microsFromText,
  timestampText,
} from './bus-row.ts'

const rowTopics = Object.entries<TopicSpec>(topics).flatMap(([topic, { table }]) =>
  table === undefined ? [] : [{ topic: topic as TopicName, table }],
)

const values: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  string: fc.string({ unit: 'grapheme' }),
  integer: fc.oneof(fc.maxSafeInteger(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  float: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  money: fc.bigInt(-(10n ** 20n), 10n ** 20n).map((value) => `${value}.00000001`),
  boolean: fc.boolean(),
  timestamp: fc.maxSafeInteger(),
  json: fc.json(),
}

const rowOf = (table: TableName) =>
  fc.record(
    Object.fromEntries(
      Object.entries<ColumnType>(tables[table].columns).map(([name, type]) => [
        name,
        fc.option(values[type], { freq: 5 }),
      ]),
    ),
  )

describe('rows on the bus', () => {
  test.each(rowTopics)('a row of $topic comes back as it was', ({ topic, table }) => {
    fc.assert(
      fc.property(rowOf(table), (row) => {
        expect(decodeMessage(topic, encodeMessage(topic, row))).toEqual(row)
      }),
      { numRuns: 50 },
    )
  })

  test('a fill travels as BigQuery reads it', () => {
    const bytes = encodeMessage('fills', {
      trade_id: 9_007_199_254_740_993n,
      fee: '0.00000001',
      mid: null,
      price: 64_250.1,
      event_time: 1_700_000_000_000_001,
    })
    expect(JSON.parse(bytes.toString())).toEqual({
      trade_id: '9007199254740993',
      fee: '0.00000001',
      mid: null,
      price: 64_250.1,
      event_time: '2023-11-14T22:13:20.000001Z',
    })
    expect(decodeRow('fills', JSON.parse(bytes.toString()))).toMatchObject({
      trade_id: 9_007_199_254_740_993n,
      event_time: 1_700_000_000_000_001,
    })
  })

  test('topics without a table keep their numbers', () => {
    const message = { at: 1_700_000_000_000_001, event_time: 5, bids: [[1.5, 2]] }
    expect(JSON.parse(encodeMessage('market', message).toString())).toEqual(message)
  })
})

describe('times as text', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [-1, '1969-12-31T23:59:59.999999Z'],
    [1_700_000_000_123_456, '2023-11-14T22:13:20.123456Z'],
    [Number.MAX_SAFE_INTEGER, '2255-06-05T23:47:34.740991Z'],
  ])('%d µs is %s', (micros, text) => {
    expect(timestampText(micros)).toBe(text)
  })

  test('every safe integer comes back, in the order of time', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (micros) => {
        expect(microsFromText(timestampText(micros))).toBe(micros)
      }),
    )
  })

  test.each(['yesterday', '2023-11-14', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20.1Z', ''])(
    '%s is not read as a time',
    (text) => {
      expect(microsFromText(text)).toBeUndefined()
    },
  )
})

describe('what is not plain data is refused, with its place', () => {
  test.each<[string, Message, string]>([
    ['a function', { callback: () => 1 }, 'callback'],
    ['NaN', { price: Number.NaN }, 'price'],
    ['infinity', { inner: { size: Number.POSITIVE_INFINITY } }, 'inner.size'],
    ['a date', { at: new Date(0) }, 'at'],
    ['a map', { book: new Map() }, 'book'],
    ['a hole', { levels: [1, undefined] }, 'levels[1]'],
    ['a big integer outside an integer column', { size: 1n }, 'size'],
  ])('%s', (_, message, place) => {
    expect(() => encodeMessage('fills', message)).toThrow(`not plain data: ${place} `)
  })

  test('an absent property stays absent', () => {
    expect(encodeMessage('market', { kind: 'book', note: undefined }).toString()).toBe(
      '{"kind":"book"}',
    )
  })
})

test.each(['', 'x', '[1]', '1', 'null', '"text"'])('%s is no message', (text) => {
  expect(() => decodeMessage('fills', Buffer.from(text))).toThrow(
    expect.objectContaining({ code: 'WIRE_SHAPE_UNKNOWN' }),
  )
})
