import { divideRounded } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Fill } from '#shared/market/event.ts'
import { type Instrument, signOf } from '#shared/market/instrument.ts'
import type { TraderState } from '#shared/trading/engine/trader.ts'
import { splitPnl } from '#shared/trading/ledger/sub-book.ts'
import { markE8 } from '../account.ts'
import type { ExchangeState } from '../state.ts'

/**
 * P&L in parts that add up to the unit: `total = spread + price − fees + funding + slippage + liquidation`.
 * Spread is the edge against the mid of fills that rested, slippage of those that took, both as the trader saw the mid.
 */
export type PnlPartsE8 = {
  readonly totalE8: QuoteE8
  readonly spreadE8: QuoteE8
  readonly priceE8: QuoteE8
  /** Positive is a cost. */
  readonly feesE8: QuoteE8
  readonly fundingE8: QuoteE8
  readonly slippageE8: QuoteE8
  /** Edge of forced closings, negative when they lost, plus what the insurance fund paid. */
  readonly liquidationE8: QuoteE8
}

/** Edges of fills that did not rest, doubled because a mid may lie half a tick off the grid. */
export type TakenEdges = { slippageTwiceE8: QuoteE8; liquidationTwiceE8: QuoteE8 }

export const createTakenEdges = (): TakenEdges => ({
  slippageTwiceE8: 0n,
  liquidationTwiceE8: 0n,
})

/** Adds the edge of a fill that took liquidity; fills that rested are in the sub-books. */
export function noteEdge(
  edges: TakenEdges,
  fill: Fill,
  instrument: Instrument,
  midTwiceTicks: number | undefined,
): void {
  if (fill.liquidity === 'maker' || midTwiceTicks === undefined) return
  const edgeTwiceE8 =
    BigInt(midTwiceTicks - 2 * fill.priceTicks) *
    BigInt(signOf(fill.side) * fill.sizeLots) *
    instrument.tickLotE8
  if (isLiquidationId(fill.clientOrderId)) edges.liquidationTwiceE8 += edgeTwiceE8
  else edges.slippageTwiceE8 += edgeTwiceE8
}

/** The venue names its own closing orders; ids of ours never start so. */
const isLiquidationId = (clientOrderId: string): boolean => clientOrderId.startsWith('autoclose-')

/** Sums all sub-books of a trader at the exchange's marks. */
export function pnlPartsE8(
  trader: TraderState,
  exchange: ExchangeState,
  edges: TakenEdges,
  insuranceE8: QuoteE8,
): PnlPartsE8 {
  let pnlE8 = 0n
  let edgeE8 = 0n
  let feesE8 = 0n
  let fundingE8 = 0n
  for (const books of trader.ledger.subBooks.values())
    for (const [id, book] of books) {
      const split = splitPnl(book, markE8(exchange.markets[id]!))
      pnlE8 += split.pnlE8
      edgeE8 += split.spreadE8
      feesE8 += split.feesE8
      fundingE8 += split.fundingE8
    }
  const slippageE8 = divideRounded(edges.slippageTwiceE8, 2n)
  const closedE8 = divideRounded(edges.liquidationTwiceE8, 2n)
  return {
    totalE8: pnlE8 + insuranceE8,
    spreadE8: edgeE8 - slippageE8 - closedE8,
    priceE8: pnlE8 - edgeE8 + feesE8 - fundingE8,
    feesE8,
    fundingE8,
    slippageE8,
    liquidationE8: closedE8 + insuranceE8,
  }
}
