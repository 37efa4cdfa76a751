export type AlertSpec = {
  readonly what: string
  readonly severity: 'critical' | 'warning'
}

const declared = {
  'executor-silent': { what: 'no heartbeat of the executor for 120 s', severity: 'critical' },
  'lease-contended': {
    what: 'two processes hold the lease, or it was lost',
    severity: 'critical',
  },
  'trading-killed': { what: 'the kill switch is thrown', severity: 'critical' },
  'account-mismatch': { what: 'the books differ from the venue', severity: 'critical' },
  'orders-unknown': {
    what: 'the executor ended with orders whose fate it does not know',
    severity: 'critical',
  },
  'order-rejects': {
    what: 'more than one order in ten is refused by the venue',
    severity: 'warning',
  },
  'stream-stale': { what: 'a market stream is silent for 30 s', severity: 'warning' },
  'data-quality': { what: 'gaps, staleness or disagreement in market data', severity: 'warning' },
  'dead-letters': { what: 'a message that nobody could take', severity: 'warning' },
  'warehouse-lag': { what: 'rows wait for BigQuery longer than 10 minutes', severity: 'warning' },
  'function-failing': {
    what: 'a function failed three times in 15 minutes',
    severity: 'warning',
  },
  'gpu-hours': { what: 'the GPU runs outside its hours', severity: 'warning' },
  'model-stale': {
    what: 'the serving model is older than 30 days, or predictions stopped',
    severity: 'warning',
  },
  'console-down': { what: 'the console does not answer', severity: 'warning' },
  budget: { what: '50, 80 or 100 % of the budget is spent', severity: 'critical' },
} as const satisfies Record<string, AlertSpec>

export type AlertName = keyof typeof declared

/** Each is a heading of docs/runbook.md that says what to look at and what to do. */
export const alerts: Readonly<Record<AlertName, AlertSpec>> = declared
