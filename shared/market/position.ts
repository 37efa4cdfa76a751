import { divideRounded } from '../kernel/decimal.ts'
import type { QuoteE8 } from '../kernel/unit.ts'

/**
 * A position by average cost. `costE8` is the signed value paid for what is still open, so
 * unrealised P&L = `lots × mark − costE8` for long and short alike.
 */
export type Position = { lots: number; costE8: QuoteE8 }

export const flatPosition = (): Position => ({ lots: 0, costE8: 0n })

/**
 * Books one fill into `position`, in place.
 *
 * Average cost: the part that closes takes its share of the cost, rounded half away from zero to 1e-8; what is
 * left keeps the rest, so the sum of realised and unrealised P&L never gains or loses a unit.
 *
 * @param signedLots - positive bought, negative sold; not 0
 * @param signedNotionalE8 - price × size with the sign of `signedLots`
 * @returns realised P&L of the part that closed, before fees; 0 when the fill only opens
 */
export function applyFill(
  position: Position,
  signedLots: number,
  signedNotionalE8: QuoteE8,
): QuoteE8 {
  const before = position.lots
  if (before === 0 || before > 0 === signedLots > 0) {
    position.lots = before + signedLots
    position.costE8 += signedNotionalE8
    return 0n
  }

  const closing = Math.min(Math.abs(signedLots), Math.abs(before))
  const closedNotionalE8 =
    closing === Math.abs(signedLots)
      ? signedNotionalE8
      : divideRounded(signedNotionalE8 * BigInt(closing), BigInt(Math.abs(signedLots)))
  const closedCostE8 =
    closing === Math.abs(before)
      ? position.costE8
      : divideRounded(position.costE8 * BigInt(closing), BigInt(Math.abs(before)))

  position.lots = before + signedLots
  position.costE8 += signedNotionalE8 - closedNotionalE8 - closedCostE8
  return -closedNotionalE8 - closedCostE8
}
