import { expect, test } from 'vitest'
import { plainRows } from './warehouse-answer.ts'

test.each<[string, unknown, unknown]>([
  ['INTEGER', '42', 42],
  ['INTEGER', '9007199254740993', '9007199254740993'],
  ['FLOAT', '64000.1', 64_000.1],
  ['FLOAT', 'NaN', 'NaN'],
  ['FLOAT', '-Infinity', '-Infinity'],
  ['BOOLEAN', 'true', true],
  ['BOOLEAN', 'false', false],
  ['NUMERIC', '0.3', '0.30000000'],
  ['NUMERIC', '-7', '-7.00000000'],
  ['NUMERIC', '0.123456789', '0.123456789'],
  ['TIMESTAMP', '1700000000000001', '2023-11-14T22:13:20.000001Z'],
  ['TIMESTAMP', '-1', '1969-12-31T23:59:59.999999Z'],
  ['JSON', '{"a":1}', '{"a":1}'],
  ['DATE', '2026-11-21', '2026-11-21'],
  ['STRING', '', ''],
  ['STRING', null, null],
  ['TIMESTAMP', null, null],
])('reads %s %j as %j', (type, value, plain) => {
  expect(plainRows([{ name: 'a', type }], [{ f: [{ v: value }] }])).toEqual([[plain]])
})

test('reads lists and records', () => {
  const fields = [
    { name: 'list', type: 'INTEGER', mode: 'REPEATED' },
    { name: 'record', type: 'RECORD', fields: [{ name: 'fee', type: 'NUMERIC' }] },
  ]
  const cells = [{ v: [{ v: '1' }, { v: '2' }] }, { v: { f: [{ v: '1' }] } }]
  expect(plainRows(fields, [{ f: cells }])).toEqual([[[1, 2], { fee: '1.00000000' }]])
})
