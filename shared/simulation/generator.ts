import type { Micros } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import { createLatentPrice, type LatentPrice } from './latent-price.ts'
import { type SyntheticMarket, syntheticMarket } from './listing.ts'
import type { MarketSource } from './market-source.ts'
import { createSyntheticFeed, type SyntheticFeed } from './synthetic-feed.ts'

export const stepUs = 100_000

/**
 * Invents a lively market for every instrument: a latent price per coin, a book of about 25 levels a side that
 * follows it, market orders on both sides that reach exponentially far into the book, and marks every second.
 * Nothing in it is real.
 *
 * @param options.instruments - their symbols must be known to {@link syntheticMarket}
 * @returns a source that is never exhausted; same seed, same events
 */
export function createGenerator(options: {
  readonly seed: number
  readonly startUs: Micros
  readonly instruments: readonly Instrument[]
}): MarketSource {
  const { seed, startUs, instruments } = options
  const latents = new Map<string, LatentPrice>()
  const latentOf = (market: SyntheticMarket): LatentPrice => {
    const known = latents.get(market.baseAsset)
    if (known) return known
    const created = createLatentPrice({
      seed,
      baseAsset: market.baseAsset,
      startQuote: market.startQuote,
      volatilityBps: market.volatilityBpsPerSqrtSecond,
      stepSeconds: stepUs / 1e6,
    })
    latents.set(market.baseAsset, created)
    return created
  }
  const feeds = instruments.map((instrument) => {
    const market = syntheticMarket(instrument.symbol)
    return createSyntheticFeed({ seed, startUs, instrument, market, latent: latentOf(market) })
  })
  const earliest = (): SyntheticFeed | undefined =>
    feeds.reduce<SyntheticFeed | undefined>(
      (first, feed) => (first && first.nextTimeUs() <= feed.nextTimeUs() ? first : feed),
      undefined,
    )

  return {
    nextTimeUs: () => earliest()?.nextTimeUs(),
    advance: (untilUs: Micros, emit: (event: MarketEvent) => void) => {
      for (;;) {
        const feed = earliest()
        if (!feed || feed.nextTimeUs() > untilUs) return
        feed.emitNext(emit)
      }
    },
  }
}
