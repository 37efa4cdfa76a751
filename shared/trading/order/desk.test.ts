import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import { at, testFill } from '../testing/fixture.ts'
import { clientOrderId } from './client-order-id.ts'
import {
  createDesk,
  exposedLots,
  isClosed,
  recordCancelSent,
  recordOrderEvent,
  recordPlaced,
  workingLots,
} from './desk.ts'
import type { Order } from './order.ts'

const order: Order = {
  clientOrderId: 'glft-1-1',
  strategy: 'glft',
  instrumentId: 0,
  side: 'buy',
  timeInForce: 'GTX',
  priceTicks: 640_000 as Ticks,
  sizeLots: 10 as Lots,
  reduceOnly: false,
}
const id = { clientOrderId: order.clientOrderId }
const fill = (tradeId: number, sizeLots: number) =>
  testFill({ ...id, tradeId, sizeLots: sizeLots as Lots })
const events = {
  accepted: { kind: 'order-accepted', ...at(1), ...id, venueOrderId: '9' },
  refused: { kind: 'order-refused', ...at(1), ...id, code: -2010, reason: 'no' },
  unknown: { kind: 'order-unknown', ...at(1), ...id, reason: 'no reply' },
  cancelRefused: { kind: 'cancel-refused', ...at(1), ...id, code: -2011, reason: 'unknown order' },
  canceled: { kind: 'order-closed', ...at(1), ...id, status: 'canceled', filledLots: 4 as Lots },
  filled: { kind: 'order-closed', ...at(1), ...id, status: 'filled', filledLots: 10 as Lots },
  absent: { kind: 'order-report', ...at(1), ...id, status: 'absent', filledLots: 0 as Lots },
} as const

function after(...happened: Parameters<typeof recordOrderEvent>[1][]) {
  const desk = createDesk()
  const entry = recordPlaced(desk, order, 0, '')
  for (const event of happened) recordOrderEvent(desk, event, 1)
  return { desk, entry }
}

test('every doubt counts as exposure', () => {
  expect(workingLots(after().desk, 0, 'buy')).toBe(10)
  expect(workingLots(after(events.unknown).desk, 0, 'buy')).toBe(10)
  expect(workingLots(after(events.accepted, fill(1, 3)).desk, 0, 'buy')).toBe(7)
  expect(workingLots(after(events.accepted, events.canceled).desk, 0, 'buy')).toBe(4)
})

test('a refusal after the venue has shown the order changes nothing', () => {
  expect(after(events.accepted, events.refused).entry.state).toBe('working')
  expect(after(fill(1, 1), events.refused).entry.state).toBe('working')
  expect(after(events.refused).entry.state).toBe('refused')
})

test('a refused cancel is a question, never an answer', () => {
  const { desk, entry } = after(events.accepted)
  recordCancelSent(entry, 1)
  recordOrderEvent(desk, events.cancelRefused, 2)
  expect(entry.state).toBe('unknown')
  expect(entry.queryAtUs).toBeLessThan(2_000_003)
  recordOrderEvent(desk, events.filled, 3)
  expect(entry.state).toBe('settling')
  recordOrderEvent(desk, fill(1, 10), 4)
  expect(entry.state).toBe('filled')
  expect(desk.open.size).toBe(0)
})

test('an order the venue can no longer receive is closed as refused', () => {
  expect(after(events.unknown, events.absent).entry.state).toBe('refused')
})

test('fills of a canceled order end the same, whatever arrives first', () => {
  const all = [events.accepted, events.canceled, fill(1, 1), fill(2, 3)]
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: 4 }), (shuffled) => {
      const { desk, entry } = after(...shuffled)
      expect(entry.state).toBe('canceled')
      expect(entry.filledLots).toBe(4)
      expect(desk.open.size).toBe(0)
    }),
  )
})

test('exposure is never less than what the venue may still fill', () => {
  const any = fc.constantFrom(...Object.values(events), fill(1, 2), fill(2, 2))
  fc.assert(
    fc.property(fc.uniqueArray(any, { maxLength: 6 }), (happened) => {
      const { entry } = after(...happened)
      if (isClosed(entry.state)) return
      expect(exposedLots(entry)).toBeGreaterThan(0)
    }),
  )
})

test('ids are a pure function and fit the venue', () => {
  expect(clientOrderId('funding-carry:1000PEPEUSDT', 7, 36)).toBe('funding-carry-10-7-10')
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), (strategy, epoch, sequence) => {
      expect(clientOrderId(strategy, epoch, sequence)).toMatch(/^[.A-Z:/a-z0-9_-]{1,36}$/)
    }),
  )
})
