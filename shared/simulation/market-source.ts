import type { Micros } from '#shared/kernel/unit.ts'
import type { MarketEvent } from '#shared/market/event.ts'

/**
 * Where the outside world of a simulated exchange comes from: books, trades and marks in time order. Pull-based, so
 * that a timer and a virtual clock can both drive it.
 */
export type MarketSource = {
  /** Due time of the next event; undefined when there is none now. A fed source may get one later. */
  nextTimeUs(): Micros | undefined
  /** Emits every event that is due at or before `untilUs`, in order. Level arrays are valid during the call only. */
  advance(untilUs: Micros, emit: (event: MarketEvent) => void): void
}
