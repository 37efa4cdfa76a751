import { expect, test } from 'vitest'
import { classifyFailure, type FailureClass } from './failure.ts'

const write: readonly [number, number, FailureClass][] = [
  [503, 0, 'unknown'],
  [503, -1008, 'unknown'],
  [500, -1000, 'unknown'],
  [400, -1000, 'unknown'],
  [400, -1001, 'unknown'],
  [400, -1006, 'unknown'],
  [408, -1007, 'unknown'],
  [502, 0, 'unknown'],
  [504, 12, 'unknown'],
  [400, -4083, 'unknown'],
  [429, -1003, 'retry'],
  [429, -1015, 'retry'],
  [400, -1015, 'retry'],
  [400, -4225, 'retry'],
  [418, -1003, 'fatal'],
  [403, 0, 'fatal'],
  [401, -1002, 'fatal'],
  [400, -1022, 'fatal'],
  [401, -2015, 'fatal'],
  [400, -2023, 'fatal'],
  [400, -4061, 'fatal'],
  [400, -4088, 'fatal'],
  [400, -5050, 'fatal'],
  [400, -4046, 'done'],
  [400, -4059, 'done'],
  [400, -2010, 'refused'],
  [400, -2011, 'refused'],
  [400, -2013, 'refused'],
  [400, -2019, 'refused'],
  [400, -2021, 'refused'],
  [400, -2022, 'refused'],
  [400, -4014, 'refused'],
  [400, -4164, 'refused'],
  [400, -5022, 'refused'],
  [400, -99_999, 'refused'],
]

test.each(write)('a write answered %i %i is %s', (status, code, expected) => {
  expect(classifyFailure(status, code, 'write')).toBe(expected)
})

const read: readonly [number, number, FailureClass][] = [
  [503, 0, 'retry'],
  [500, -1000, 'retry'],
  [400, -1001, 'retry'],
  [400, -1021, 'retry'],
  [429, 0, 'retry'],
  [418, 0, 'fatal'],
  [400, -1121, 'refused'],
  [400, -2013, 'refused'],
]

test.each(read)('a read answered %i %i is %s', (status, code, expected) => {
  expect(classifyFailure(status, code, 'read')).toBe(expected)
})
