import { divideRounded } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Fill } from '#shared/market/event.ts'
import { type Instrument, notionalE8, signOf } from '#shared/market/instrument.ts'
import { applyFill, flatPosition, type Position } from '#shared/market/position.ts'

/** What one strategy owns of one instrument: a share of the netted position at the venue. */
export type SubBook = {
  readonly strategy: string
  readonly instrument: Instrument
  /** Own lots and what they cost, as if the strategy had the account to itself. */
  readonly position: Position
  /** Everything that flowed in minus everything that flowed out: −Σ signed notional − fees + funding. */
  cashE8: QuoteE8
  /** Σ fees; positive is a cost. */
  feesE8: QuoteE8
  /** Σ funding; positive was received. */
  fundingE8: QuoteE8
  /** Twice the edge against the mid at each fill; doubled because a mid may lie half a tick off the grid. */
  spreadTwiceE8: QuoteE8
  makerNotionalE8: QuoteE8
  takerNotionalE8: QuoteE8
  makerFills: number
  takerFills: number
}

export const createSubBook = (strategy: string, instrument: Instrument): SubBook => ({
  strategy,
  instrument,
  position: flatPosition(),
  cashE8: 0n,
  feesE8: 0n,
  fundingE8: 0n,
  spreadTwiceE8: 0n,
  makerNotionalE8: 0n,
  takerNotionalE8: 0n,
  makerFills: 0,
  takerFills: 0,
})

/**
 * Books a fill.
 *
 * @param midTwiceTicks - bid + ask in ticks at the fill; undefined when no live book was seen, then the edge of
 *   this fill counts as price P&L
 */
export function bookFill(book: SubBook, fill: Fill, midTwiceTicks: number | undefined): void {
  const { instrument } = book
  const sign = signOf(fill.side)
  const valueE8 = notionalE8(instrument, fill.priceTicks, fill.sizeLots)
  const signedE8 = sign === 1 ? valueE8 : -valueE8

  applyFill(book.position, sign * fill.sizeLots, signedE8)
  book.cashE8 -= signedE8 + fill.feeE8
  book.feesE8 += fill.feeE8
  if (midTwiceTicks !== undefined) {
    const edgeTwiceTicks = BigInt(midTwiceTicks - 2 * fill.priceTicks)
    book.spreadTwiceE8 += edgeTwiceTicks * BigInt(sign * fill.sizeLots) * instrument.tickLotE8
  }
  if (fill.liquidity === 'maker') {
    book.makerFills++
    book.makerNotionalE8 += valueE8
  } else {
    book.takerFills++
    book.takerNotionalE8 += valueE8
  }
}

/** Books a share of a funding settlement; positive was received. */
export function bookFunding(book: SubBook, amountE8: QuoteE8): void {
  book.cashE8 += amountE8
  book.fundingE8 += amountE8
}

/** P&L and where it came from: `pnl = spread + price − fees + funding`, to the last unit. */
export type PnlSplit = {
  readonly pnlE8: QuoteE8
  /** Edge against the mid at the moment of each fill. */
  readonly spreadE8: QuoteE8
  /** What the market did to the inventory afterwards. */
  readonly priceE8: QuoteE8
  readonly feesE8: QuoteE8
  readonly fundingE8: QuoteE8
}

/** @param markPriceE8 - undefined only while the book is flat */
export function splitPnl(book: SubBook, markPriceE8: number | undefined): PnlSplit {
  const pnlE8 = book.cashE8 + markValueE8(book.instrument, book.position.lots, markPriceE8)
  const spreadE8 = divideRounded(book.spreadTwiceE8, 2n)
  const { feesE8, fundingE8 } = book
  return { pnlE8, spreadE8, priceE8: pnlE8 - spreadE8 + feesE8 - fundingE8, feesE8, fundingE8 }
}

/** Signed value of `lots` at the mark. A flat position is worth nothing at any mark. */
export function markValueE8(
  instrument: Instrument,
  lots: number,
  markPriceE8: number | undefined,
): QuoteE8 {
  if (lots === 0) return 0n
  if (markPriceE8 === undefined)
    throw new RangeError(`${instrument.symbol}: a position of ${lots} lots has no mark price`)
  const { step, decimals } = instrument.sizeGrid
  return divideRounded(BigInt(markPriceE8) * BigInt(lots) * BigInt(step), 10n ** BigInt(decimals))
}
