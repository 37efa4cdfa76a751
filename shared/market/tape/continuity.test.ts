import { expect, test } from 'vitest'
import type { DomainEvent } from '../event.ts'
import { createContinuity } from './continuity.ts'

const event = (fields: Record<string, unknown>): DomainEvent =>
  ({ instrumentId: 0, eventTimeUs: 1, receiveTimeUs: 1, ...fields }) as unknown as DomainEvent
const snapshot = (sequence: number) => event({ kind: 'book-snapshot', sequence })
const delta = (sequencePrevious: number, sequence: number, more = {}) =>
  event({
    kind: 'book-delta',
    sequenceFirst: sequencePrevious + 1,
    sequence,
    sequencePrevious,
    ...more,
  })

const checkAll = (events: readonly DomainEvent[]) => {
  const continuity = createContinuity('a.arrow')
  for (const each of events) continuity.check(each)
}

test('a snapshot, its bridge and a chain pass, per instrument', () => {
  expect(() => {
    checkAll([
      snapshot(10),
      delta(7, 12),
      delta(12, 15),
      event({ kind: 'book-snapshot', instrumentId: 1, sequence: 3 }),
      delta(15, 16),
    ])
  }).not.toThrow()
})

test.each([
  ['a hole', [snapshot(10), delta(10, 12), delta(13, 15)], 'TAPE_GAP', 'event 3'],
  ['an update twice', [snapshot(10), delta(10, 12), delta(10, 12)], 'TAPE_UNSORTED', 'event 3'],
  ['no snapshot', [delta(10, 12)], 'TAPE_GAP', 'event 1'],
  [
    'no snapshot after a loss',
    [snapshot(10), event({ kind: 'book-lost' }), delta(10, 12)],
    'TAPE_GAP',
    'event 3',
  ],
  [
    'time backwards',
    [snapshot(10), event({ kind: 'timer', receiveTimeUs: 0 })],
    'TAPE_UNSORTED',
    'event 2',
  ],
])('%s is refused with its place', (_, events, code, place) => {
  expect(() => {
    checkAll(events)
  }).toThrow(expect.objectContaining({ code, message: expect.stringContaining(place) }))
})
