import * as gcp from '@pulumi/gcp'
import * as pulumi from '@pulumi/pulumi'
import { subscriptionName } from '#shared/cloud/gcp/names.ts'
import type { Access, BucketRight } from '#shared/cloud/manifest/access.ts'
import type { BucketName } from '#shared/cloud/manifest/bucket.ts'
import type { TopicName } from '#shared/cloud/manifest/topic.ts'
import type { Warehouse } from './bigquery.ts'
import type { Identities } from './identities.ts'
import type { Messaging } from './messaging.ts'
import type { Place } from './place.ts'
import type { Roles } from './roles.ts'
import type { Secrets } from './secrets.ts'
import type { Buckets } from './storage.ts'

/** Everything rights are granted on. */
export type Estate = {
  readonly place: Place
  readonly identities: Identities
  readonly roles: Roles
  readonly secrets: Secrets
  readonly buckets: Buckets
  readonly warehouse: Warehouse
  readonly messaging: Messaging
}

/** A creator alone can neither read nor replace. */
const bucketRoles: Readonly<Record<BucketRight, readonly string[]>> = {
  read: ['objectViewer'],
  create: ['objectViewer', 'objectCreator'],
  write: ['objectUser'],
}

export const memberOf = (account: gcp.serviceaccount.Account): pulumi.Output<string> =>
  pulumi.interpolate`serviceAccount:${account.email}`

/** Exactly what the manifest says a workload touches, each right on the one thing it is for. */
export function grantAccess(
  estate: Estate,
  name: string,
  account: gcp.serviceaccount.Account,
  access: Access & { readonly subscribes?: readonly TopicName[] },
): void {
  const member = memberOf(account)
  grantTables(estate, name, member, access)
  for (const topic of access.publishes)
    new gcp.pubsub.TopicIAMMember(`${name}-publishes-${topic}`, {
      topic: estate.messaging.topics[topic].name,
      role: 'roles/pubsub.publisher',
      member,
    })
  for (const topic of access.subscribes ?? [])
    new gcp.pubsub.SubscriptionIAMMember(`${name}-takes-${topic}`, {
      subscription: subscriptionOf(estate, subscriptionName(topic, name)).name,
      role: 'roles/pubsub.subscriber',
      member,
    })
  for (const secret of access.secrets)
    new gcp.secretmanager.SecretIamMember(`${name}-knows-${secret}`, {
      secretId: estate.secrets[secret].secretId,
      role: 'roles/secretmanager.secretAccessor',
      member,
    })
  for (const [bucket, right] of Object.entries(access.buckets) as [BucketName, BucketRight][])
    for (const role of bucketRoles[right])
      new gcp.storage.BucketIAMMember(`${name}-${role}-of-bucket-${bucket}`, {
        bucket: estate.buckets[bucket].name,
        role: `roles/storage.${role}`,
        member,
      })
  if (access.trains) grantTraining(estate, name, member)
}

/** A role of ours on the project, for the few rights that exist only there. */
export function grantProjectRole(
  { place, roles }: Estate,
  name: string,
  member: pulumi.Input<string>,
  role: keyof Roles,
): void {
  new gcp.projects.IAMMember(`${name}-has-${role}`, {
    project: place.config.projectId,
    role: roles[role].name,
    member,
  })
}

function grantTables(
  estate: Estate,
  name: string,
  member: pulumi.Output<string>,
  access: Access,
): void {
  const { warehouse } = estate
  for (const table of access.reads)
    new gcp.bigquery.IamMember(`${name}-reads-${table}`, {
      datasetId: warehouse.read.datasetId,
      tableId: warehouse.views[table].tableId,
      role: 'roles/bigquery.dataViewer',
      member,
    })
  for (const table of access.writes)
    new gcp.bigquery.IamMember(`${name}-writes-${table}`, {
      datasetId: warehouse.raw.datasetId,
      tableId: warehouse.tables[table].tableId,
      role: 'roles/bigquery.dataEditor',
      member,
    })
  if (access.reads.length > 0) grantProjectRole(estate, name, member, 'asteraiQueryRunner')
}

/** Starting a job as the trainer needs the right to be the trainer. */
function grantTraining(estate: Estate, name: string, member: pulumi.Output<string>): void {
  grantProjectRole(estate, name, member, 'asteraiTrainer')
  new gcp.serviceaccount.IAMMember(`${name}-acts-as-vertex-trainer`, {
    serviceAccountId: estate.identities.others['vertex-trainer'].name,
    role: 'roles/iam.serviceAccountUser',
    member,
  })
}

function subscriptionOf({ messaging }: Estate, name: string): gcp.pubsub.Subscription {
  const subscription = messaging.subscriptions.get(name)
  if (!subscription) throw new Error(`subscription ${name} was not made`)
  return subscription
}
