import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { BookView } from '#shared/market/book-view.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { affordableLots, plannedSizeLotsMin } from '../sizing.ts'

/** Both size grids in whole units of one common decimal step, so that equal sizes compare exactly. */
export type LegGrid = {
  /** Units of one lot of the perpetual. */
  readonly perpUnits: number
  /** Units of one lot of the hedge. */
  readonly hedgeUnits: number
  /** Smallest number of units that both grids can hold. */
  readonly commonUnits: number
  /** Base asset in one unit. */
  readonly baseOfUnit: number
}

export function createLegGrid(perp: Instrument, hedge: Instrument): LegGrid {
  const decimals = Math.max(perp.sizeGrid.decimals, hedge.sizeGrid.decimals)
  const unitsOf = ({ sizeGrid }: Instrument) => sizeGrid.step * 10 ** (decimals - sizeGrid.decimals)
  const perpUnits = unitsOf(perp)
  const hedgeUnits = unitsOf(hedge)
  const commonUnits = (perpUnits / greatestCommonDivisor(perpUnits, hedgeUnits)) * hedgeUnits
  return { perpUnits, hedgeUnits, commonUnits, baseOfUnit: 10 ** -decimals }
}

function greatestCommonDivisor(a: number, b: number): number {
  let [larger, smaller] = [a, b]
  while (smaller !== 0) [larger, smaller] = [smaller, larger % smaller]
  return larger
}

/** Inventory that no other leg offsets, in units; long is positive. */
export const unhedgedUnits = (grid: LegGrid, perpLots: number, hedgeLots: number): number =>
  perpLots * grid.perpUnits + hedgeLots * grid.hedgeUnits

/** Lots of both legs for the same base size; unsigned. */
export type LegSizes = { readonly perpLots: number; readonly hedgeLots: number }

/**
 * Largest equal base size that the budget of one leg pays for and one order of each leg may have.
 *
 * @param budgetE8 - notional of one leg
 * @returns undefined when it is below the minimum of either leg
 */
export function sizeLegs(
  grid: LegGrid,
  perp: Instrument,
  hedge: Instrument,
  inputs: {
    readonly budgetE8: QuoteE8
    readonly perpPriceTicks: number
    readonly hedgePriceTicks: number
  },
): LegSizes | undefined {
  const { budgetE8, perpPriceTicks, hedgePriceTicks } = inputs
  const perpMax = Math.min(affordableLots(perp, budgetE8, perpPriceTicks), perp.sizeLotsMax)
  const hedgeMax = Math.min(affordableLots(hedge, budgetE8, hedgePriceTicks), hedge.sizeLotsMax)
  const unitsMax = Math.min(perpMax * grid.perpUnits, hedgeMax * grid.hedgeUnits)
  const units = Math.floor(unitsMax / grid.commonUnits) * grid.commonUnits
  const perpLots = units / grid.perpUnits
  const hedgeLots = units / grid.hedgeUnits
  const isEnough =
    perpLots >= plannedSizeLotsMin(perp, perpPriceTicks) &&
    hedgeLots >= plannedSizeLotsMin(hedge, hedgePriceTicks)
  return isEnough ? { perpLots, hedgeLots } : undefined
}

/** Half the spread relative to the mid, in bps: what crossing it once costs. */
export const halfSpreadBps = ({ bestAskTicks, bestBidTicks }: BookView): number =>
  ((bestAskTicks - bestBidTicks) / (bestAskTicks + bestBidTicks)) * 1e4

/**
 * Cost of entering and leaving both legs by taking liquidity, in bps of the notional of one leg.
 *
 * `2 (fee₁ + fee₂ + halfSpread₁ + halfSpread₂)`: every leg is crossed twice.
 */
export const roundTripCostBps = (
  perp: Instrument,
  hedge: Instrument,
  perpBook: BookView,
  hedgeBook: BookView,
): number =>
  2 *
  ((perp.takerFeePpm + hedge.takerFeePpm) / 100 +
    halfSpreadBps(perpBook) +
    halfSpreadBps(hedgeBook))

/** Worst acceptable price of an order that takes liquidity, rounded towards the better price. */
export const worstTicks = (book: BookView, isBuy: boolean, slippageBps: number): number =>
  isBuy
    ? Math.floor(book.bestAskTicks * (1 + slippageBps / 1e4))
    : Math.ceil(book.bestBidTicks * (1 - slippageBps / 1e4))
