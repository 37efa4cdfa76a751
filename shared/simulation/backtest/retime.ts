import type { Micros } from '#shared/kernel/unit.ts'
import type { BookDelta, BookSnapshot, DomainEvent, Trade } from '#shared/market/event.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Gives events the time at which the trader receives them. Books and trades come out in one record per kind that is
 * used again by the next call: nothing is allocated for them.
 */
export function createRetiming(): (event: DomainEvent, receiveTimeUs: number) => DomainEvent {
  const none = new Int32Array(0)
  const times = { eventTimeUs: 0 as Micros, receiveTimeUs: 0 as Micros, instrumentId: 0 }
  const levels = { levels: none, bidCount: 0, askCount: 0, sequence: 0.5 }
  const delta: Mutable<BookDelta> = {
    kind: 'book-delta',
    ...times,
    ...levels,
    // Halves make the engine keep the ids as doubles from the start, so writing them never allocates.
    sequenceFirst: 0.5,
    sequencePrevious: 0.5,
  }
  const snapshot: Mutable<BookSnapshot> = { kind: 'book-snapshot', ...times, ...levels }
  const trade: Mutable<Trade> = {
    kind: 'trade',
    ...times,
    tradeId: 0.5,
    priceTicks: 0 as Trade['priceTicks'],
    sizeLots: 0 as Trade['sizeLots'],
    aggressor: 'buy',
  }

  return (event, receiveTimeUs) => {
    switch (event.kind) {
      case 'book-delta':
        delta.eventTimeUs = event.eventTimeUs
        delta.receiveTimeUs = receiveTimeUs as Micros
        delta.instrumentId = event.instrumentId
        delta.levels = event.levels
        delta.bidCount = event.bidCount
        delta.askCount = event.askCount
        delta.sequence = event.sequence
        delta.sequenceFirst = event.sequenceFirst
        delta.sequencePrevious = event.sequencePrevious
        return delta
      case 'book-snapshot':
        snapshot.eventTimeUs = event.eventTimeUs
        snapshot.receiveTimeUs = receiveTimeUs as Micros
        snapshot.instrumentId = event.instrumentId
        snapshot.levels = event.levels
        snapshot.bidCount = event.bidCount
        snapshot.askCount = event.askCount
        snapshot.sequence = event.sequence
        return snapshot
      case 'trade':
        trade.eventTimeUs = event.eventTimeUs
        trade.receiveTimeUs = receiveTimeUs as Micros
        trade.instrumentId = event.instrumentId
        trade.tradeId = event.tradeId
        trade.priceTicks = event.priceTicks
        trade.sizeLots = event.sizeLots
        trade.aggressor = event.aggressor
        return trade
      default:
        return event.receiveTimeUs === receiveTimeUs
          ? event
          : { ...event, receiveTimeUs: receiveTimeUs as Micros }
    }
  }
}
