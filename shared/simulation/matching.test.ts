import { expect, test } from 'vitest'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import { positionOf } from './account.ts'
import { bestLevel, visibleLots } from './level-book.ts'
import { isRefusal, type Refusal, type SimulatedOrder } from './order.ts'
import { accountOf } from './state.ts'
import { amendOrder, cancelOrder, placeOrder, setCountdown } from './trading.ts'
import { createWorld, limitOrder, marketOrder, type World } from './world.fixture.ts'

const a = 0
const b = 1

const placed = (answer: SimulatedOrder | Refusal): SimulatedOrder => {
  if (isRefusal(answer)) throw new Error(answer.message)
  return answer
}

/** A book with 50 lots at 9999 and 10001, and 50 one tick behind each. */
function opened(): World {
  const world = createWorld()
  world.outside({
    book: {
      bids: [
        [9_999, 50],
        [9_998, 50],
      ],
      asks: [
        [10_001, 50],
        [10_002, 50],
      ],
    },
  })
  return world
}

const marketOf = (world: World) => {
  const [market] = world.exchange.state.markets
  if (!market) throw new Error('no market')
  return market
}
const lotsOf = (world: World, account: number) =>
  positionOf(accountOf(world.exchange.state, account), 0).lots

test('a trade at our price fills us after the size before us', () => {
  const world = opened()
  const order = placed(placeOrder(world.exchange.state, a, limitOrder('buy', 9_999, 10)))
  world.outside({ trade: ['sell', 9_999, 53] })
  expect(order).toMatchObject({ filledLots: 3, status: 'PARTIALLY_FILLED' })
  world.outside({ trade: ['sell', 9_999, 7] })
  expect(order).toMatchObject({ filledLots: 10, status: 'FILLED' })
  expect(world.heard.trades.map(({ sizeLots }) => sizeLots)).toEqual([53, 7])
})

test('a trade through our price fills us completely, at our price', () => {
  const world = opened()
  const order = placed(placeOrder(world.exchange.state, a, limitOrder('buy', 9_999, 10)))
  world.outside({ trade: ['sell', 9_998, 1] })
  expect(order.status).toBe('FILLED')
  const fill = accountOf(world.exchange.state, a).executions[0]
  expect(fill).toMatchObject({ priceTicks: 9_999, sizeLots: 10, isMaker: true })
})

test('a book that moves onto our order trades with it, so the visible book never crosses', () => {
  const world = opened()
  const order = placed(placeOrder(world.exchange.state, a, limitOrder('buy', 10_000, 10)))
  world.outside({ book: { asks: [[10_000, 6]] } })
  expect(order.filledLots).toBe(6)
  expect(bestLevel(marketOf(world).asks)?.priceTicks).toBe(10_001)
  expect(bestLevel(marketOf(world).bids)?.priceTicks).toBe(10_000)
})

test('a taker walks the levels, and what it takes stays taken until the level is updated', () => {
  const world = opened()
  const order = placed(placeOrder(world.exchange.state, a, limitOrder('buy', 10_002, 70)))
  expect(order).toMatchObject({
    status: 'FILLED',
    filledQuoteE8: BigInt(50 * 10_001 + 20 * 10_002) * 10_000n,
  })
  const best = bestLevel(marketOf(world).asks)
  expect(best && [best.priceTicks, visibleLots(best)]).toEqual([10_002, 30])
  world.outside({ book: { asks: [[10_001, 40]] } })
  expect(bestLevel(marketOf(world).asks)?.priceTicks).toBe(10_001)
})

test('accounts trade with each other by price, then time, at the price of the one that rested', () => {
  const world = opened()
  const { state } = world.exchange
  const first = placed(placeOrder(state, a, limitOrder('sell', 10_000, 10)))
  const second = placed(placeOrder(state, a, limitOrder('sell', 10_000, 10)))
  const taker = placed(placeOrder(state, b, limitOrder('buy', 10_001, 15)))
  expect([first.filledLots, second.filledLots, taker.filledLots]).toEqual([10, 5, 15])
  expect([lotsOf(world, a), lotsOf(world, b)]).toEqual([-15, 15])
  expect(taker.filledQuoteE8).toBe(BigInt(15 * 10_000) * 10_000n)
})

test('an order never trades with its own account: the taker expires', () => {
  const world = opened()
  const { state } = world.exchange
  const rested = placed(placeOrder(state, a, limitOrder('sell', 10_000, 10)))
  const taker = placed(placeOrder(state, a, limitOrder('buy', 10_002, 15)))
  expect([rested.status, taker.status, taker.filledLots]).toEqual(['NEW', 'EXPIRED', 0])
})

test('post-only expires instead of taking, immediate-or-cancel instead of resting', () => {
  const world = opened()
  const { state } = world.exchange
  const gtx = { timeInForce: 'GTX' } as const
  expect(placed(placeOrder(state, a, limitOrder('buy', 10_001, 1_0, gtx))).status).toBe('EXPIRED')
  expect(placed(placeOrder(state, a, limitOrder('buy', 10_000, 1_0, gtx))).status).toBe('NEW')
  const ioc = { timeInForce: 'IOC' } as const
  const order = placed(placeOrder(state, b, limitOrder('buy', 10_001, 80, ioc)))
  expect([order.status, order.filledLots]).toEqual(['EXPIRED', 50])
})

