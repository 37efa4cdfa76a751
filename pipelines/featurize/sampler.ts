import { TradingError } from '#shared/kernel/error.ts'
import { applyDelta, applySnapshot, type Book, createBook, markLost } from '#shared/market/book.ts'
import { midTicks } from '#shared/market/book-view.ts'
import type { MarketEvent } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import {
  createVectorState,
  silenceUsMax,
  updateVector,
  writeVector,
} from '#shared/signal/feature/vector.ts'
import { vectorWidth } from '#shared/signal/feature/vector-list.ts'

/** One market at one moment. */
export type Sample = {
  readonly atUs: number
  readonly midTicks: number
  /** Samples of one segment have an unbroken feed between them. */
  readonly segment: number
  /** Undefined while something in it is not known. */
  readonly vector: Float64Array | undefined
}

export type Sampler = {
  /** Takes the next event of the market, in order of receive time. */
  receive(event: MarketEvent): void
  /** So far, in order of time; moments without a live book are absent. */
  readonly samples: readonly Sample[]
}

/**
 * Samples one market at whole multiples of `everyUs` of receive time, each time with what had arrived by then. The
 * executor computes its vectors with the same functions.
 */
export function createSampler(instrument: Instrument, everyUs: number): Sampler {
  const book = createBook()
  const vectorState = createVectorState(instrument)
  const out = new Float64Array(vectorWidth)
  const samples: Sample[] = []
  let segment = 0
  let nextUs = 0
  let lastSeenUs = 0

  const sampleUntil = (untilUs: number): void => {
    for (; nextUs < untilUs; nextUs += everyUs) {
      // Past a long silence nothing is known until the next event.
      if (!book.isLive || nextUs - lastSeenUs > silenceUsMax) {
        nextUs = Math.ceil(untilUs / everyUs) * everyUs
        return
      }
      const isKnown = writeVector(vectorState, nextUs, book, out)
      samples.push({
        atUs: nextUs,
        midTicks: midTicks(book),
        segment,
        vector: isKnown ? out.slice() : undefined,
      })
    }
  }

  return {
    samples,
    receive(event) {
      const atUs = event.receiveTimeUs
      if (nextUs === 0) nextUs = Math.ceil(atUs / everyUs) * everyUs
      sampleUntil(atUs)
      const wasLive = book.isLive
      applyToBook(book, event)
      updateVector(vectorState, event, book)
      if ((wasLive && !book.isLive) || atUs - lastSeenUs > silenceUsMax) segment++
      lastSeenUs = atUs
    },
  }
}

/** As the trader does: a gap loses the book until the next snapshot. */
function applyToBook(book: Book, event: MarketEvent): void {
  switch (event.kind) {
    case 'book-snapshot':
      applySnapshot(book, event)
      return
    case 'book-delta':
      if (!book.isSynced) return
      try {
        applyDelta(book, event)
      } catch (error) {
        if (!(error instanceof TradingError && error.code === 'BOOK_SEQUENCE_GAP')) throw error
      }
      return
    case 'book-lost':
      markLost(book)
      return
    default:
      return
  }
}
