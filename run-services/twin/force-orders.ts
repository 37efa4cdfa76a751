import type { Instrument } from '#shared/market/instrument.ts'
import type { OrderUpdate } from '#shared/simulation/state.ts'
import type { StreamHub } from './stream-hub.ts'
import { averagePriceText, millis, priceText, sizeText } from './wire.ts'

/** Tells everybody of liquidations, as the venue does: of each symbol the latest of a second. */
export type ForceOrders = {
  /** Something became of an order that closes a liquidated position. */
  changed(instrument: Instrument, update: OrderUpdate): void
  /** Sends what is due; to be called at every multiple of a second at least. */
  tick(nowUs: number): void
}

const everyUs = 1_000_000
const allStream = '!forceOrder@arr'

export function createForceOrders(hub: StreamHub): ForceOrders {
  const latest = new Map<string, ReturnType<typeof describeForced>>()
  return {
    changed: (instrument, update) => {
      const stream = `${instrument.symbol.toLowerCase()}@forceOrder`
      if (hub.has(stream) || hub.has(allStream))
        latest.set(stream, describeForced(instrument, update))
    },
    tick: (nowUs) => {
      if (nowUs % everyUs !== 0) return
      for (const [stream, o] of latest) {
        const payload = { e: 'forceOrder', E: millis(nowUs), o }
        hub.publish(stream, payload)
        hub.publish(allStream, payload)
      }
      latest.clear()
    },
  }
}

/** The order as it is now: it goes on changing, and what was said must not. */
function describeForced(instrument: Instrument, { order, execution, timeUs }: OrderUpdate) {
  const { filledQuoteE8, filledLots } = order
  return {
    s: instrument.symbol,
    S: order.side === 'buy' ? 'BUY' : 'SELL',
    o: 'LIMIT',
    f: order.timeInForce,
    q: sizeText(instrument, order.sizeLots),
    p: priceText(instrument, order.priceTicks),
    ap: averagePriceText(instrument, filledQuoteE8, filledLots, 8),
    X: order.status,
    l: sizeText(instrument, execution?.sizeLots ?? 0),
    z: sizeText(instrument, filledLots),
    T: millis(timeUs),
  }
}
