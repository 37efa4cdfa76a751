import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { equityE8, positionOf, unrealisedE8 } from './account.ts'
import { fundingE8 } from './funding.ts'
import { bestLevel } from './level-book.ts'
import { brackets } from './margin.ts'
import { isRefusal, remainingLots } from './order.ts'
import { accountOf, type ExchangeState } from './state.ts'
import { cancelAll, placeOrder } from './trading.ts'
import {
  createWorld,
  fundingIntervalUs,
  limitOrder,
  marketOrder,
  type Outside,
  testInstrument,
} from './world.fixture.ts'

const sumOfIncome = (state: ExchangeState, account: number): bigint =>
  accountOf(state, account).income.reduce((sum, { amountE8 }) => sum + amountE8, 0n)

const side = fc.constantFrom<'buy' | 'sell'>('buy', 'sell')
const nearTicks = fc.integer({ min: 9_950, max: 10_050 })
const lots = fc.integer({ min: 6, max: 400 })
const account = fc.constantFrom(0, 1)

const action = fc.oneof(
  fc.record({ do: fc.constant('limit' as const), account, side, nearTicks, lots }),
  fc.record({ do: fc.constant('market' as const), account, side, nearTicks, lots }),
  fc.record({ do: fc.constant('cancel' as const), account, side, nearTicks, lots }),
  fc.record({ do: fc.constant('trade' as const), account, side, nearTicks, lots }),
  fc.record({ do: fc.constant('book' as const), account, side, nearTicks, lots }),
  fc.record({ do: fc.constant('mark' as const), account, side, nearTicks, lots }),
  fc.record({ do: fc.constant('funding' as const), account, side, nearTicks, lots }),
)

function outsideBook(middle: number, lotsEach: number): Outside {
  const depths = [1, 2, 3, 5, 8]
  const clear = Array.from({ length: 141 }, (_, index) => 9_930 + index)
  const sized = (price: number, isBid: boolean) =>
    [price, depths.includes(isBid ? middle - price : price - middle) ? lotsEach : 0] as const
  return {
    book: {
      bids: clear.map((price) => sized(price, true)),
      asks: clear.map((price) => sized(price, false)),
    },
  }
}

test('a wallet is the sum of its income to the last unit, and books hold what accounts have open', () => {
  const instrument = { ...testInstrument, makerFeePpm: -37, takerFeePpm: 353 }
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 80 }), (actions) => {
      const { exchange, outside } = createWorld({ instrument })
      const { state } = exchange
      outside(outsideBook(10_000, 40))
      for (const step of actions) {
        if (step.do === 'limit')
          placeOrder(state, step.account, limitOrder(step.side, step.nearTicks, step.lots))
        if (step.do === 'market') placeOrder(state, step.account, marketOrder(step.side, step.lots))
        if (step.do === 'cancel') cancelAll(state, step.account, 0)
        if (step.do === 'trade') outside({ trade: [step.side, step.nearTicks, step.lots] })
        if (step.do === 'book') outside(outsideBook(step.nearTicks, step.lots))
        if (step.do === 'mark')
          outside({ markTicks: step.nearTicks, fundingRate: (step.lots - 200) / 1e6 })
        if (step.do === 'funding') exchange.advance((state.nowUs + fundingIntervalUs) as Micros)
        checkBooks(state)
      }
    }),
    { numRuns: 400 },
  )
})

function checkBooks(state: ExchangeState): void {
  const [market] = state.markets
  if (!market) throw new Error('no market')
  for (const owner of state.accounts) {
    expect(sumOfIncome(state, owner.index)).toBe(owner.walletE8)
    const tranIds = owner.income.map(({ transactionId }) => transactionId)
    expect(new Set(tranIds).size).toBe(tranIds.length)
    const fills = owner.executions.reduce(
      (sum, fill) => sum + (fill.side === 'buy' ? fill.sizeLots : -fill.sizeLots),
      0,
    )
    expect(positionOf(owner, 0).lots).toBe(fills)
  }
  const resting = [...market.bids.byPrice.values(), ...market.asks.byPrice.values()]
  const ownLots = resting.reduce((sum, level) => sum + level.ownLots, 0)
  const openLots = state.accounts
    .flatMap((owner) => [...owner.openOrders.values()])
    .reduce((sum, order) => sum + remainingLots(order), 0)
  expect(ownLots).toBe(openLots)
  const bid = bestLevel(market.bids)
  const ask = bestLevel(market.asks)
  if (bid && ask && (bid.ownLots > 0 || ask.ownLots > 0))
    expect(bid.priceTicks).toBeLessThan(ask.priceTicks)
}