test('less size at the same price keeps the place in the queue; anything else loses it', () => {
  const world = opened()
  const { state } = world.exchange
  const first = placed(placeOrder(state, a, limitOrder('buy', 10_000, 10)))
  const second = placed(placeOrder(state, b, limitOrder('buy', 10_000, 10)))
  const name = { instrumentId: 0, orderId: first.orderId, clientOrderId: undefined }
  const to = (sizeLots: number) =>
    ({ side: 'buy', priceTicks: 10_000 as Ticks, sizeLots: sizeLots as Lots }) as const
  placed(amendOrder(state, a, name, to(8)))
  world.outside({ trade: ['sell', 10_000, 4] })
  expect([first.filledLots, second.filledLots]).toEqual([4, 0])
  placed(amendOrder(state, a, name, to(9)))
  world.outside({ trade: ['sell', 10_000, 4] })
  expect([first.filledLots, second.filledLots]).toEqual([4, 4])
})

test('a refused amendment leaves the order untouched', () => {
  const world = opened()
  const { state } = world.exchange
  const order = placed(placeOrder(state, a, limitOrder('buy', 9_999, 10)))
  const name = { instrumentId: 0, orderId: order.orderId, clientOrderId: undefined }
  const refusal = amendOrder(state, a, name, {
    side: 'buy',
    priceTicks: 9_999 as Ticks,
    sizeLots: 1 as Lots,
  })
  expect(refusal).toMatchObject({ code: -4164 })
  expect(order).toMatchObject({ sizeLots: 10, amendCount: 0, aheadLots: 50 })
})

test('reduce-only never opens or turns a position, and ends with it', () => {
  const world = opened()
  const { state } = world.exchange
  const reduceOnly = true
  expect(placeOrder(state, a, limitOrder('sell', 10_003, 10, { reduceOnly }))).toMatchObject({
    code: -2022,
  })
  placed(placeOrder(state, a, marketOrder('buy', 10)))
  const resting = placed(placeOrder(state, a, limitOrder('sell', 10_003, 10, { reduceOnly })))
  const closing = placed(placeOrder(state, a, marketOrder('sell', 25, { reduceOnly })))
  expect([closing.filledLots, closing.status]).toEqual([10, 'EXPIRED'])
  expect([lotsOf(world, a), resting.status]).toEqual([0, 'EXPIRED'])
})

test('the dead-man switch cancels the orders of its market unless it is renewed', () => {
  const world = opened()
  const { state } = world.exchange
  const order = placed(placeOrder(state, a, limitOrder('buy', 9_998, 10)))
  setCountdown(state, a, 0, 1_000)
  world.exchange.advance((state.nowUs + 900_000) as typeof state.nowUs)
  setCountdown(state, a, 0, 1_000)
  world.exchange.advance((state.nowUs + 900_000) as typeof state.nowUs)
  expect(order.status).toBe('NEW')
  world.exchange.advance((state.nowUs + 100_000) as typeof state.nowUs)
  expect(order.status).toBe('CANCELED')
})

test('client ids are unique among open orders only', () => {
  const world = opened()
  const { state } = world.exchange
  const request = limitOrder('buy', 9_998, 10, { clientOrderId: 'x:1' })
  const first = placed(placeOrder(state, a, request))
  expect(placeOrder(state, a, request)).toMatchObject({ refused: true })
  expect(isRefusal(placeOrder(state, b, request))).toBe(false)
  placed(
    cancelOrder(state, a, { instrumentId: 0, orderId: first.orderId, clientOrderId: undefined }),
  )
  expect(isRefusal(placeOrder(state, a, request))).toBe(false)
})

test.each([
  ['size 0', limitOrder('buy', 9_999, 0), -4003],
  ['size above the largest', limitOrder('buy', 9_999, 2_000_000), -4005],
  ['price 0', limitOrder('buy', 0, 10), -4001],
  ['price above the largest', limitOrder('buy', 2_000_000, 10), -4002],
  ['buy far above the mark', limitOrder('buy', 10_600, 10), -4016],
  ['sell far below the mark', limitOrder('sell', 9_400, 10), -4024],
  ['value below the least', limitOrder('buy', 9_999, 4), -4164],
  ['more than margin allows', limitOrder('buy', 9_999, 210_000), -2019],
  ['client id too long', limitOrder('buy', 9_999, 10, { clientOrderId: 'x'.repeat(37) }), -4015],
  ['client id with a space', limitOrder('buy', 9_999, 10, { clientOrderId: 'a b' }), -1100],
])('refuses %s', (_what, request, code) => {
  expect(placeOrder(opened().exchange.state, a, request)).toMatchObject({ refused: true, code })
})

test('a market refuses one order too many', () => {
  const world = createWorld()
  world.outside({ book: { bids: [[9_999, 1]], asks: [[10_001, 1]] } })
  const { state } = world.exchange
  for (let count = 0; count < 200; count++)
    placed(placeOrder(state, a, limitOrder('buy', 9_900, 6)))
  expect(placeOrder(state, a, limitOrder('buy', 9_900, 6))).toMatchObject({ code: -2025 })
})
