import type { Micros } from '#shared/kernel/unit.ts'
import type { DomainEvent, MarketEvent } from '#shared/market/event.ts'
import type { InstrumentId } from '#shared/market/instrument.ts'
import { retimed } from './feed.ts'
import type { MarketSource } from './market-source.ts'

/**
 * Plays recorded events from a synchronous reader, keeping their order and distances; the first one happens at
 * `startUs`. Where a tape has no marks the exchange uses the middle of the book as mark and index price, and its
 * default funding rate. A reader that cannot be synchronous fills a `createFeed` instead.
 *
 * @param options.pull - next event, undefined at the end; its level buffer may be reused by the next call
 * @param options.instrumentIds - instrument of the tape → instrument of the exchange; others are skipped
 */
export function createTapeSource(options: {
  readonly pull: () => DomainEvent | undefined
  readonly startUs: Micros
  readonly instrumentIds: ReadonlyMap<InstrumentId, InstrumentId>
}): MarketSource {
  const { pull, startUs, instrumentIds } = options
  let shiftUs: number | undefined
  const next = (): MarketEvent | undefined => {
    for (;;) {
      const event = pull()
      if (!event) return undefined
      shiftUs ??= startUs - event.receiveTimeUs
      const moved = retimed(event, { shiftUs, instrumentIds })
      if (moved) return moved
    }
  }
  let ahead: MarketEvent | undefined
  let hasBegun = false
  const peek = () => {
    if (!hasBegun) {
      ahead = next()
      hasBegun = true
    }
    return ahead
  }

  return {
    nextTimeUs: () => peek()?.receiveTimeUs,
    advance: (untilUs, emit) => {
      for (let event = peek(); event && event.receiveTimeUs <= untilUs; event = ahead) {
        emit(event)
        ahead = next()
      }
    },
  }
}
