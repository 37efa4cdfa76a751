import { expect, test } from 'vitest'
import { encodeRow, rowDescriptor } from './warehouse-proto.ts'

const hex = (row: Parameters<typeof encodeRow>[1], table = 'heartbeats') =>
  Buffer.from(encodeRow(table, row)).toString('hex')

const heartbeat = {
  service: 'é',
  holder: '',
  epoch: 300,
  run_id: null,
  recorded_at: 1_700_000_000_000_001,
  is_killed: true,
  working_orders: -1,
  stream_age_seconds: 1.5,
}

test('a row is the bytes that protobuf prescribes', () => {
  expect(hex(heartbeat)).toBe(
    [
      '0a02c3a9', // field 1, two bytes of text
      '1200', // field 2, empty text: not the same as null
      '18ac02', // field 3, 300: the example of the protobuf documentation
      '288180f9c0c1c48203', // field 5, microseconds
      '3001', // field 6, true
      '38ffffffffffffffffff01', // field 7, -1 in ten bytes
      '41000000000000f83f', // field 8, 1.5
    ].join(''),
  )
})

test('money is text with 8 decimals', () => {
  const payment = {
    run_id: 'r',
    symbol: 's',
    transaction_id: 0n,
    amount: '-0.1',
    recorded_at: 0,
  }
  expect(hex(payment, 'funding_payments')).toBe(
    `0a0172120173${'1800'}220b${Buffer.from('-0.10000000').toString('hex')}2800`,
  )
})

test('the message type numbers the columns in their order', () => {
  expect(
    rowDescriptor('heartbeats').field.map(({ number, name, type }) => [number, name, type]),
  ).toEqual([
    [1, 'service', 9],
    [2, 'holder', 9],
    [3, 'epoch', 3],
    [4, 'run_id', 9],
    [5, 'recorded_at', 3],
    [6, 'is_killed', 8],
    [7, 'working_orders', 3],
    [8, 'stream_age_seconds', 1],
  ])
})
