import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { BookDelta, BookSnapshot } from '#shared/market/event.ts'

/**
 * The venue's rules for keeping one local book, as a state machine: diffs are held until a snapshot comes, those
 * older than it are dropped, the first one kept must bridge it (`U ≤ lastUpdateId ≤ u`), and from then on `pu` of
 * each equals `u` of the one before.
 *
 * @see Aster futures API, "How to manage a local order book correctly"
 */
export type DepthSync = {
  readonly state: 'waiting' | 'bridging' | 'synced'
  readonly heldCount: number
  /**
   * `held`: copied until a snapshot comes. `dropped`: older than the snapshot. `passed`: emitted.
   * `gap`: the chain is broken; nothing was emitted, the diff is held and a new snapshot is needed.
   *
   * @throws TradingError STREAM_LOST when no snapshot came within {@link heldMax} diffs
   */
  offerDelta(delta: BookDelta): 'held' | 'dropped' | 'passed' | 'gap'
  /**
   * `passed`: emitted, then the held diffs that follow it, at the snapshot's receive time, because that is when
   * they became usable. `stale`: older than every held diff, so take another one; the held diffs stay.
   * `gap`: the held diffs do not form a chain; they were dropped, take another snapshot.
   */
  offerSnapshot(snapshot: BookSnapshot): 'passed' | 'stale' | 'gap'
  /** Forgets everything: after a lost connection. */
  restart(): void
}

/** Diffs held while waiting for a snapshot: minutes of the fastest stream. */
const heldMax = 20_000

/** @param emit - called with a continuous chain of events for one instrument */
export function createDepthSync(emit: (event: BookSnapshot | BookDelta) => void): DepthSync {
  let state: DepthSync['state'] = 'waiting'
  let held: BookDelta[] = []
  let sequence = 0

  const hold = (delta: BookDelta): void => {
    if (held.length >= heldMax)
      throw new TradingError('STREAM_LOST', `no book snapshot within ${heldMax} depth updates`)
    held.push(copyDelta(delta, delta.receiveTimeUs))
  }

  return {
    get state() {
      return state
    },
    get heldCount() {
      return held.length
    },

    offerDelta(delta) {
      if (state === 'waiting') {
        hold(delta)
        return 'held'
      }
      if (state === 'bridging' && delta.sequence < sequence) return 'dropped'
      const continues =
        delta.sequencePrevious === sequence || (state === 'bridging' && bridges(delta, sequence))
      if (!continues) {
        state = 'waiting'
        hold(delta)
        return 'gap'
      }
      state = 'synced'
      sequence = delta.sequence
      emit(delta)
      return 'passed'
    },

    offerSnapshot(snapshot) {
      const kept = held.filter((delta) => delta.sequence >= snapshot.sequence)
      const first = kept[0]
      if (first && first.sequenceFirst > snapshot.sequence) {
        if (first.sequencePrevious !== snapshot.sequence) return 'stale'
      }
      held = []
      if (!isChain(kept)) {
        state = 'waiting'
        return 'gap'
      }
      emit(snapshot)
      sequence = snapshot.sequence
      state = 'bridging'
      for (const delta of kept) {
        state = 'synced'
        sequence = delta.sequence
        emit(copyDelta(delta, snapshot.receiveTimeUs))
      }
      return 'passed'
    },

    restart() {
      state = 'waiting'
      held = []
    },
  }
}

const bridges = (delta: BookDelta, sequence: number): boolean =>
  delta.sequenceFirst <= sequence && sequence <= delta.sequence

const isChain = (deltas: readonly BookDelta[]): boolean =>
  deltas.every((delta, i) => i === 0 || delta.sequencePrevious === deltas[i - 1]?.sequence)

/** A delta that outlives the buffers of the one given. */
export const copyDelta = (delta: BookDelta, receiveTimeUs: Micros): BookDelta => ({
  kind: 'book-delta',
  instrumentId: delta.instrumentId,
  eventTimeUs: delta.eventTimeUs,
  receiveTimeUs,
  sequenceFirst: delta.sequenceFirst,
  sequence: delta.sequence,
  sequencePrevious: delta.sequencePrevious,
  levels: delta.levels.slice(0, 2 * (delta.bidCount + delta.askCount)),
  bidCount: delta.bidCount,
  askCount: delta.askCount,
})
