import type { Limits } from '#shared/trading/risk/limits.ts'
import type { AlertName } from './manifest/alert.ts'

/**
 * What travels on each topic. Messages for `orders`, `fills`, `decisions`, `liquidations` and `funding` are rows of the table of
 * that name in the manifest (`funding` → `funding_payments`), so that a subscriber can store them as they come.
 * Times are microseconds since 1970 UTC; `money` columns are decimal strings with 8 decimals; prices and sizes
 * are floats for people to look at.
 */

export type OrderMessage = {
  readonly run_id: string
  readonly client_order_id: string
  readonly strategy: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly time_in_force: string
  readonly price: number
  readonly size: number
  readonly filled_size: number
  /** `pending`, `working`, `canceling`, `unknown`, `filled`, `canceled`, `expired`, `refused` */
  readonly state: string
  readonly reason: string
  readonly recorded_at: number
}

export type FillMessage = {
  readonly run_id: string
  readonly trade_id: number
  readonly client_order_id: string
  readonly strategy: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: number
  readonly size: number
  readonly liquidity: 'maker' | 'taker'
  readonly fee: string
  readonly realised_pnl: string
  readonly mid: number | null
  readonly event_time: number
  readonly receive_time: number
}

export type DecisionMessage = {
  readonly run_id: string
  /** Of the session: one that takes over counts from one. */
  readonly epoch: number
  readonly sequence: number
  readonly recorded_at: number
  readonly strategy: string
  readonly symbol: string
  /** `placed` or `refused` */
  readonly verdict: string
  readonly reason: string
  readonly client_order_id: string | null
  readonly event_kind: string
  readonly side: string | null
  readonly price: number | null
  readonly size: number | null
  /** JSON text of the numbers behind the decision. */
  readonly inputs: string
}

export type FundingMessage = {
  readonly run_id: string
  readonly symbol: string
  readonly transaction_id: number
  readonly amount: string
  readonly recorded_at: number
}

/** Row of `liquidations`: a forced order of somebody's, as the stream of the venue shows it. */
export type LiquidationMessage = {
  /** Venue whose stream told it. */
  readonly source: string
  readonly symbol: string
  /** When the venue last traded the order. */
  readonly event_time: number
  readonly receive_time: number
  /** Of the forced order: `sell` closes a long. */
  readonly side: 'buy' | 'sell'
  /** Limit of the order. */
  readonly price: number
  /** Of its fills so far; null before the first. */
  readonly average_price: number | null
  readonly size: number
  readonly filled_size: number
  /** The venue's word: `FILLED`, `PARTIALLY_FILLED` … */
  readonly state: string
}

export type EquityRow = {
  readonly run_id: string
  /** Of the session: one that takes over begins its P&L anew, with what it found open already lost or won. */
  readonly epoch: number
  /** A strategy's name, or `total`. */
  readonly strategy: string
  readonly recorded_at: number
  readonly equity: string
  readonly pnl: string
  readonly spread_pnl: string
  readonly price_pnl: string
  readonly fees: string
  readonly funding: string
}

/** Once a second. */
export type EquityMessage = {
  readonly rows: readonly EquityRow[]
  readonly positions: readonly PositionLine[]
  readonly trading: TradingState
}

export type PositionLine = {
  readonly strategy: string
  readonly symbol: string
  /** Base units; long is positive. */
  readonly size: number
  readonly entryPrice: number | null
  readonly markPrice: number | null
  readonly unrealisedPnl: number | null
}

export type TradingState = {
  readonly mode: 'paper' | 'live'
  readonly isKilled: boolean
  readonly reason: string
  readonly workingOrders: number
  /** What holds now, and the ceilings it may be moved under; told by executors that take the command `limits`. */
  readonly limits?: { readonly current: Limits; readonly ceiling: Limits }
}

/** Thinned for people: books five times a second, every trade, every mark. */
export type MarketMessage =
  | {
      readonly kind: 'book'
      readonly symbol: string
      readonly at: number
      readonly isLive: boolean
      /** `[price, size]`, best first, at most 20 a side. */
      readonly bids: readonly (readonly [number, number])[]
      readonly asks: readonly (readonly [number, number])[]
    }
  | {
      readonly kind: 'trade'
      readonly symbol: string
      readonly at: number
      readonly price: number
      readonly size: number
      readonly aggressor: 'buy' | 'sell'
    }
  | {
      readonly kind: 'mark'
      readonly symbol: string
      readonly at: number
      readonly markPrice: number
      readonly indexPrice: number
      readonly fundingRate: number
      readonly nextFundingAt: number
    }

/** Row of `predictions`. What a model said in shadow: nothing of it moves an order. */
export type PredictionMessage = {
  readonly run_id: string
  readonly model_id: string
  readonly symbol: string
  /** When the features were taken: a prediction's age counts from here. */
  readonly predicted_at: number
  readonly received_at: number
  readonly horizon_seconds: number
  /** Of the mid being lower, within the band, or higher after the horizon; the three add up to 1. */
  readonly probability_down: number
  readonly probability_flat: number
  readonly probability_up: number
  /** From asking the model server to its answer. */
  readonly latency_ms: number
}

/** A prediction older than this is not used, and shown as old. */
export const predictionAgeUsMax = 5_000_000

/** Row of `heartbeats`. A service that is silent is judged from outside by the age of its last row. */
export type HeartbeatMessage = {
  readonly service: string
  readonly holder: string
  readonly epoch: number
  readonly run_id: string
  readonly recorded_at: number
  readonly is_killed: boolean
  readonly working_orders: number
  /** Age of the quietest stream; null before each has spoken once. */
  readonly stream_age_seconds: number | null
}

export type StatusMessage = {
  readonly service: string
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed' | 'restarted'
  readonly detail: string
  readonly at: number
}

export type CommandMessage = {
  readonly reason: string
  readonly by: string
  readonly at: number
} & (
  | { readonly command: 'kill' | 'flatten' | 'resume' }
  | { readonly command: 'limits'; readonly limits: Readonly<Partial<Limits>> }
)

/** What a person should hear about. */
export type AlertMessage = {
  readonly alert: AlertName
  /** `resolved` ends what an alert with the same key began. */
  readonly severity: 'critical' | 'warning' | 'resolved'
  /** One line. */
  readonly summary: string
  readonly detail: string
  readonly recorded_at: number
  /** The same for everything said about one episode; a receiver shows it once. */
  readonly dedupe_key: string
}
