import type { EventKind } from '#shared/market/event.ts'
import type { InstrumentId, Side } from '#shared/market/instrument.ts'

/** Why an order was placed, or why not: one line of the decision log. */
export type Decision = {
  readonly sequence: number
  readonly atUs: number
  readonly strategy: string
  readonly instrumentId: InstrumentId | undefined
  readonly verdict: 'placed' | 'refused' | 'killed' | 'resumed' | 'limits-changed'
  /** For `placed` the strategy's own reason, for `refused` the verdict of review or venue. */
  readonly reason: string
  readonly clientOrderId: string | undefined
  readonly eventKind: EventKind
  readonly side: Side | undefined
  readonly priceTicks: number | undefined
  readonly sizeLots: number | undefined
  /** What the strategy had before it, copied. */
  readonly inputs: Readonly<Record<string, number>>
}
