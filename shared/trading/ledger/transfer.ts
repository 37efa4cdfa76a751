import { invariant } from '#shared/kernel/error.ts'
import { type InstrumentId, notionalE8 } from '#shared/market/instrument.ts'
import { applyFill } from '#shared/market/position.ts'
import { type Ledger, subBookOf } from './ledger.ts'

/** Signed lots that a strategy takes over; what one gains another gives. */
export type Move = { readonly strategy: string; readonly lots: number }

/**
 * Moves lots between sub-books at one price. The venue sees nothing: the netted position, the wallet and the sum of
 * the sub-books stay what they were, and nobody pays a fee.
 *
 * @param priceTicks - fair to both sides: the mid, rounded to the grid
 */
export function recordTransfer(
  ledger: Ledger,
  id: InstrumentId,
  priceTicks: number,
  moves: readonly Move[],
): void {
  invariant(moves.reduce((sum, { lots }) => sum + lots, 0) === 0, 'a transfer must sum to zero')
  for (const { strategy, lots } of moves) {
    if (lots === 0) continue
    const book = subBookOf(ledger, strategy, id)
    const signedE8 = notionalE8(book.instrument, priceTicks, lots)
    applyFill(book.position, lots, signedE8)
    book.cashE8 -= signedE8
  }
}
