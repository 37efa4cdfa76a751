import { TradingError } from '../../kernel/error.ts'
import type { DomainEvent } from '../event.ts'

/**
 * Checks that the books of a tape can be replayed: every delta continues its predecessor or bridges a snapshot,
 * and receive times never go backwards, also across files.
 */
export type Continuity = {
  /** @throws TradingError TAPE_GAP, TAPE_UNSORTED naming `place` and the event's position in it */
  check(event: DomainEvent): void
  /** Starts another file: positions count from 1 again, everything else goes on. */
  enter(place: string): void
}

type Chain = { sequence: number; isBridging: boolean }

export function createContinuity(place: string): Continuity {
  const chains = new Map<number, Chain>()
  let receiveTimeUs = 0
  let position = 0
  let file = place

  const refuse = (code: 'TAPE_GAP' | 'TAPE_UNSORTED', what: string): TradingError =>
    new TradingError(code, `${file}, event ${position}: ${what}`)

  return {
    enter(next) {
      file = next
      position = 0
    },
    check(event) {
      position++
      if (event.receiveTimeUs < receiveTimeUs)
        throw refuse(
          'TAPE_UNSORTED',
          `received ${receiveTimeUs - event.receiveTimeUs} µs before its predecessor; put the files in order`,
        )
      receiveTimeUs = event.receiveTimeUs
      if (event.kind === 'book-lost') chains.delete(event.instrumentId)
      else if (event.kind === 'book-snapshot')
        chains.set(event.instrumentId, { sequence: event.sequence, isBridging: true })
      else if (event.kind === 'book-delta') {
        const chain = chains.get(event.instrumentId)
        if (!chain)
          throw refuse(
            'TAPE_GAP',
            'a book update without a snapshot before it; put the file that has it in front',
          )
        const bridges =
          chain.isBridging &&
          event.sequenceFirst <= chain.sequence &&
          chain.sequence <= event.sequence
        if (event.sequencePrevious !== chain.sequence && !bridges)
          throw refuse(
            event.sequence <= chain.sequence ? 'TAPE_UNSORTED' : 'TAPE_GAP',
            `book update ${event.sequence} continues ${event.sequencePrevious}, but the last one was ${chain.sequence}`,
          )
        chain.sequence = event.sequence
        chain.isBridging = false
      }
    },
  }
}
