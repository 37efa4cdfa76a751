/**
 * The one list of what exists on the platform. The local binding creates tables from it, the infrastructure
 * program will declare resources from it, and a test fails when code and list disagree.
 */

export type ColumnType = 'string' | 'integer' | 'float' | 'money' | 'boolean' | 'timestamp' | 'json'

export type TableSpec = {
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Columns that identify a row; a second row with the same values is ignored. */
  readonly key: readonly string[]
  readonly what: string
}

/** `money` is DECIMAL(38, 8); `timestamp` is microseconds since 1970 UTC. */
export const tables = {
  orders: {
    what: 'every state an order went through',
    key: ['run_id', 'client_order_id', 'state', 'recorded_at'],
    columns: {
      run_id: 'string',
      client_order_id: 'string',
      strategy: 'string',
      symbol: 'string',
      side: 'string',
      time_in_force: 'string',
      price: 'float',
      size: 'float',
      filled_size: 'float',
      state: 'string',
      reason: 'string',
      recorded_at: 'timestamp',
    },
  },
  fills: {
    what: 'every fill, with the mid at that moment',
    key: ['run_id', 'symbol', 'trade_id'],
    columns: {
      run_id: 'string',
      trade_id: 'integer',
      client_order_id: 'string',
      strategy: 'string',
      symbol: 'string',
      side: 'string',
      price: 'float',
      size: 'float',
      liquidity: 'string',
      fee: 'money',
      realised_pnl: 'money',
      mid: 'float',
      event_time: 'timestamp',
      receive_time: 'timestamp',
    },
  },
  decisions: {
    what: 'why an order was placed, or why not',
    key: ['run_id', 'sequence'],
    columns: {
      run_id: 'string',
      sequence: 'integer',
      recorded_at: 'timestamp',
      strategy: 'string',
      symbol: 'string',
      verdict: 'string',
      reason: 'string',
      client_order_id: 'string',
      event_kind: 'string',
      side: 'string',
      price: 'float',
      size: 'float',
      inputs: 'json',
    },
  },
  candles: {
    what: 'closed candles as ingested',
    key: ['venue', 'symbol', 'interval', 'open_time'],
    columns: {
      venue: 'string',
      symbol: 'string',
      interval: 'string',
      open_time: 'timestamp',
      open: 'float',
      high: 'float',
      low: 'float',
      close: 'float',
      volume: 'float',
      quote_volume: 'float',
      trades: 'integer',
    },
  },
  funding_rates: {
    what: 'funding estimates as scanned',
    key: ['venue', 'symbol', 'observed_at'],
    columns: {
      venue: 'string',
      symbol: 'string',
      observed_at: 'timestamp',
      rate: 'float',
      interval_hours: 'float',
      annualised_rate: 'float',
      mark_price: 'float',
      index_price: 'float',
      next_funding_time: 'timestamp',
    },
  },
  funding_payments: {
    what: 'funding that was paid or received',
    key: ['run_id', 'symbol', 'transaction_id'],
    columns: {
      run_id: 'string',
      symbol: 'string',
      transaction_id: 'integer',
      amount: 'money',
      recorded_at: 'timestamp',
    },
  },
  equity: {
    what: 'equity and P&L by strategy, once a second',
    key: ['run_id', 'strategy', 'recorded_at'],
    columns: {
      run_id: 'string',
      strategy: 'string',
      recorded_at: 'timestamp',
      equity: 'money',
      pnl: 'money',
      spread_pnl: 'money',
      price_pnl: 'money',
      fees: 'money',
      funding: 'money',
    },
  },
} as const satisfies Record<string, TableSpec>

export type TableName = keyof typeof tables

export const topics = {
  orders: 'order states, from the executor',
  fills: 'fills, from the executor',
  decisions: 'decision log, from the executor',
  equity: 'equity and positions, from the executor',
  market: 'book tops, trades and marks, thinned for people to watch',
  funding: 'funding payments, from the executor',
  status: 'state of services, from each of them and the supervisor',
  commands: 'operator commands, to the executor',
} as const

export type TopicName = keyof typeof topics

/** Scheduled jobs. `schedule` is a cron line with seconds. */
export const functions = {
  'ingest-candles': { schedule: '5 * * * * *', what: 'closed candles into the warehouse' },
  'scan-funding': { schedule: '20 * * * * *', what: 'funding rates into the warehouse' },
} as const

export type FunctionName = keyof typeof functions

/** Long-lived processes. */
export const services = {
  executor: 'the trader; exactly one',
  collector: 'records market data to tape',
  console: 'HTTP API and web page',
  twin: 'an exchange that speaks the wire protocol of Aster V3',
} as const

export type ServiceName = keyof typeof services
