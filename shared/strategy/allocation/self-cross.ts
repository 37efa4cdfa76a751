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

/** True when `quote` would trade with a standing quote of another strategy, so it must be withheld. */
export function wouldCrossOther(quote: OwnQuote, standing: readonly OwnQuote[]): boolean {
  for (const other of standing)
    if (other.strategy !== quote.strategy && wouldTrade(quote, other)) return true
  return false
}

/**
 * Which quotes must be withheld so that no strategy trades with another one on the same account.
 *
 * @param quotes - in order of priority: resting orders first, because they have their queue place to lose
 * @returns positions in `quotes`, ascending
 */
export function withheldQuotes(quotes: readonly OwnQuote[]): number[] {
  const standing: OwnQuote[] = []
  const withheld: number[] = []
  quotes.forEach((quote, position) => {
    if (wouldCrossOther(quote, standing)) withheld.push(position)
    else standing.push(quote)
  })
  return withheld
}
