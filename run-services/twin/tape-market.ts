import { openTape } from '#shared/cloud/local/tape-file.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { createFeed, type FedSource } from '#shared/simulation/feed.ts'
import type { Listing } from '#shared/simulation/listing.ts'

/** Recorded markets, with the reader that keeps their feed filled. */
export type TapeMarket = {
  readonly listings: readonly Listing[]
  readonly feed: FedSource
  /** Reads on until the feed is full; resolves to true at the end of the tape. */
  refill(): Promise<boolean>
}

/**
 * Opens recorded events for a twin; the first of them happens at `startUs`.
 *
 * @throws TradingError FILE_UNREADABLE, TAPE_*, SYMBOL_UNKNOWN
 */
export async function openTapeMarket(
  paths: readonly string[],
  symbols: readonly string[] | undefined,
  startUs: Micros,
): Promise<TapeMarket> {
  const { header, events } = await openTape(paths)
  const held = header.instruments.map(({ symbol }) => symbol)
  const unknown = symbols?.find((symbol) => !held.includes(symbol))
  if (unknown !== undefined)
    throw new TradingError(
      'SYMBOL_UNKNOWN',
      `the tape does not hold ${unknown}; it holds ${held.join(', ')}`,
    )
  const chosen = header.instruments.filter(({ symbol }) => !symbols || symbols.includes(symbol))
  const feed = createFeed({
    startUs,
    instrumentIds: new Map(chosen.map(({ id }, place) => [id, place])),
  })
  const reader = events[Symbol.asyncIterator]()
  return {
    listings: chosen.map(({ id: _id, accountId: _accountId, ...listing }) => listing),
    feed,
    refill: async () => {
      while (!feed.isFull) {
        const { done, value } = await reader.next()
        if (done) return true
        feed.push(value)
      }
      return false
    },
  }
}
