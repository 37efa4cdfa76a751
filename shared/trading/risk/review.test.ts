import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import { signOf } from '#shared/market/instrument.ts'
import type { Order } from '../order/order.ts'
import { testInstrument } from '../testing/fixture.ts'
import { standardLimits } from './limits.ts'
import { type Exposure, reviewOrder } from './review.ts'

const instrument = testInstrument()
const equity = 10_000

const exposure = (overrides: Partial<Exposure> = {}): Exposure => ({
  isTrading: true,
  isFlattening: false,
  isUserStreamUp: true,
  isBookLive: true,
  markPriceE8: 64_000e8,
  equityE8: BigInt(equity) * 10n ** 8n,
  capitalE8: BigInt(equity) * 10n ** 8n,
  openOrders: 0,
  inventoryLots: 0,
  workingSameSideLots: 0,
  netLots: 0,
  netWorkingSameSideLots: 0,
  grossOtherE8: 0n,
  isLegRiskSpent: false,
  crossesOwnQuote: false,
  ...overrides,
})

const order = (overrides: Partial<Order> = {}): Order => ({
  clientOrderId: 'glft-1-1',
  strategy: 'glft',
  instrumentId: 0,
  side: 'buy',
  timeInForce: 'GTX',
  priceTicks: 640_000 as Ticks,
  sizeLots: 1 as Lots,
  reduceOnly: false,
  ...overrides,
})

const reasonOf = (given: Partial<Order>, seen: Partial<Exposure> = {}): string => {
  const verdict = reviewOrder(order(given), instrument, exposure(seen), standardLimits)
  return verdict.verdict === 'approved' ? 'approved' : verdict.reason
}

test('an ordinary order passes', () => {
  expect(reasonOf({})).toBe('approved')
})

test.each<[string, Partial<Order>, Partial<Exposure>]>([
  ['not-trading', {}, { isTrading: false }],
  ['user-stream-down', {}, { isUserStreamUp: false }],
  ['book-not-live', {}, { isBookLive: false }],
  ['no-mark-price', {}, { markPriceE8: undefined }],
  ['equity-unknown', {}, { equityE8: undefined }],
  ['price-out-of-range', { priceTicks: 0 as Ticks }, {}],
  ['price-out-of-range', { priceTicks: Number.NaN as Ticks }, {}],
  ['price-out-of-range', { priceTicks: 672_001 as Ticks }, {}],
  ['price-out-of-range', { priceTicks: 607_999 as Ticks, side: 'sell' }, {}],
  ['size-out-of-range', { sizeLots: 0 as Lots }, {}],
  ['size-out-of-range', { sizeLots: 2_000_000 as Lots }, {}],
  ['below-minimum-notional', { priceTicks: 100 as Ticks }, { markPriceE8: 10e8 }],
  ['too-many-orders', {}, { openOrders: 200 }],
  ['self-cross', {}, { crossesOwnQuote: true }],
  ['not-reducing', { reduceOnly: true }, { inventoryLots: 5 }],
  ['leg-risk', {}, { isLegRiskSpent: true }],
  ['position-limit', { sizeLots: 8 as Lots }, {}],
  ['position-limit', {}, { inventoryLots: 7 }],
  ['position-limit', {}, { workingSameSideLots: 7 }],
  ['capital-limit', { sizeLots: 5 as Lots }, { capitalE8: 100n * 10n ** 8n }],
  ['concentration-limit', {}, { netLots: 46 }],
  ['leverage-limit', {}, { grossOtherE8: 29_990n * 10n ** 8n }],
])('refuses with %s', (reason, given, seen) => {
  expect(reasonOf(given, seen)).toBe(reason)
})

test('what reduces passes every size limit, what turns the position does not', () => {
  const long = { inventoryLots: 100, netLots: 100, grossOtherE8: 10n ** 14n, isLegRiskSpent: true }
  expect(reasonOf({ side: 'sell', sizeLots: 100 as Lots }, long)).toBe('approved')
  expect(reasonOf({ side: 'sell', sizeLots: 101 as Lots }, long)).not.toBe('approved')
  expect(
    reasonOf({ side: 'sell', sizeLots: 60 as Lots }, { ...long, workingSameSideLots: 50 }),
  ).not.toBe('approved')
})

test('while flattening only what reduces passes', () => {
  const killed = { isTrading: false, isFlattening: true, inventoryLots: 3, netLots: 3 }
  expect(reasonOf({ side: 'sell', sizeLots: 3 as Lots }, killed)).toBe('approved')
  expect(reasonOf({ side: 'sell', sizeLots: 4 as Lots }, killed)).toBe('not-trading')
  expect(reasonOf({ side: 'buy' }, killed)).toBe('not-trading')
})

test('no approved order can lead past the position limit, even when everything working fills', () => {
  const lots = fc.integer({ min: -40, max: 40 })
  fc.assert(
    fc.property(
      fc.constantFrom('buy' as const, 'sell' as const),
      fc.integer({ min: 1, max: 40 }),
      lots,
      fc.integer({ min: 0, max: 40 }),
      (side, sizeLots, inventoryLots, workingSameSideLots) => {
        const seen = { inventoryLots, workingSameSideLots, netLots: inventoryLots }
        if (reasonOf({ side, sizeLots: sizeLots as Lots }, seen) !== 'approved') return
        const sign = signOf(side)
        const after = inventoryLots + sign * (workingSameSideLots + sizeLots)
        const isSmaller = Math.abs(after) <= Math.abs(inventoryLots)
        const isWithin = Math.abs(after) * 64 <= equity * standardLimits.positionRatioMax
        expect(isWithin || (isSmaller && after * inventoryLots >= 0)).toBe(true)
      },
    ),
    { numRuns: 5_000 },
  )
})
