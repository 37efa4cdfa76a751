import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { BookDelta } from '#shared/market/event.ts'
import { testInstrument } from '#shared/trading/testing/fixture.ts'
import { applyMarketEvent, createExchange } from '../exchange.ts'
import type { ExchangeState, Market } from '../state.ts'
import { placeOrder } from '../trading.ts'
import { applyDepth } from './apply-book.ts'
import { at, createTapeMaker } from './world.fixture.ts'

function openMarket(): ExchangeState {
  const { open, state } = createExchange({
    instruments: [testInstrument()],
    accounts: [{ name: 'a', walletE8: 10n ** 14n }],
    sources: [],
    startUs: at(0),
    sink: {
      level() {},
      trade() {},
      mark() {},
      funding() {},
      order() {},
      account() {},
    },
  })
  open()
  const make = createTapeMaker()
  applyMarketEvent(state, make.snapshot(0, [[640_000, 9]], [[640_010, 9]]))
  return state
}

const sidesOf = ({ asks, bids }: Market) =>
  [bids, asks].map(({ byPrice, keys }) => ({ byPrice, keys }))

test('the book, our queue places and fills are those of the exchange itself', () => {
  const level = fc.tuple(fc.integer({ min: 639_995, max: 640_014 }), fc.integer({ min: 0, max: 5 }))
  const act = fc.oneof(
    fc.record({
      bids: fc.array(level, { maxLength: 3 }),
      asks: fc.array(level, { maxLength: 3 }),
    }),
    fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      priceTicks: fc.integer({ min: 639_995, max: 640_014 }),
    }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const [fast, plain] = [openMarket(), openMarket()]
      const make = createTapeMaker()
      acts.forEach((each, index) => {
        const nowUs = at(1 + index) as Micros
        for (const state of [fast, plain]) state.nowUs = nowUs
        if ('bids' in each) {
          const event = make.delta(1 + index, each.bids, each.asks) as BookDelta
          applyDepth(fast, fast.markets[0]!, event)
          applyMarketEvent(plain, event)
        } else
          for (const state of [fast, plain])
            placeOrder(state, 0, {
              instrumentId: 0,
              side: each.side,
              type: 'LIMIT',
              timeInForce: 'GTX',
              priceTicks: each.priceTicks as Ticks,
              sizeLots: 3 as Lots,
              reduceOnly: false,
              clientOrderId: `t${index}`,
            })
        expect(sidesOf(fast.markets[0]!)).toEqual(sidesOf(plain.markets[0]!))
      })
      expect(fast.accounts).toEqual(plain.accounts)
    }),
    { numRuns: 200 },
  )
})
