import type { QuoteE8 } from '#shared/kernel/unit.ts'

/**
 * Shares a funding settlement of the netted position out over the sub-books that make it up.
 *
 * Each gets `amount × lots / Σ lots`: a sub-book on the other side gets the opposite sign, as if it had the
 * account to itself. Fractions of a unit go to the largest holder, so the shares always add up to the amount.
 *
 * @param lots - signed lots of each holder; at least one holder
 * @returns shares in the same order; Σ shares = amount, always. When the lots net to zero the venue should have
 *   settled nothing; whatever it did settle goes to the largest holder
 */
export function shareFunding(amountE8: QuoteE8, lots: readonly number[]): QuoteE8[] {
  const netLots = lots.reduce((sum, held) => sum + held, 0)
  const shares = lots.map((held) =>
    netLots === 0 ? 0n : (amountE8 * BigInt(held)) / BigInt(netLots),
  )
  const largest = lots.reduce(
    (best, held, index) => (Math.abs(held) > Math.abs(lots[best]!) ? index : best),
    0,
  )
  const sharedE8 = shares.reduce((sum, share) => sum + share, 0n)
  shares[largest] = shares[largest]! + amountE8 - sharedE8
  return shares
}
