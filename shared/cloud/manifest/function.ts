import { type Access, noAccess } from './access.ts'

export type FunctionSpec = Access & {
  readonly what: string
  /** Cron line with seconds, UTC; the cloud drops the seconds. Absent: only by message or by hand. */
  readonly schedule?: string
  readonly timeoutSeconds: number
  readonly memoryMiB: number
  /** True: leaves through the static address of ingestion, to reach venues. */
  readonly reachesVenues: boolean
}

const nothing = {
  ...noAccess,
  timeoutSeconds: 60,
  memoryMiB: 512,
  reachesVenues: false,
} as const

const declared = {
  'ingest-candles': {
    ...nothing,
    what: 'closed candles into the warehouse',
    schedule: '5 * * * * *',
    writes: ['candles'],
    reachesVenues: true,
  },
  'ingest-market': {
    ...nothing,
    what: 'mark, index, open interest and long/short; fails over to Binance and cross-checks',
    schedule: '15 * * * * *',
    reads: ['data_checks'],
    writes: ['mark_prices', 'open_interest', 'long_short_ratios', 'data_checks'],
    publishes: ['alerts'],
    reachesVenues: true,
  },
  'scan-funding': {
    ...nothing,
    what: 'funding rates into the warehouse',
    schedule: '20 * * * * *',
    writes: ['funding_rates'],
    reachesVenues: true,
  },
  'check-data': {
    ...nothing,
    what: 'gaps, staleness and disagreement between sources',
    schedule: '40 */5 * * * *',
    reads: ['candles', 'mark_prices', 'open_interest', 'funding_rates', 'data_checks'],
    writes: ['data_checks'],
    publishes: ['alerts'],
  },
  'reconcile-account': {
    ...nothing,
    what: 'fills and funding in the warehouse against the income history and balance of the venue',
    schedule: '50 7 * * * *',
    reads: ['fills', 'funding_payments', 'account_checks'],
    writes: ['account_checks'],
    publishes: ['alerts', 'commands'],
    secrets: ['aster-reader-key'],
    reachesVenues: true,
  },
  'guard-liveness': {
    ...nothing,
    what: 'an executor that gave no sign of life, from outside of it',
    schedule: '30 * * * * *',
    reads: ['heartbeats'],
    publishes: ['alerts', 'commands'],
  },
  'guard-spend': {
    ...nothing,
    what: 'scales the GPU to zero on a budget notice or after its hours; never touches the executor',
    schedule: '0 */10 * * * *',
    reads: ['spend'],
    writes: ['spend'],
    publishes: ['alerts'],
    scales: ['inference'],
  },
  'start-training': {
    ...nothing,
    what: 'starts a training job on a GPU',
    schedule: '0 0 3 * * 0',
    reads: ['training_runs', 'spend'],
    writes: ['training_runs'],
    buckets: { models: 'read' },
    trains: true,
  },
  'promote-model': {
    ...nothing,
    what: 'makes a trained model the one that serves, or goes back to the one before',
    reads: ['promotions'],
    writes: ['promotions'],
    publishes: ['alerts'],
    buckets: { models: 'read', state: 'create' },
    trains: true,
  },
  'publish-report': {
    ...nothing,
    what: 'the page of the day: P&L by part, fills, funding, data quality, checks',
    schedule: '0 5 0 * * *',
    reads: ['equity', 'fills', 'funding_payments', 'data_checks', 'account_checks', 'spend'],
    buckets: { reports: 'write' },
    publishes: ['alerts'],
    secrets: ['alert-webhook'],
    timeoutSeconds: 300,
    memoryMiB: 1024,
  },
} as const satisfies Record<string, FunctionSpec>

export type FunctionName = keyof typeof declared

/** Scheduled and message-driven jobs, one folder each under functions/. Each is idempotent by its schedule time. */
export const functions: Readonly<Record<FunctionName, FunctionSpec>> = declared
