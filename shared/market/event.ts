import type { Lots, Micros, QuoteE8, Ticks } from '../kernel/unit.ts'
import type { InstrumentId, Side } from './instrument.ts'

/** Both clocks of everything that happens: the venue's and ours. */
type Timed = { readonly eventTimeUs: Micros; readonly receiveTimeUs: Micros }

/**
 * Levels of a book event: `[ticks, lots]` pairs, the bids first, then the asks; a size of 0 deletes.
 * The array may be a shared buffer that is longer than the event: read only `2 × (bidCount + askCount)` numbers,
 * and only during the call that delivers the event.
 */
type Levels = {
  readonly levels: Int32Array
  readonly bidCount: number
  readonly askCount: number
}

export type BookSnapshot = Timed &
  Levels & {
    readonly kind: 'book-snapshot'
    readonly instrumentId: InstrumentId
    readonly sequence: number
  }

export type BookDelta = Timed &
  Levels & {
    readonly kind: 'book-delta'
    readonly instrumentId: InstrumentId
    /** First update id of this event, `U`. */
    readonly sequenceFirst: number
    /** Last update id of this event, `u`. */
    readonly sequence: number
    /** Last update id of the event before, `pu`. */
    readonly sequencePrevious: number
  }

export type Trade = Timed & {
  readonly kind: 'trade'
  readonly instrumentId: InstrumentId
  readonly tradeId: number
  readonly priceTicks: Ticks
  readonly sizeLots: Lots
  /** Side of the order that took liquidity. */
  readonly aggressor: Side
}

/** Mark and index prices are finer than the price grid, so they are whole 1e-8 quote (a safe integer). */
export type MarkPrice = Timed & {
  readonly kind: 'mark-price'
  readonly instrumentId: InstrumentId
  readonly markPriceE8: number
  readonly indexPriceE8: number
  /** Running estimate for the next settlement, fraction of notional per interval; longs pay when positive. */
  readonly fundingRate: number
  /** 0 on markets without funding. */
  readonly nextFundingTimeUs: Micros
}

/** A closed candle. */
export type Candle = Timed & {
  readonly kind: 'candle'
  readonly instrumentId: InstrumentId
  readonly interval: string
  readonly openTimeUs: Micros
  readonly openTicks: Ticks
  readonly highTicks: Ticks
  readonly lowTicks: Ticks
  readonly closeTicks: Ticks
  readonly volumeLots: Lots
  readonly tradeCount: number
}

/** The book can no longer be trusted until the next snapshot: quotes are pulled. */
export type BookLost = Timed & {
  readonly kind: 'book-lost'
  readonly instrumentId: InstrumentId
  readonly reason: string
}

export type MarketEvent = BookSnapshot | BookDelta | Trade | MarkPrice | Candle | BookLost

/** The venue has the order. May arrive after a fill of it: replies and the user stream race. */
export type OrderAccepted = Timed & {
  readonly kind: 'order-accepted'
  readonly clientOrderId: string
  readonly venueOrderId: string
}

/** The venue said no: the order never existed. */
export type OrderRefused = Timed & {
  readonly kind: 'order-refused'
  readonly clientOrderId: string
  readonly code: number
  readonly reason: string
}

/** No answer, or an answer that leaves it open: the order counts as exposed until the venue tells. */
export type OrderUnknown = Timed & {
  readonly kind: 'order-unknown'
  readonly clientOrderId: string
  readonly reason: string
}

export type Fill = Timed & {
  readonly kind: 'fill'
  readonly instrumentId: InstrumentId
  readonly clientOrderId: string
  readonly venueOrderId: string
  /** Unique per instrument at the venue: the key that makes a second delivery harmless. */
  readonly tradeId: number
  readonly side: Side
  readonly priceTicks: Ticks
  readonly sizeLots: Lots
  readonly liquidity: 'maker' | 'taker'
  /** Positive is a cost, negative a rebate. */
  readonly feeE8: QuoteE8
  /** As the venue books it, before fee. */
  readonly realisedPnlE8: QuoteE8
}

/** The order is no longer in the book. `filledLots` is the venue's total, which may name fills still to come. */
export type OrderClosed = Timed & {
  readonly kind: 'order-closed'
  readonly clientOrderId: string
  readonly status: 'filled' | 'canceled' | 'expired'
  readonly filledLots: Lots
}

/** Answer to a query about one order. `absent`: the venue does not know it, and it can no longer arrive there. */
export type OrderReport = Timed & {
  readonly kind: 'order-report'
  readonly clientOrderId: string
  readonly status: 'working' | 'filled' | 'canceled' | 'expired' | 'absent'
  readonly filledLots: Lots
}

/** A cancel did not take: the order may be filled, gone, or unknown. Never read as "not filled". */
export type CancelRefused = Timed & {
  readonly kind: 'cancel-refused'
  readonly clientOrderId: string
  readonly code: number
  readonly reason: string
}

/** One settlement, as the venue's income history books it. */
export type FundingPaid = Timed & {
  readonly kind: 'funding-paid'
  readonly instrumentId: InstrumentId
  /** Positive was received, negative was paid. */
  readonly amountE8: QuoteE8
  /** Unique per venue account and kind of income. */
  readonly transactionId: number
}

/** Wallet of an account as the venue states it. */
export type BalanceReport = Timed & {
  readonly kind: 'balance-report'
  readonly accountId: number
  readonly walletE8: QuoteE8
}

/** Position as the venue states it; long is positive. */
export type PositionReport = Timed & {
  readonly kind: 'position-report'
  readonly instrumentId: InstrumentId
  readonly positionLots: Lots
  readonly entryCostE8: QuoteE8
}

/** A user stream went up or down. While it is down fills arrive late, so nothing new is placed. */
export type UserStream = Timed & {
  readonly kind: 'user-stream'
  readonly accountId: number
  readonly isUp: boolean
  readonly reason: string
}

export type AccountEvent =
  | OrderAccepted
  | OrderRefused
  | OrderUnknown
  | Fill
  | OrderClosed
  | OrderReport
  | CancelRefused
  | FundingPaid
  | BalanceReport
  | PositionReport
  | UserStream

/** Time passing where nothing else happens. */
export type Timer = Timed & { readonly kind: 'timer' }

/** What an operator, a guard or the process itself orders. */
export type Command = TradingCommand | LimitsCommand

type TradingCommand = Timed & {
  readonly kind: 'command'
  /**
   * `start`: trade. `kill`: cancel everything, place nothing until `resume`. `flatten`: kill, then close positions.
   * `stop`: cancel everything because the process ends.
   */
  readonly command: 'start' | 'kill' | 'flatten' | 'resume' | 'stop'
  readonly reason: string
}

/** Moves risk limits within the ceilings that the trader was started with. */
export type LimitsCommand = Timed & {
  readonly kind: 'command'
  readonly command: 'limits'
  /** New values by the name of the limit; what is not named stays. */
  readonly limits: Readonly<Record<string, number>>
  readonly reason: string
}

/** Everything that can happen to the trader. */
export type DomainEvent = MarketEvent | AccountEvent | Timer | Command

export type EventKind = DomainEvent['kind']
