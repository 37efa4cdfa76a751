import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divideRounded } from '#shared/kernel/decimal.ts'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import type { Fill, FundingPaid } from '#shared/market/event.ts'
import { notionalE8, signOf } from '#shared/market/instrument.ts'
import { applyFill, flatPosition } from '#shared/market/position.ts'
import { at, testFill, testInstrument } from '../testing/fixture.ts'
import { checkAccounts } from './account-check.ts'
import {
  createLedger,
  equityE8,
  recordBalance,
  recordFill,
  recordFunding,
  recordOpeningPosition,
  subBookOf,
  unassigned,
} from './ledger.ts'
import { splitPnl } from './sub-book.ts'

const instruments = [
  testInstrument(),
  testInstrument({
    id: 1,
    symbol: 'ETHUSDT',
    baseAsset: 'ETH',
    priceGrid: { decimals: 2, step: 1 },
    tickLotE8: 1_000n,
  }),
]
const strategies = ['glft', 'grid', 'carry'] as const

/** A venue of its own, written as plainly as possible: one wallet, average-cost positions, an income list. */
function venueAfter(actions: readonly Action[]) {
  const positions = instruments.map(flatPosition)
  const income: { amountE8: bigint }[] = []
  const events: (Fill | FundingPaid)[] = []
  const owners = new Map<string, string>()
  actions.forEach((action, index) => {
    const instrument = instruments[action.instrumentId]!
    if (action.kind === 'funding') {
      const { lots } = positions[action.instrumentId]!
      if (lots === 0) return
      const amountE8 = divideRounded(BigInt(-lots) * BigInt(action.rate) * 1_234_567n, 1_000n)
      income.push({ amountE8 })
      events.push({
        kind: 'funding-paid',
        ...at(index),
        instrumentId: action.instrumentId,
        amountE8,
        transactionId: index,
      })
      return
    }
    const valueE8 = notionalE8(instrument, action.price, action.lots)
    const sign = signOf(action.side)
    const realisedPnlE8 = applyFill(
      positions[action.instrumentId]!,
      sign * action.lots,
      sign === 1 ? valueE8 : -valueE8,
    )
    const feeE8 = divideRounded(valueE8 * BigInt(action.feePpm), 1_000_000n)
    income.push({ amountE8: realisedPnlE8 }, { amountE8: -feeE8 })
    const clientOrderId = `${action.strategy}-${index}`
    owners.set(clientOrderId, action.strategy)
    events.push(
      testFill({
        ...at(index),
        instrumentId: action.instrumentId,
        clientOrderId,
        tradeId: index,
        side: action.side,
        priceTicks: action.price as Ticks,
        sizeLots: action.lots as Lots,
        feeE8,
        realisedPnlE8,
      }),
    )
  })
  return { positions, income, events, owners }
}

type Action =
  | {
      kind: 'fill'
      instrumentId: number
      strategy: string
      side: 'buy' | 'sell'
      price: number
      lots: number
      feePpm: number
    }
  | { kind: 'funding'; instrumentId: number; rate: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('fill' as const),
      instrumentId: fc.integer({ min: 0, max: 1 }),
      strategy: fc.constantFrom(...strategies),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      price: fc.integer({ min: 1, max: 900_000 }),
      lots: fc.integer({ min: 1, max: 5_000 }),
      feePpm: fc.integer({ min: -50, max: 700 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('funding' as const),
      instrumentId: fc.integer({ min: 0, max: 1 }),
      rate: fc.integer({ min: -3_000, max: 3_000 }),
    }),
  },
)

test('wallet, positions and sub-books equal the venue to the unit, whatever the order and repetition of events', () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 40 }),
      fc.infiniteStream(fc.nat()),
      (actions, numbers) => {
        const venue = venueAfter(actions)
        const shuffled = [...venue.events, ...venue.events.slice(0, 5)]
          .map((event) => ({ event, key: numbers.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ event }) => event)

        const ledger = createLedger(instruments)
        recordBalance(ledger, {
          kind: 'balance-report',
          ...at(0),
          accountId: 0,
          walletE8: 10n ** 12n,
        })
        for (const event of shuffled) {
          if (event.kind === 'funding-paid') recordFunding(ledger, event)
          else
            recordFill(
              ledger,
              event,
              venue.owners.get(event.clientOrderId)!,
              2 * event.priceTicks + 3,
            )
        }
        const incomeE8 = venue.income.reduce((sum, { amountE8 }) => sum + amountE8, 0n)
        const books = {
          accountId: 0,
          walletE8: 10n ** 12n + incomeE8,
          positions: instruments.map(({ id, symbol }) => ({
            symbol,
            positionLots: venue.positions[id]!.lots,
          })),
          openOrders: [],
          income: venue.income,
        }
        expect(checkAccounts(ledger, [books])).toEqual({ exact: true, differences: [] })
      },
    ),
    { numRuns: 300 },
  )
})

