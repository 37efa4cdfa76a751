import { beforeEach, expect, test } from 'vitest'
import {
  arriveCancel,
  arriveOrder,
  createExchangeSide,
  type ExchangeSide,
  runExchangeRows,
} from './exchange-side.ts'
import { createOrderTable, slotState } from './orders.ts'
import { aheadAfterUpdate } from './queue.ts'

const bid = (ticks: number) => 2 * ticks
const ask = (ticks: number) => 2 * ticks + 1
const boughtAt = (ticks: number) => ~(2 * ticks)
const soldAt = (ticks: number) => ~(2 * ticks + 1)

let exchange: ExchangeSide
/** Slots of two variants: 4 per side. */
const buyOfFirst = 0
const sellOfFirst = 4
const buyOfSecond = 8

beforeEach(() => {
  exchange = createExchangeSide({
    orders: createOrderTable(2, 1),
    ...{ orderLots: Int32Array.of(5, 7), exponent: 3, responseUs: 2_000, recorded: undefined },
  })
  happens(0, [bid(100), 60], [bid(99), 40], [ask(102), 50], [ask(103), 30])
})

function happens(timeUs: number, ...rows: [code: number, lots: number][]): void {
  const block = {
    rows: Int32Array.from(rows.flat()),
    frameEnds: Int32Array.of(2 * rows.length),
    exchangeTimeUs: Float64Array.of(timeUs),
    receiveTimeUs: Float64Array.of(timeUs),
    receiveOrder: undefined,
  }
  exchange.frame = 0
  runExchangeRows(exchange, block, 0, block.rows.length)
}

function place(slot: number, ticks: number): void {
  exchange.orders.ticks[slot] = ticks
  exchange.orders.state[slot] = slotState.sent
  arriveOrder(exchange, slot, 1)
}

const stateOf = (slot: number) => exchange.orders.state[slot]

test('an order waits for what stood before it, then fills whole at its price', () => {
  place(buyOfFirst, 100)
  happens(2, [soldAt(100), 59])
  happens(3, [soldAt(100), 1])
  expect(stateOf(buyOfFirst)).toBe(slotState.resting)
  happens(4, [soldAt(100), 1])
  expect(stateOf(buyOfFirst)).toBe(slotState.ended)
  expect(exchange.orders.endKnownUs[buyOfFirst]).toBe(2_004)
  expect(exchange.accounts.inventoryLots[0]).toBe(5)
  expect(exchange.accounts.cashTickLots[0]).toBe(-500)
})

test('an update that only shows a trade moves nobody; the next one counts as cancels', () => {
  place(buyOfFirst, 100)
  happens(2, [soldAt(100), 20], [bid(100), 40])
  expect(exchange.orders.ahead[buyOfFirst]).toBe(40)
  // Size joins behind, then 30 lots go without a trade: some stood before us, some behind.
  happens(3, [bid(100), 100])
  expect(exchange.orders.ahead[buyOfFirst]).toBe(40)
  happens(4, [bid(100), 70])
  expect(exchange.orders.ahead[buyOfFirst]).toBe(aheadAfterUpdate(3, 40, 0, 100, 70))
})

test('later orders of other variants have more before them, and all move', () => {
  place(buyOfFirst, 100)
  happens(2, [bid(100), 80])
  place(buyOfSecond, 100)
  happens(3, [soldAt(100), 70])
  expect(stateOf(buyOfFirst)).toBe(slotState.ended)
  expect(exchange.orders.ahead[buyOfSecond]).toBe(10)
  expect([...exchange.accounts.fills]).toEqual([1, 0])
})

test('a trade through a price fills it whatever stood before', () => {
  place(buyOfFirst, 99)
  place(sellOfFirst, 103)
  happens(2, [soldAt(98), 1], [boughtAt(104), 1])
  expect([...exchange.accounts.fills]).toEqual([2, 0])
  expect(exchange.accounts.cashTickLots[0]).toBe(5 * (103 - 99))
})

test('a best price that reaches an order fills it', () => {
  place(sellOfFirst, 103)
  happens(2, [bid(103), 1])
  expect(stateOf(sellOfFirst)).toBe(slotState.ended)
})

test('an order that would take expires', () => {
  place(buyOfFirst, 102)
  place(sellOfFirst, 100)
  expect([stateOf(buyOfFirst), stateOf(sellOfFirst)]).toEqual([slotState.ended, slotState.ended])
  expect(exchange.accounts.fills[0]).toBe(0)
})

test('a cancelled order fills no more, and a cancel after a fill changes nothing', () => {
  place(buyOfFirst, 100)
  place(buyOfSecond, 100)
  arriveCancel(exchange, buyOfFirst, 5)
  happens(6, [soldAt(99), 1])
  expect([...exchange.accounts.fills]).toEqual([0, 1])
  const known = exchange.orders.endKnownUs[buyOfSecond]
  arriveCancel(exchange, buyOfSecond, 9)
  expect(exchange.orders.endKnownUs[buyOfSecond]).toBe(known)
  expect(exchange.answerTail).toBe(2)
})

test('own orders outlive a cleared book', () => {
  place(buyOfFirst, 100)
  happens(2, [~0x7fff_ffff, 0], [bid(100), 30], [ask(101), 5])
  expect(exchange.orders.ahead[buyOfFirst]).toBe(30)
  happens(3, [soldAt(100), 31])
  expect(exchange.accounts.fills[0]).toBe(1)
})
