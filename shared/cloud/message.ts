/**
 * What travels on each topic. Messages for `orders`, `fills`, `decisions` and `funding` are rows of the table of
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

export type EquityRow = {
  readonly run_id: string
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

export type StatusMessage = {
  readonly service: string
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed' | 'restarted'
  readonly detail: string
  readonly at: number
}

export type CommandMessage = {
  readonly command: 'kill' | 'flatten' | 'resume'
  readonly reason: string
  readonly by: string
  readonly at: number
}
