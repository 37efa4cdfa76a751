import { divideRounded } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import { type Instrument, notionalE8, sizeLotsMinAt } from '#shared/market/instrument.ts'

/** Minimum orders are planned this much larger, so that a moving price does not take them below the venue's filter. */
const headroomPercent = 105n

/** `amountE8 × ratio`, rounded to 1e-8; the ratio counts to a millionth. */
export const shareOfE8 = (amountE8: QuoteE8, ratio: number): QuoteE8 =>
  divideRounded(amountE8 * BigInt(Math.floor(ratio * 1e6)), 1_000_000n)

/** Smallest order that a strategy plans with at this price: the venue's minimum and 5 % of headroom, in lots. */
export function plannedSizeLotsMin(instrument: Instrument, priceTicks: number): number {
  const lowerTicks = Math.max(1, Math.floor((priceTicks * 100) / Number(headroomPercent)))
  return sizeLotsMinAt(instrument, lowerTicks)
}

/** Whole lots that `budgetE8` pays for at `priceTicks`. */
export const affordableLots = (
  instrument: Instrument,
  budgetE8: QuoteE8,
  priceTicks: number,
): number => (budgetE8 <= 0n ? 0 : Number(budgetE8 / notionalE8(instrument, priceTicks, 1)))

/** Capital of which `ratio` carries `sizeLots` at a price 5 % above `priceTicks`. */
export function capitalForLotsE8(
  instrument: Instrument,
  priceTicks: number,
  sizeLots: number,
  ratio: number,
): QuoteE8 {
  const upperTicks = Math.ceil((priceTicks * Number(headroomPercent)) / 100)
  const ratioPpm = BigInt(Math.floor(ratio * 1e6))
  const amountE8 = notionalE8(instrument, upperTicks, sizeLots)
  return (amountE8 * 1_000_000n + ratioPpm - 1n) / ratioPpm
}

/** Capital of which `ratio` carries `orders` orders of the smallest planned size. */
export const capitalForOrdersE8 = (
  instrument: Instrument,
  priceTicks: number,
  orders: number,
  ratio: number,
): QuoteE8 =>
  capitalForLotsE8(
    instrument,
    priceTicks,
    orders * plannedSizeLotsMin(instrument, priceTicks),
    ratio,
  )
