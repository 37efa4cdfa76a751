import type { Instrument, InstrumentId } from '#shared/market/instrument.ts'

/** What this client knows of one order it sent or saw. */
export type RememberedOrder = {
  readonly clientOrderId: string
  readonly instrument: Instrument
  /** Nonce of the placing request; undefined for orders seen but not sent. */
  readonly placingNonce: number | undefined
  /** Set once the venue has named it. */
  venueOrderId: string | undefined
  isClosed: boolean
}

/** Orders by both of their names, with the nonces that placed them. */
export type OrderMemory = {
  remember(clientOrderId: string, instrument: Instrument, placingNonce: number): void
  /** The venue has it under this name. */
  acknowledge(clientOrderId: string, instrument: Instrument, venueOrderId: string): void
  close(clientOrderId: string): void
  find(clientOrderId: string): RememberedOrder | undefined
  clientIdOf(instrumentId: InstrumentId, venueOrderId: string): string | undefined
  /** Acknowledged and not known to be closed. */
  open(): RememberedOrder[]
}

/** Closed orders are kept this long in number: late fills name them. */
const ordersMax = 20_000

export function createOrderMemory(): OrderMemory {
  const byClientId = new Map<string, RememberedOrder>()
  const clientIdByVenueId = new Map<string, string>()
  const venueKey = (instrumentId: InstrumentId, venueOrderId: string) =>
    `${instrumentId}:${venueOrderId}`

  function keep(order: RememberedOrder): RememberedOrder {
    byClientId.set(order.clientOrderId, order)
    if (byClientId.size > ordersMax) forgetOldestClosed()
    return order
  }

  function forgetOldestClosed(): void {
    for (const order of byClientId.values()) {
      if (!order.isClosed) continue
      byClientId.delete(order.clientOrderId)
      if (order.venueOrderId !== undefined)
        clientIdByVenueId.delete(venueKey(order.instrument.id, order.venueOrderId))
      return
    }
  }

  return {
    remember: (clientOrderId, instrument, placingNonce) => {
      // The user stream may have told of it before this client's own bookkeeping does.
      const known = byClientId.get(clientOrderId)
      keep({
        clientOrderId,
        instrument,
        placingNonce,
        venueOrderId: known?.venueOrderId,
        isClosed: false,
      })
    },
    acknowledge: (clientOrderId, instrument, venueOrderId) => {
      const order =
        byClientId.get(clientOrderId) ??
        keep({
          clientOrderId,
          instrument,
          placingNonce: undefined,
          venueOrderId,
          isClosed: false,
        })
      order.venueOrderId = venueOrderId
      clientIdByVenueId.set(venueKey(instrument.id, venueOrderId), clientOrderId)
    },
    close: (clientOrderId) => {
      const order = byClientId.get(clientOrderId)
      if (order) order.isClosed = true
    },
    find: (clientOrderId) => byClientId.get(clientOrderId),
    clientIdOf: (instrumentId, venueOrderId) =>
      clientIdByVenueId.get(venueKey(instrumentId, venueOrderId)),
    open: () => [...byClientId.values()].filter((o) => !o.isClosed && o.venueOrderId !== undefined),
  }
}
