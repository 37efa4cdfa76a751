import type { Micros } from '../kernel/unit.ts'
import type { BookSide } from './instrument.ts'

/** A book to look at but not to change. */
export type BookView = {
  /** In sync, both sides present, not crossed. When false the other fields mean nothing. */
  readonly isLive: boolean
  readonly bestBidTicks: number
  readonly bestAskTicks: number
  /** Last applied update id. */
  readonly sequence: number
  readonly eventTimeUs: Micros
  readonly receiveTimeUs: Micros
  /** Resting size at one price; 0 when none. */
  lotsAt(side: BookSide, priceTicks: number): number
  /** Visits up to `levelsMax` levels from the best outwards. */
  forEachLevel(
    side: BookSide,
    levelsMax: number,
    visit: (priceTicks: number, sizeLots: number) => void,
  ): void
}

/** Middle of the best prices, in ticks; may be a half. */
export const midTicks = (book: BookView): number => (book.bestBidTicks + book.bestAskTicks) / 2
