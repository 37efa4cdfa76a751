import * as gcp from '@pulumi/gcp'
import * as pulumi from '@pulumi/pulumi'
import {
  ackDeadlineSeconds,
  deadLetterReader,
  deliveryAttemptsMax,
  subscriptionName,
  warehouseReader,
} from '#shared/cloud/gcp/names.ts'
import { services } from '#shared/cloud/manifest/service.ts'
import type { TableName } from '#shared/cloud/manifest/table.ts'
import { type TopicName, type TopicSpec, topics } from '#shared/cloud/manifest/topic.ts'
import type { Warehouse } from './bigquery.ts'
import type { Functions } from './functions.ts'
import { cloudServices, type Identities } from './identities.ts'
import { type Place, serviceAgent } from './place.ts'

export type Messaging = {
  readonly topics: Readonly<Record<TopicName, gcp.pubsub.Topic>>
  /** By subscription name. */
  readonly subscriptions: Map<string, gcp.pubsub.Subscription>
}

const topicNames = Object.keys(topics) as TopicName[]
const week = '604800s'
/** The shortest Pub/Sub keeps, for readers that watch the present. */
const shortest = '600s'

/** Topics and their readers: each message that no reader can take ends in `dead-letters`. */
export function createMessaging(place: Place, warehouse: Warehouse): Messaging {
  const { config, after } = place
  const made = Object.fromEntries(
    topicNames.map((name) => [
      name,
      new gcp.pubsub.Topic(`topic-${name}`, { name, labels: config.labels }, after),
    ]),
  ) as Record<TopicName, gcp.pubsub.Topic>
  const messaging = { topics: made, subscriptions: new Map() }
  const agent = serviceAgent(place, 'pubsub')
  const deadLetters = new gcp.pubsub.TopicIAMMember('pubsub-publishes-dead-letters', {
    topic: made['dead-letters'].name,
    role: 'roles/pubsub.publisher',
    member: agent,
  })
  subscribe(place, messaging, 'dead-letters', deadLetterReader, {}, [])
  for (const name of topicNames) {
    const { table }: TopicSpec = topics[name]
    if (table === undefined) continue
    subscribe(place, messaging, name, warehouseReader, tableSink(warehouse, table), [
      deadLetters,
      new gcp.bigquery.IamMember(`pubsub-writes-${table}`, {
        datasetId: warehouse.raw.datasetId,
        tableId: warehouse.tables[table].tableId,
        role: 'roles/bigquery.dataEditor',
        member: agent,
      }),
    ])
  }
  for (const service of cloudServices)
    for (const topic of services[service].subscribes) {
      const { outlivesOutage }: TopicSpec = topics[topic]
      const messageRetentionDuration = outlivesOutage ? week : shortest
      subscribe(place, messaging, topic, service, { messageRetentionDuration }, [deadLetters])
    }
  return messaging
}

/** Push subscriptions; they need the functions' addresses, so they come later. */
export function pushToFunctions(
  place: Place,
  messaging: Messaging,
  functions: Functions,
  identities: Identities,
): void {
  const caller = identities.others['push-caller']
  const signs = new gcp.serviceaccount.IAMMember('pubsub-signs-as-push-caller', {
    serviceAccountId: caller.name,
    role: 'roles/iam.serviceAccountTokenCreator',
    member: serviceAgent(place, 'pubsub'),
  })
  for (const name of topicNames) {
    const { pushTo }: TopicSpec = topics[name]
    const target = pushTo === undefined ? undefined : functions.get(pushTo)
    if (pushTo === undefined || target === undefined) continue
    const calls = new gcp.cloudrunv2.ServiceIamMember(`push-caller-calls-${pushTo}`, {
      location: place.config.region,
      name: target.name,
      role: 'roles/run.invoker',
      member: pulumi.interpolate`serviceAccount:${caller.email}`,
    })
    const pushConfig = {
      pushEndpoint: target.url,
      oidcToken: { serviceAccountEmail: caller.email, audience: target.url },
    }
    subscribe(place, messaging, name, pushTo, { pushConfig }, [signs, calls])
  }
}

const tableSink = (warehouse: Warehouse, table: TableName) => ({
  bigqueryConfig: {
    table: pulumi.interpolate`${warehouse.raw.project}.${warehouse.raw.datasetId}.${warehouse.tables[table].tableId}`,
    useTableSchema: true,
    dropUnknownFields: false,
  },
})

type Reader = Partial<
  Pick<
    gcp.pubsub.SubscriptionArgs,
    'bigqueryConfig' | 'pushConfig' | 'messageRetentionDuration' | 'ackDeadlineSeconds'
  >
>

function subscribe(
  place: Place,
  { topics: made, subscriptions }: Messaging,
  topic: TopicName,
  reader: string,
  how: Reader,
  dependsOn: pulumi.Resource[],
): void {
  const { isOrdered }: TopicSpec = topics[topic]
  const name = subscriptionName(topic, reader)
  const isSink = topic === 'dead-letters'
  const subscription = new gcp.pubsub.Subscription(
    `subscription-${name}`,
    {
      name,
      topic: made[topic].name,
      labels: place.config.labels,
      ackDeadlineSeconds,
      messageRetentionDuration: week,
      // Without this one that nobody reads for 31 days vanishes.
      expirationPolicy: { ttl: '' },
      // Rows are facts by themselves: in order, one refused row would hold up those behind it for minutes.
      ...(isOrdered && reader !== warehouseReader ? { enableMessageOrdering: true } : {}),
      ...(isSink
        ? {}
        : {
            retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
            deadLetterPolicy: {
              deadLetterTopic: made['dead-letters'].id,
              maxDeliveryAttempts: deliveryAttemptsMax,
            },
          }),
      ...how,
    },
    { dependsOn },
  )
  subscriptions.set(name, subscription)
  if (isSink) return
  // Pub/Sub takes the message off this subscription when it moves it to the dead letters.
  new gcp.pubsub.SubscriptionIAMMember(`pubsub-moves-${name}`, {
    subscription: subscription.name,
    role: 'roles/pubsub.subscriber',
    member: serviceAgent(place, 'pubsub'),
  })
}
