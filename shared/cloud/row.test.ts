import { expect, test } from 'vitest'
import { fillRow } from '#test/contract/warehouse.conformance.ts'
import { checkedRow, isoFromMicros } from './row.ts'

test('values come in the order of the columns, exact', () => {
  const values = checkedRow('fills', fillRow(7, { fee: '-0.10', mid: null }))
  expect(values.slice(0, 2)).toEqual(['run-1', 7n])
  expect(values.slice(9)).toEqual([
    -10_000_000n,
    0n,
    null,
    1_700_000_000_000_001n,
    1_700_000_000_000_501n,
  ])
})

test('money that BigQuery could not hold is refused everywhere', () => {
  expect(() => checkedRow('fills', fillRow(1, { fee: '9'.repeat(29) }))).not.toThrow()
  expect(() => checkedRow('fills', fillRow(1, { fee: '9'.repeat(30) }))).toThrow('fills.fee wants')
})

test.each<[bigint, string]>([
  [1_700_000_000_000_000n, '2023-11-14T22:13:20.000000Z'],
  [-1n, '1969-12-31T23:59:59.999999Z'],
  [9_223_372_036_854_775_807n, '9223372036854775807'],
])('%s microseconds are %s', (micros, text) => {
  expect(isoFromMicros(micros)).toBe(text)
})
