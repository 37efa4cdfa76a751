import type { BucketName } from './bucket.ts'
import type { SecretName } from './secret.ts'
import type { TableName } from './table.ts'
import type { TopicName } from './topic.ts'

/** `create` reads, and makes blobs that are not there yet; it can neither replace nor delete one. */
export type BucketRight = 'read' | 'create' | 'write'

/** What a workload may touch; its identity gets exactly these rights. */
export type Access = {
  readonly reads: readonly TableName[]
  readonly writes: readonly TableName[]
  readonly publishes: readonly TopicName[]
  readonly secrets: readonly SecretName[]
  readonly buckets: Readonly<Partial<Record<BucketName, BucketRight>>>
  /** Services whose instance count it may set. */
  readonly scales: readonly string[]
  /** Functions and services it may call over HTTP. */
  readonly calls: readonly string[]
  /** May start training jobs and register models. */
  readonly trains: boolean
}

export const noAccess = {
  reads: [],
  writes: [],
  publishes: [],
  secrets: [],
  buckets: {},
  scales: [],
  calls: [],
  trains: false,
} as const satisfies Access
