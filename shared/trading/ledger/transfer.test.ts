import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, testInstrument } from '../testing/fixture.ts'
import { checkAccounts } from './account-check.ts'
import { createLedger, recordBalance, subBookOf } from './ledger.ts'
import { recordTransfer } from './transfer.ts'

test('transfers between sub-books never show at the venue and cost nothing in sum', () => {
  const move = fc.record({
    price: fc.integer({ min: 1, max: 900_000 }),
    lots: fc.integer({ min: -500, max: 500 }),
  })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
      const ledger = createLedger([testInstrument()])
      recordBalance(ledger, { kind: 'balance-report', ...at(0), accountId: 0, walletE8: 5n })
      for (const { price, lots } of moves)
        recordTransfer(ledger, 0, price, [
          { strategy: 'glft', lots },
          { strategy: 'carry', lots: -lots },
        ])
      const venue = { accountId: 0, walletE8: 5n, positions: [], openOrders: [], income: [] }
      expect(checkAccounts(ledger, [venue])).toEqual({ exact: true, differences: [] })
      expect(subBookOf(ledger, 'glft', 0).position.lots).toBe(
        moves.reduce((sum, { lots }) => sum + lots, 0),
      )
    }),
  )
})

test('a transfer that does not balance is refused', () => {
  const ledger = createLedger([testInstrument()])
  expect(() => recordTransfer(ledger, 0, 1, [{ strategy: 'glft', lots: 1 }])).toThrow('sum to zero')
})
