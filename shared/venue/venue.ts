import type { DomainEvent } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Intent } from '../trading/order/order.ts'

/** An instrument before it has a place in the executor's table. */
export type InstrumentListing = Omit<Instrument, 'id' | 'accountId'>

/**
 * One account at one venue. Facts come out as domain events through the `emit` it was built with; nothing is
 * ever thrown at the caller of `send`.
 */
export type Venue = {
  /** Every tradable instrument, from the venue itself. @throws TradingError VENUE_UNREACHABLE */
  loadListings(): Promise<readonly InstrumentListing[]>
  /**
   * Cancels what older epochs left, reports balance and positions, opens market and user streams.
   * Resolves when balance and position reports have been emitted; books follow as they synchronise.
   */
  start(instruments: readonly Instrument[]): Promise<void>
  /** Carries out one intent. The answer, or its absence, arrives as an event. */
  send(intent: Intent): void
  /** What the venue itself says of the account, for the closing check. */
  readAccount(): Promise<AccountStatement>
  /** Closes streams. Orders are canceled before, by intents. */
  stop(): Promise<void>
}

export type Emit = (event: DomainEvent) => void

/** The account as the venue's own books have it. */
export type AccountStatement = {
  readonly walletE8: bigint
  readonly positions: readonly { readonly symbol: string; readonly positionLots: number }[]
  readonly openOrders: readonly { readonly symbol: string; readonly clientOrderId: string }[]
  readonly income: readonly {
    readonly symbol: string
    readonly incomeType: string
    readonly amountE8: bigint
    readonly transactionId: number
    readonly timeMs: number
  }[]
}
