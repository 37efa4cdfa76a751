import type { BookDelta, BookSnapshot, Fill, MarketEvent } from '#shared/market/event.ts'
import type { InstrumentId, Side } from '#shared/market/instrument.ts'
import type { Order } from '#shared/trading/order/order.ts'

/** The life of one order as a run recorded it, on the venue's clock. */
export type RecordedOrder = {
  readonly order: Order
  /** When the trader asked for it, on the trader's clock. */
  readonly madeUs: number
  /** The venue had it from here; undefined when it refused it or never said so. */
  acceptedUs: number | undefined
  /** When the trader heard that. */
  toldUs: number | undefined
  closedUs: number
  readonly fills: Fill[]
}

/**
 * A market as a run recorded it shows the run's own orders too. This takes them out, so that the market alone can
 * fill the orders of a re-simulation.
 */
export type OwnOrders = {
  /** The event without our size; undefined when nothing of it is left: a trade in which we were the taker. */
  withoutOwn(event: MarketEvent): MarketEvent | undefined
  /** Levels at which the book showed less than we had there: the recording contradicts itself by so much. */
  readonly contradictions: number
}

/** Places per instrument and side; prices are whole ticks below 2^31. */
const keyOf = (id: InstrumentId, side: Side, priceTicks: number): number =>
  (priceTicks * 2 + (side === 'buy' ? 0 : 1)) * 1_024 + id

export function createOwnOrders(orders: Iterable<RecordedOrder>): OwnOrders {
  const byPlace = new Map<number, RecordedOrder[]>()
  const taken = new Set<string>()
  for (const recorded of orders) {
    const { order } = recorded
    const key = keyOf(order.instrumentId, order.side, order.priceTicks)
    const there = byPlace.get(key)
    if (there) there.push(recorded)
    else byPlace.set(key, [recorded])
    for (const { instrumentId, liquidity, tradeId } of recorded.fills)
      if (liquidity === 'taker') taken.add(`${instrumentId} ${tradeId}`)
  }
  let contradictions = 0

  const cleared = <Event extends BookSnapshot | BookDelta>(event: Event): Event => {
    const { askCount, bidCount, eventTimeUs, instrumentId } = event
    let levels: Int32Array | undefined
    for (let index = 0; index < bidCount + askCount; index++) {
      const lots = event.levels[2 * index + 1]!
      const key = keyOf(instrumentId, index < bidCount ? 'buy' : 'sell', event.levels[2 * index]!)
      const there = lots > 0 ? byPlace.get(key) : undefined
      const own = there ? restingLots(there, eventTimeUs) : 0
      if (own === 0) continue
      if (own > lots) contradictions++
      levels ??= event.levels.slice(0, 2 * (bidCount + askCount))
      levels[2 * index + 1] = Math.max(0, lots - own)
    }
    return levels ? { ...event, levels } : event
  }

  return {
    withoutOwn(event) {
      switch (event.kind) {
        case 'book-snapshot':
        case 'book-delta':
          return cleared(event)
        case 'trade':
          return taken.has(`${event.instrumentId} ${event.tradeId}`) ? undefined : event
        default:
          return event
      }
    },
    get contradictions() {
      return contradictions
    },
  }
}

/** Our size in the book just after `timeUs`; recorded times have whole milliseconds, so a close at that time is later. */
function restingLots(there: readonly RecordedOrder[], timeUs: number): number {
  let lots = 0
  for (const { acceptedUs, closedUs, fills, order } of there) {
    if (order.timeInForce === 'IOC') continue
    if (acceptedUs === undefined || acceptedUs > timeUs || closedUs < timeUs) continue
    let left: number = order.sizeLots
    for (const fill of fills) if (fill.eventTimeUs < timeUs) left -= fill.sizeLots
    lots += Math.max(0, left)
  }
  return lots
}
