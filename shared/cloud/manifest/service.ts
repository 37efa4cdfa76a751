import { type Access, noAccess } from './access.ts'
import { functions } from './function.ts'
import type { TopicName } from './topic.ts'

export type ServiceSpec = Access & {
  readonly what: string
  /** `worker-pool` listens to nobody; `service` answers HTTP; `job` runs to its end; `local` exists on one machine only. */
  readonly kind: 'worker-pool' | 'service' | 'job' | 'local'
  readonly subscribes: readonly TopicName[]
  readonly cpu: number
  readonly memoryMiB: number
  /** Leaves through this static address; `none` reaches Google only. */
  readonly egress: 'executor' | 'ingestion' | 'none'
  readonly gpu?: 'nvidia-l4'
}

const nothing = {
  ...noAccess,
  subscribes: [],
  cpu: 1,
  memoryMiB: 1024,
  egress: 'none',
} as const

const declared = {
  executor: {
    ...nothing,
    what: 'the trader; exactly one',
    kind: 'worker-pool',
    publishes: [
      'orders',
      'fills',
      'decisions',
      'funding',
      'equity-rows',
      'heartbeats',
      'predictions',
      'equity',
      'market',
      'status',
      'alerts',
    ],
    subscribes: ['commands'],
    secrets: ['aster-agent-key'],
    buckets: { state: 'write', tapes: 'write' },
    calls: ['inference'],
    egress: 'executor',
  },
  collector: {
    ...nothing,
    what: 'records market data to tape, liquidations to the warehouse',
    kind: 'worker-pool',
    publishes: ['liquidations', 'status', 'alerts'],
    buckets: { tapes: 'write' },
    egress: 'ingestion',
  },
  inference: {
    ...nothing,
    what: 'serves the promoted model',
    kind: 'service',
    publishes: ['status'],
    buckets: { models: 'read', state: 'read' },
    cpu: 4,
    memoryMiB: 16_384,
    gpu: 'nvidia-l4',
  },
  console: {
    ...nothing,
    what: 'HTTP API and web page',
    kind: 'service',
    reads: [
      'orders',
      'fills',
      'decisions',
      'candles',
      'funding_rates',
      'funding_payments',
      'equity',
      'data_checks',
      'account_checks',
      'predictions',
      'training_runs',
      'promotions',
      'spend',
      'audit_log',
    ],
    writes: ['audit_log'],
    publishes: ['commands', 'status', 'alerts'],
    subscribes: [
      'orders',
      'fills',
      'decisions',
      'funding',
      'equity',
      'market',
      'status',
      'predictions',
    ],
    buckets: { state: 'read', models: 'read', reports: 'read' },
    calls: Object.keys(functions),
  },
  'latency-probe': {
    ...nothing,
    what: 'measures REST and stream latency to the venue from a region',
    kind: 'job',
    buckets: { reports: 'write' },
    cpu: 1,
    memoryMiB: 512,
    egress: 'ingestion',
  },
  twin: {
    ...nothing,
    what: 'an exchange that speaks the wire protocol of Aster V3',
    kind: 'local',
  },
} as const satisfies Record<string, ServiceSpec>

export type ServiceName = keyof typeof declared

/** Long-lived processes and jobs, one folder each under run-services/. */
export const services: Readonly<Record<ServiceName, ServiceSpec>> = declared
