import type { InstrumentId, Side } from '#shared/market/instrument.ts'

/** A resting order or a wish for one, of any strategy on one account. */
export type OwnQuote = {
  readonly strategy: string
  readonly instrumentId: InstrumentId
  readonly side: Side
  readonly priceTicks: number
}

/** True when the two would trade with each other: a buy at or above a sell of the same instrument. */
export function wouldTrade(a: OwnQuote, b: OwnQuote): boolean {
  if (a.instrumentId !== b.instrumentId || a.side === b.side) return false
  return a.side === 'buy' ? a.priceTicks >= b.priceTicks : a.priceTicks <= b.priceTicks
}
