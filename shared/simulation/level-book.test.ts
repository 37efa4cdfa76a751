import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import {
  consumeLevel,
  createSideBook,
  type Level,
  levelAt,
  restOrder,
  setExternal,
  unrestOrder,
} from './level-book.ts'
import { remainingLots, type SimulatedOrder } from './order.ts'

const price = 100

const order = (sizeLots: number): SimulatedOrder => ({
  orderId: 1,
  clientOrderId: 'a',
  accountIndex: 0,
  instrumentId: 0,
  side: 'buy',
  type: 'LIMIT',
  timeInForce: 'GTC',
  reduceOnly: false,
  createdUs: 0 as Micros,
  priceTicks: price as Ticks,
  sizeLots: sizeLots as Lots,
  filledLots: 0,
  filledQuoteE8: 0n,
  status: 'NEW',
  updatedUs: 0 as Micros,
  aheadLots: 0,
  cutLots: 0,
  amendCount: 0,
})

const trade = (level: Level, sizeLots: number, isNews = true) =>
  consumeLevel(
    level,
    sizeLots,
    {
      offer: remainingLots,
      match: (maker, lots) => {
        maker.filledLots += lots
      },
      matchExternal: () => undefined,
    },
    isNews,
  )

test('an order trades after the size that stood before it, and before what came later', () => {
  const book = createSideBook('bid')
  setExternal(book, price, 10, 1)
  const own = order(4)
  const level = restOrder(book, own)
  setExternal(book, price, 30, 2)

  trade(level, 9)
  expect(own.filledLots).toBe(0)
  trade(level, 3)
  expect(own.filledLots).toBe(2)
  trade(level, 5)
  expect(own.filledLots).toBe(4)
  expect(level.externalLots).toBe(30 - 10 - 3)
})

test('size that vanishes without a trade stood behind us until it cannot have', () => {
  const book = createSideBook('bid')
  setExternal(book, price, 10, 1)
  const own = order(4)
  restOrder(book, own)
  setExternal(book, price, 25, 2)
  setExternal(book, price, 12, 3)
  expect(own.aheadLots).toBe(10)
  setExternal(book, price, 3, 4)
  expect(own.aheadLots).toBe(3)
})

test('a trade that the book already held moves us up once, not twice', () => {
  const early = createSideBook('bid')
  const late = createSideBook('bid')
  const [first, second] = [order(4), order(4)]
  for (const [book, own] of [
    [early, first],
    [late, second],
  ] as const) {
    setExternal(book, price, 10, 1)
    restOrder(book, own)
  }
  trade(levelAt(early, price), 6)
  setExternal(early, price, 4, 2)

  setExternal(late, price, 4, 2)
  trade(levelAt(late, price), 6, false)
  expect([first.aheadLots, second.aheadLots]).toEqual([4, 4])
  expect(levelAt(late, price).externalLots).toBe(4)

  trade(levelAt(late, price), 7)
  expect(second.filledLots).toBe(3)
})

test('nothing is lost or made in a level, whatever happens to it', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('external'), lots: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ kind: fc.constant('rest'), lots: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('cancel'), lots: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ kind: fc.constant('trade'), lots: fc.integer({ min: 1, max: 25 }) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const book = createSideBook('bid')
      for (const { kind, lots } of actions) {
        const level = levelAt(book, price)
        const before = level.externalLots + level.ownLots
        if (kind === 'external') setExternal(book, price, lots, 1)
        if (kind === 'rest') restOrder(book, order(lots))
        if (kind === 'cancel' && level.orders[lots]) unrestOrder(book, level.orders[lots])
        if (kind === 'trade') {
          const { takenLots } = trade(level, lots)
          expect(takenLots).toBe(Math.min(lots, before))
          expect(level.externalLots + level.ownLots).toBe(before - takenLots)
        }
        const now = book.byPrice.get(price)
        if (!now) continue
        expect(now.ownLots).toBe(now.orders.reduce((sum, own) => sum + remainingLots(own), 0))
        const queue = now.orders.map(({ aheadLots }) => aheadLots)
        expect([...queue].sort((a, b) => a - b)).toEqual(queue)
        for (const aheadLots of queue) expect(aheadLots).toBeLessThanOrEqual(now.externalLots)
      }
    }),
  )
})

test('prices stay sorted with the best last, on both sides', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<'bid' | 'ask'>('bid', 'ask'),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 3 }))),
      (side, changes) => {
        const book = createSideBook(side)
        for (const [ticks, lots] of changes) setExternal(book, ticks, lots, 1)
        expect(book.keys).toEqual([...book.keys].sort((a, b) => a - b))
        expect(book.keys.length).toBe(book.byPrice.size)
      },
    ),
  )
})
