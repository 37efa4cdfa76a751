import type { BookDelta, BookSnapshot } from '#shared/market/event.ts'

/** The book most programs have: a Map per side and the best price remembered. */
export type MapBook = {
  readonly bids: Map<number, number>
  readonly asks: Map<number, number>
  bestBidTicks: number
  bestAskTicks: number
}

export const createMapBook = (): MapBook => ({
  bids: new Map(),
  asks: new Map(),
  bestBidTicks: 0,
  bestAskTicks: 0x7fff_ffff,
})

export function applyToMapBook(book: MapBook, event: BookSnapshot | BookDelta): void {
  const { bids, asks } = book
  if (event.kind === 'book-snapshot') {
    bids.clear()
    asks.clear()
    book.bestBidTicks = 0
    book.bestAskTicks = 0x7fff_ffff
  }
  const { levels, bidCount } = event
  const bidEnd = 2 * bidCount
  const end = bidEnd + 2 * event.askCount
  for (let at = 0; at < bidEnd; at += 2) {
    const ticks = levels[at] as number
    const lots = levels[at + 1] as number
    if (lots === 0) {
      bids.delete(ticks)
      if (ticks === book.bestBidTicks) {
        let best = ticks - 1
        while (best > 0 && !bids.has(best)) best--
        book.bestBidTicks = best
      }
    } else {
      bids.set(ticks, lots)
      if (ticks > book.bestBidTicks) book.bestBidTicks = ticks
    }
  }
  for (let at = bidEnd; at < end; at += 2) {
    const ticks = levels[at] as number
    const lots = levels[at + 1] as number
    if (lots === 0) {
      asks.delete(ticks)
      if (ticks === book.bestAskTicks) {
        let best = ticks + 1
        while (best < 0x7fff_ffff && !asks.has(best)) best++
        book.bestAskTicks = best
      }
    } else {
      asks.set(ticks, lots)
      if (ticks < book.bestAskTicks) book.bestAskTicks = ticks
    }
  }
}