test('in order of arrival the split of every sub-book adds up and the total equals equity', () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 40 }),
      fc.integer({ min: 1, max: 10 ** 13 }),
      (actions, mark) => {
        const venue = venueAfter(actions)
        const ledger = createLedger(instruments)
        recordBalance(ledger, { kind: 'balance-report', ...at(0), accountId: 0, walletE8: 0n })
        for (const event of venue.events) {
          if (event.kind === 'funding-paid') recordFunding(ledger, event)
          else
            recordFill(
              ledger,
              event,
              venue.owners.get(event.clientOrderId)!,
              2 * event.priceTicks - 7,
            )
        }
        let totalE8 = 0n
        for (const books of ledger.subBooks.values()) {
          for (const book of books.values()) {
            const split = splitPnl(book, mark)
            expect(split.spreadE8 + split.priceE8 - split.feesE8 + split.fundingE8).toBe(
              split.pnlE8,
            )
            totalE8 += split.pnlE8
          }
        }
        const equity = equityE8(ledger, () => mark)!
        // Each sub-book values its lots with one rounding of its own.
        const roundings = BigInt(strategies.length * instruments.length + instruments.length)
        expect(equity - totalE8 <= roundings && totalE8 - equity <= roundings).toBe(true)
      },
    ),
  )
})

test('what is told before the opening wallet is contained in it', () => {
  const ledger = createLedger(instruments)
  expect(recordFill(ledger, testFill(), 'glft', undefined)).toBe(false)
  recordBalance(ledger, { kind: 'balance-report', ...at(0), accountId: 0, walletE8: 100n })
  expect(recordFill(ledger, testFill(), 'glft', undefined)).toBe(false)
  expect(ledger.accounts[0]?.walletE8).toBe(100n)
  expect(ledger.positions[0]?.lots).toBe(0)
})

test('a fill told twice is booked once', () => {
  const ledger = createLedger(instruments)
  recordBalance(ledger, { kind: 'balance-report', ...at(0), accountId: 0, walletE8: 100n })
  expect(recordFill(ledger, testFill(), 'glft', undefined)).toBe(true)
  expect(recordFill(ledger, testFill(), 'glft', undefined)).toBe(false)
  expect(ledger.positions[0]!.lots).toBe(1)
})

test('P&L that the venue books otherwise than its fills say is named', () => {
  const ledger = createLedger([testInstrument()])
  recordBalance(ledger, { kind: 'balance-report', ...at(0), accountId: 0, walletE8: 100n })
  recordFill(ledger, testFill({ sizeLots: 10 as Lots }), 'glft', undefined)
  const sold = {
    tradeId: 2,
    side: 'sell',
    sizeLots: 10 as Lots,
    priceTicks: 650_000 as Ticks,
  } as const
  recordFill(ledger, testFill(sold), 'glft', undefined)
  const venue = { accountId: 0, walletE8: 100n, positions: [], openOrders: [], income: [] }
  expect(checkAccounts(ledger, [venue]).differences).toEqual([
    expect.stringMatching(/BTCUSDT realised P&L: .* leave -10\.00000000/),
  ])
})

test('an inherited position is taken over and a missing fill is named with both figures', () => {
  const ledger = createLedger([testInstrument()])
  recordBalance(ledger, { kind: 'balance-report', ...at(0), accountId: 0, walletE8: 100n })
  recordOpeningPosition(ledger, {
    kind: 'position-report',
    ...at(0),
    instrumentId: 0,
    positionLots: 3 as Lots,
    entryCostE8: 30n,
  })
  expect(subBookOf(ledger, unassigned, 0).position.lots).toBe(3)
  const statement = { accountId: 0, walletE8: 100n, openOrders: [], income: [] }
  expect(
    checkAccounts(ledger, [{ ...statement, positions: [{ symbol: 'BTCUSDT', positionLots: 3 }] }])
      .exact,
  ).toBe(true)
  const off = checkAccounts(ledger, [
    { ...statement, positions: [{ symbol: 'BTCUSDT', positionLots: 4 }] },
  ])
  expect(off).toEqual({
    exact: false,
    differences: ['account 0 BTCUSDT position in lots: ours 3, theirs 4'],
  })
})

test('equity is unknown, not zero, while a position has no mark', () => {
  const ledger = createLedger([testInstrument()])
  expect(equityE8(ledger, () => 1)).toBeUndefined()
  recordBalance(ledger, { kind: 'balance-report', ...at(0), accountId: 0, walletE8: 100n })
  expect(equityE8(ledger, () => undefined)).toBe(100n)
  recordFill(ledger, testFill(), 'glft', undefined)
  expect(equityE8(ledger, () => undefined)).toBeUndefined()
})
