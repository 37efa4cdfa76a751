/** Shapes of google.pubsub.v1 as the loader gives them: fields that were not sent are absent. */

export type WireDuration = { readonly seconds?: string | number; readonly nanos?: number }

export type WireTopic = {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

export type WireSubscription = {
  readonly name: string
  readonly topic: string
  readonly ackDeadlineSeconds?: number
  readonly enableMessageOrdering?: boolean
  readonly retryPolicy?: { readonly minimumBackoff?: WireDuration }
  readonly deadLetterPolicy?: {
    readonly deadLetterTopic?: string
    readonly maxDeliveryAttempts?: number
  }
  readonly pushConfig?: {
    readonly pushEndpoint?: string
    readonly oidcToken?: { readonly serviceAccountEmail?: string; readonly audience?: string }
  }
  readonly bigqueryConfig?: { readonly table?: string; readonly useTableSchema?: boolean }
}

export type WireMessage = {
  readonly data?: Buffer
  readonly attributes?: Readonly<Record<string, string>>
  readonly orderingKey?: string
}

export type StreamingPullRequest = {
  readonly subscription?: string
  readonly ackIds?: readonly string[]
  readonly modifyDeadlineSeconds?: readonly number[]
  readonly modifyDeadlineAckIds?: readonly string[]
  readonly streamAckDeadlineSeconds?: number
  readonly maxOutstandingMessages?: string
}

export const millisecondsOf = ({ seconds = 0, nanos = 0 }: WireDuration = {}): number =>
  Number(seconds) * 1_000 + nanos / 1_000_000