test('longs pay funding when the rate is positive, rounded half away from zero', () => {
  expect(fundingE8(1_000_00000000n, 0.0001)).toBe(-10_000_000n)
  expect(fundingE8(-1_000_00000000n, 0.0001)).toBe(10_000_000n)
  expect(fundingE8(5_000n, 0.0001)).toBe(-1n)
  expect(fundingE8(-5_000n, 0.0001)).toBe(1n)
  expect(fundingE8(4_999n, 0.0001)).toBe(0n)
})

test('two accounts that are each other’s counterparty pay each other’s funding', () => {
  const { exchange, outside, heard } = createWorld()
  const { state } = exchange
  outside({ book: { bids: [[9_999, 50]], asks: [[10_001, 50]] } })
  placeOrder(state, 0, limitOrder('sell', 10_000, 100))
  placeOrder(state, 1, limitOrder('buy', 10_000, 100))
  outside({ markTicks: 10_000, fundingRate: 0.0003 })
  exchange.advance((state.nowUs + fundingIntervalUs) as Micros)
  expect(heard.settlements).toHaveLength(1)
  const paid = [0, 1].map((index) =>
    accountOf(state, index).income.filter(({ incomeType }) => incomeType === 'FUNDING_FEE'),
  )
  // 100 lots at 1000.0 are 100 quote; 0.03 % of it is 0.03.
  expect(paid.map((rows) => rows.map(({ amountE8 }) => amountE8))).toEqual([
    [3_000_000n],
    [-3_000_000n],
  ])
})

test('a fill costs its fee: maker 1 bp, taker 3.5 bps', () => {
  const { exchange, outside } = createWorld()
  const { state } = exchange
  outside({ book: { bids: [[9_999, 50]], asks: [[10_001, 50]] } })
  placeOrder(state, 0, limitOrder('sell', 10_000, 100))
  placeOrder(state, 1, limitOrder('buy', 10_000, 100))
  const fees = [0, 1].map((index) => accountOf(state, index).executions[0]?.feeE8)
  expect(fees).toEqual([1_000_000n, 3_500_000n])
})

test('maintenance margin is continuous across brackets', () => {
  for (const [index, bracket] of brackets.entries()) {
    const before = brackets[index - 1]
    if (!before) continue
    const at = (one: typeof bracket) =>
      (bracket.floorE8 * BigInt(one.maintenancePpm)) / 1_000_000n - one.cumE8
    expect(at(bracket)).toBe(at(before))
  }
})

test('an account below maintenance margin is closed out and never owes', () => {
  const { exchange, outside, heard } = createWorld({ walletE8: 100_00000000n })
  const { state } = exchange
  outside({ book: { bids: [[9_999, 5_000]], asks: [[10_001, 5_000]] } })
  const order = placeOrder(state, 0, marketOrder('buy', 1_900))
  expect(isRefusal(order)).toBe(false)
  placeOrder(state, 0, limitOrder('sell', 10_400, 100, { reduceOnly: true }))

  // A fall of 6 % takes more than the 5 % of margin; the book below is thin.
  outside({
    book: {
      bids: [
        [9_999, 0],
        [9_400, 300],
      ],
      asks: [
        [10_001, 0],
        [9_410, 10],
      ],
    },
  })
  outside({ markTicks: 9_400 })
  exchange.advance((state.nowUs + 1_000_000) as Micros)

  const owner = accountOf(state, 0)
  expect(positionOf(owner, 0)).toEqual({ lots: 0, costE8: 0n })
  expect(owner.walletE8).toBe(0n)
  expect(sumOfIncome(state, 0)).toBe(0n)
  expect(owner.openOrders.size).toBe(0)
  const last = heard.orders.filter(({ executionType }) => executionType === 'CALCULATED')
  expect(last.length).toBeGreaterThan(0)
  expect(last[0]?.order.clientOrderId).toMatch(/^autoclose-/)
})

test('equity is wallet plus unrealised, and follows the mark', () => {
  const { exchange, outside } = createWorld()
  const { state } = exchange
  const [market] = state.markets
  if (!market) throw new Error('no market')
  outside({ book: { bids: [[9_999, 50]], asks: [[10_001, 50]] } })
  placeOrder(state, 0, marketOrder('buy', 10))
  outside({ markTicks: 10_101 })
  const owner = accountOf(state, 0)
  // 10 lots of 0.001, 10.0 quote up from 1000.1.
  expect(unrealisedE8(market, positionOf(owner, 0))).toBe(10_000_000n)
  expect(equityE8(state, owner)).toBe(owner.walletE8 + 10_000_000n)
})
