import { expect, test } from 'vitest'
import type { BookDelta, Fill } from '#shared/market/event.ts'
import type { Order } from '#shared/trading/order/order.ts'
import { testFill } from '#shared/trading/testing/fixture.ts'
import { createOwnOrders, type RecordedOrder } from './recorded-orders.ts'
import { at, createTapeMaker } from './world.fixture.ts'

const recorded = (more: Partial<RecordedOrder> = {}): RecordedOrder => ({
  order: {
    clientOrderId: 'a-1-1',
    strategy: 'a',
    instrumentId: 0,
    side: 'buy',
    timeInForce: 'GTX',
    priceTicks: 640_000,
    sizeLots: 5,
    reduceOnly: false,
  } as Order,
  madeUs: at(0.9),
  acceptedUs: at(1),
  toldUs: at(1.1),
  closedUs: at(4),
  fills: [{ ...testFill(), eventTimeUs: at(3), sizeLots: 2 } as Fill],
  ...more,
})

const make = createTapeMaker()
const lotsAt = (own: ReturnType<typeof createOwnOrders>, seconds: number, lots = 20): number => {
  const event = make.delta(seconds, [[640_000, lots]], [[640_010, 7]])
  const cleared = own.withoutOwn(event) as BookDelta
  expect(cleared.levels[3]).toBe(7)
  return cleared.levels[1]!
}

test('our size is taken out of the book from the moment the venue had it, less what filled, until it ended', () => {
  const own = createOwnOrders([recorded()])
  expect([0.5, 1, 2, 3, 3.5, 4, 5].map((seconds) => lotsAt(own, seconds))).toEqual([
    20, 15, 15, 15, 17, 17, 20,
  ])
  expect(own.contradictions).toBe(0)
})

test('an event without our size stays the same object, and no event is changed in place', () => {
  const own = createOwnOrders([recorded()])
  const before = make.delta(0.5, [[640_000, 20]], [])
  expect(own.withoutOwn(before)).toBe(before)
  const during = make.delta(2, [[640_000, 20]], []) as BookDelta
  own.withoutOwn(during)
  expect(during.levels[1]).toBe(20)
})

test('a book that shows less than we had is counted, not hidden', () => {
  const own = createOwnOrders([recorded()])
  expect(lotsAt(own, 2, 3)).toBe(0)
  expect(own.contradictions).toBe(1)
})

test('a trade in which we took is ours; one that filled our resting order is the market', () => {
  const taking = recorded({
    fills: [{ ...testFill(), tradeId: 1, liquidity: 'taker' } as Fill],
  })
  const trade = createTapeMaker().trade(2, 'buy', 640_010, 5)
  expect(createOwnOrders([taking]).withoutOwn(trade)).toBeUndefined()
  const resting = recorded({ fills: [{ ...testFill(), tradeId: 1 } as Fill] })
  expect(createOwnOrders([resting]).withoutOwn(trade)).toBe(trade)
})
