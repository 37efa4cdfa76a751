import { TradingError } from '#shared/kernel/error.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { createFeed } from '#shared/simulation/feed.ts'
import type { Listing } from '#shared/simulation/listing.ts'
import type { MarketSource } from '#shared/simulation/market-source.ts'
import { createMarketStream } from '#shared/venue/aster/market-stream.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'

/** A market that a twin plays but does not invent. */
export type PlayedMarket = {
  readonly listings: readonly Listing[]
  readonly createSources: () => readonly MarketSource[]
  /** Starts feeding; `onEnd` is called when a recording is over and everything of it was played. */
  begin(onEnd: (problem?: Error) => void): void
  close(): void
}

/**
 * Aster's public market, as it happens: the twin fills paper orders against it. Needs no key.
 *
 * @throws TradingError SYMBOL_UNKNOWN, VENUE_UNREACHABLE
 */
export async function openUpstreamMarket(
  urls: { readonly restUrl: string; readonly streamUrl: string },
  symbols: readonly string[],
  runtime: Runtime,
  report: (line: string) => void,
): Promise<PlayedMarket> {
  const reader = createAsterPublic(runtime, urls.restUrl)
  const { listings } = await reader.exchangeInfo()
  const hours = await reader.fundingInfo()
  const chosen = symbols.map((symbol) => {
    const listing = listings.find((each) => each.symbol === symbol)
    if (!listing)
      throw new TradingError('SYMBOL_UNKNOWN', `${urls.restUrl} does not list '${symbol}'`)
    return { ...listing, fundingIntervalHours: hours.get(symbol) ?? listing.fundingIntervalHours }
  })
  const instruments = chosen.map((listing, id) => ({ ...listing, id, accountId: 0 }))
  const feed = createFeed({ instrumentIds: new Map(instruments.map(({ id }) => [id, id])) })
  const stream = createMarketStream({
    runtime,
    streamUrl: urls.streamUrl,
    instruments,
    loadSnapshot: (symbol) => reader.depth(symbol),
    emit: (event: DomainEvent) => {
      // The twin's clock stamps what happens on it.
      feed.push(
        Object.assign(Object.create(null), event, {
          receiveTimeUs: runtime.clock.nowUs() as Micros,
        }),
      )
    },
    onFault: (error: Error) => report(`market data: ${error.message}`),
  })
  return {
    listings: chosen,
    createSources: () => [feed],
    begin: () => stream.start(),
    close: () => stream.stop(),
  }
}
