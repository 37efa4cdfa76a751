import type { DomainEvent } from '#shared/market/event.ts'
import { createVectorState, updateVector, writeVector } from '#shared/signal/feature/vector.ts'
import { vectorWidth } from '#shared/signal/feature/vector-list.ts'
import type { TraderState } from '#shared/trading/engine/trader.ts'

/** The features a model reads, kept up to date beside the trader: it has no part in them, and they none in it. */
export type LiveVectors = {
  /** After the trader's step took the event: its books are those the features read. */
  observe(event: DomainEvent): void
  /** @returns features in the order of the list; undefined while one of them is not known */
  read(instrumentId: number, nowUs: number): readonly number[] | undefined
}

export function createLiveVectors(state: TraderState): LiveVectors {
  const { instruments } = state.config
  const vectors = instruments.map((instrument) => createVectorState(instrument))
  const row = new Float64Array(vectorWidth)
  return {
    observe(event) {
      switch (event.kind) {
        case 'book-delta':
        case 'book-snapshot':
        case 'book-lost':
        case 'trade':
        case 'mark-price':
          return updateVector(vectors[event.instrumentId]!, event, state.books[event.instrumentId]!)
      }
    },
    read: (instrumentId, nowUs) =>
      writeVector(vectors[instrumentId]!, nowUs, state.books[instrumentId]!, row)
        ? Array.from(row)
        : undefined,
  }
}
