import type { Micros } from '#shared/kernel/unit.ts'
import type { DomainEvent, MarketEvent } from '#shared/market/event.ts'
import type { InstrumentId } from '#shared/market/instrument.ts'
import type { MarketSource } from './market-source.ts'

/** A market source that is filled from outside: by live public streams, or by a tape that is read ahead. */
export type FedSource = MarketSource & {
  /**
   * Appends an event; its levels are copied. Other kinds than market events, and instruments without a place, pass
   * unnoticed.
   *
   * @returns false when the buffer is now full: stop pushing until `isFull` says no
   */
  push(event: DomainEvent): boolean
  readonly isFull: boolean
}

/** Events that a feed holds before it asks its writer to wait. */
const bufferedEventsMax = 50_000

/** Shifts one event in time and moves it to the exchange's instrument table. */
export type Retiming = {
  readonly shiftUs: number
  readonly instrumentIds: ReadonlyMap<InstrumentId, InstrumentId>
}

/** A market event with other times and instrument; undefined when it is not a market event of a known instrument. */
function retimed(event: DomainEvent, { shiftUs, instrumentIds }: Retiming) {
  if (!('instrumentId' in event) || !isMarketEvent(event)) return undefined
  const instrumentId = instrumentIds.get(event.instrumentId)
  if (instrumentId === undefined) return undefined
  return {
    ...event,
    instrumentId,
    eventTimeUs: (event.eventTimeUs + shiftUs) as Micros,
    receiveTimeUs: (event.receiveTimeUs + shiftUs) as Micros,
  }
}

const isMarketEvent = (event: DomainEvent): event is MarketEvent =>
  event.kind === 'book-snapshot' ||
  event.kind === 'book-delta' ||
  event.kind === 'trade' ||
  event.kind === 'mark-price' ||
  event.kind === 'book-lost'

/**
 * A fed source. Events come out in the order they went in, each at its receive time, or at once when that has passed.
 *
 * @param options.startUs - when set, the first event is moved to this time and the others with it (a tape); when
 *   undefined events keep their times (live streams)
 */
export function createFeed(options: {
  readonly instrumentIds: ReadonlyMap<InstrumentId, InstrumentId>
  readonly startUs?: Micros
}): FedSource {
  const { instrumentIds, startUs } = options
  let shiftUs = startUs === undefined ? 0 : undefined
  let queue: MarketEvent[] = []
  let head = 0
  const size = () => queue.length - head
  const source: FedSource = {
    push: (event) => {
      shiftUs ??= (startUs ?? 0) - event.receiveTimeUs
      const moved = retimed(event, { shiftUs, instrumentIds })
      if (moved) queue.push(copyOf(moved))
      return size() < bufferedEventsMax
    },
    get isFull() {
      return size() >= bufferedEventsMax
    },
    nextTimeUs: () => queue[head]?.receiveTimeUs,
    advance: (untilUs, emit) => {
      for (;;) {
        const event = queue[head]
        if (!event || event.receiveTimeUs > untilUs) break
        head++
        emit(event)
      }
      if (head > 1_000 && head * 2 > queue.length) {
        queue = queue.slice(head)
        head = 0
      }
    },
  }
  return source
}

function copyOf(event: MarketEvent): MarketEvent {
  if (!('levels' in event)) return event
  return { ...event, levels: event.levels.slice(0, 2 * (event.bidCount + event.askCount)) }
}
