import type { PubSub } from '@google-cloud/pubsub'
import { services } from '../manifest/service.ts'
import { type TopicName, type TopicSpec, topics } from '../manifest/topic.ts'
import type { GcpEnvironment } from './environment.ts'
import { isAlreadyExists, platformFault } from './fault.ts'
import {
  ackDeadlineSeconds,
  deadLetterReader,
  deliveryAttemptsMax,
  rawDataset,
  subscriptionName,
  warehouseReader,
} from './names.ts'

export type ProvisionOptions = {
  /** A client to use; without one a client is opened and closed. */
  readonly pubsub?: PubSub
  /** Address of each function that messages are pushed to; without it that subscription is not made. */
  readonly pushEndpoints?: Readonly<Record<string, string>>
  /** Identity that pushes are signed with. */
  readonly pushServiceAccount?: string
  /** Time between two deliveries of a message that was not taken. */
  readonly retryBackoffMs?: number
}

type Reader = {
  readonly topic: string
  readonly reader: string
  readonly push?: { readonly endpoint: string; readonly serviceAccount: string }
  readonly table?: string
  readonly retryBackoffMs?: number
}

/** The client of Pub/Sub, for the cloud or for an emulator. Its code is loaded here and not before. */
export async function openPubsub(environment: GcpEnvironment): Promise<PubSub> {
  const { PubSub } = await import('@google-cloud/pubsub')
  const { projectId, endpoints } = environment
  if (endpoints.pubsub === undefined) return new PubSub({ projectId })
  return new PubSub({ projectId, apiEndpoint: endpoints.pubsub, emulatorMode: true })
}

/**
 * Makes every topic and subscription of the manifest on an emulator, as the infrastructure program does in the cloud.
 * What exists already stays as it is.
 *
 * @throws TradingError PLATFORM_UNREACHABLE when the emulator does not answer
 */
export async function provisionMessaging(
  environment: GcpEnvironment,
  options: ProvisionOptions = {},
): Promise<void> {
  const pubsub = options.pubsub ?? (await openPubsub(environment))
  try {
    await Promise.all(
      Object.keys(topics).map((topic) => create(`topic ${topic}`, () => pubsub.createTopic(topic))),
    )
    await Promise.all(
      readersOf(environment, options).map((reader) =>
        ensureSubscription(pubsub, environment, reader),
      ),
    )
  } finally {
    if (options.pubsub === undefined) await pubsub.close()
  }
}

function readersOf(environment: GcpEnvironment, options: ProvisionOptions): readonly Reader[] {
  const { retryBackoffMs = 1_000, pushServiceAccount = 'pusher@emulated' } = options
  const bySubscriber = Object.entries(services).flatMap(([reader, { subscribes }]) =>
    subscribes.map((topic) => ({ topic, reader, retryBackoffMs })),
  )
  const byTopic = Object.entries<TopicSpec>(topics).flatMap(([topic, { table, pushTo }]) => {
    const endpoint = pushTo === undefined ? undefined : options.pushEndpoints?.[pushTo]
    const dataset = `${environment.projectId}.${rawDataset(environment.dataset)}`
    return [
      ...(table === undefined
        ? []
        : [{ topic, reader: warehouseReader, table: `${dataset}.${table}`, retryBackoffMs }]),
      ...(endpoint === undefined || pushTo === undefined
        ? []
        : [
            {
              topic,
              reader: pushTo,
              push: { endpoint, serviceAccount: pushServiceAccount },
              retryBackoffMs,
            },
          ]),
    ]
  })
  return [...bySubscriber, ...byTopic, { topic: 'dead-letters', reader: deadLetterReader }]
}

/** Makes one subscription on an emulator unless it exists. @throws TradingError PLATFORM_UNREACHABLE */
export async function ensureSubscription(
  pubsub: PubSub,
  environment: GcpEnvironment,
  { topic, reader, push, table, retryBackoffMs = 1_000 }: Reader,
): Promise<void> {
  const name = subscriptionName(topic, reader)
  // Rows are found by their keys, so one that cannot be stored must not hold up those behind it.
  const isOrdered =
    table === undefined && Object.hasOwn(topics, topic) && 'isOrdered' in topics[topic as TopicName]
  await create(`subscription ${name}`, () =>
    pubsub.createSubscription(topic, name, {
      ackDeadlineSeconds,
      enableMessageOrdering: isOrdered,
      retryPolicy: { minimumBackoff: durationFromMs(retryBackoffMs) },
      ...(topic === 'dead-letters'
        ? {}
        : {
            deadLetterPolicy: {
              deadLetterTopic: `projects/${environment.projectId}/topics/dead-letters`,
              maxDeliveryAttempts: deliveryAttemptsMax,
            },
          }),
      ...(push === undefined
        ? {}
        : {
            pushConfig: {
              pushEndpoint: push.endpoint,
              oidcToken: { audience: push.endpoint, serviceAccountEmail: push.serviceAccount },
            },
          }),
      ...(table === undefined ? {} : { bigqueryConfig: { table, useTableSchema: true } }),
    }),
  )
}

const durationFromMs = (milliseconds: number) => ({
  seconds: Math.floor(milliseconds / 1_000),
  nanos: (milliseconds % 1_000) * 1_000_000,
})

async function create(what: string, make: () => Promise<unknown>): Promise<void> {
  try {
    await make()
  } catch (cause) {
    if (!isAlreadyExists(cause)) throw platformFault(cause, `creating ${what}`)
  }
}
