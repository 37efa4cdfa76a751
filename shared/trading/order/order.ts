import type { Lots, Ticks } from '../../kernel/unit.ts'
import type { InstrumentId, Side } from '../../market/instrument.ts'

export type TimeInForce =
  /** Rests until canceled. */
  | 'GTC'
  /** Takes what is there, the rest expires. */
  | 'IOC'
  /** Post-only: expires instead of taking. */
  | 'GTX'

export type Order = {
  /** Pure function of strategy, epoch and sequence: a replay gives the same id. */
  readonly clientOrderId: string
  readonly strategy: string
  readonly instrumentId: InstrumentId
  readonly side: Side
  readonly timeInForce: TimeInForce
  readonly priceTicks: Ticks
  readonly sizeLots: Lots
  readonly reduceOnly: boolean
}

declare const approved: unique symbol

/** Proof that risk review has seen the order. Gateways accept nothing else. */
export type Approved<T> = T & { readonly [approved]: true }

/** What the trader wants done at a venue. Answers come back as account events. */
export type Intent =
  | { readonly kind: 'place'; readonly order: Approved<Order> }
  | {
      readonly kind: 'cancel'
      readonly instrumentId: InstrumentId
      readonly clientOrderId: string
    }
  /** Ask what became of an order whose outcome is unknown. */
  | {
      readonly kind: 'query'
      readonly instrumentId: InstrumentId
      readonly clientOrderId: string
    }
  /** Cancel all orders of one instrument, also those we have forgotten. */
  | { readonly kind: 'cancel-all'; readonly instrumentId: InstrumentId }
  /** Dead-man switch: the venue cancels all orders of the instrument unless this is renewed in time; 0 disarms. */
  | {
      readonly kind: 'arm-dead-man'
      readonly instrumentId: InstrumentId
      readonly countdownMs: number
    }
