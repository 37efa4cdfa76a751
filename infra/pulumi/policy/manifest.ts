import { deadLetterReader, subscriptionName, warehouseReader } from '#shared/cloud/gcp/names.ts'
import { buckets } from '#shared/cloud/manifest/bucket.ts'
import { functions } from '#shared/cloud/manifest/function.ts'
import { secrets } from '#shared/cloud/manifest/secret.ts'
import { type ServiceSpec, services } from '#shared/cloud/manifest/service.ts'
import { tables } from '#shared/cloud/manifest/table.ts'
import { type TopicSpec, topics } from '#shared/cloud/manifest/topic.ts'
import { at, type DeclaredResource, ofType, type Policy, types } from './policy.ts'

/** The list of what exists and the program that makes it say the same, in both directions. */
export const manifestPolicy: Policy = {
  name: 'manifest-and-program-agree',
  description: 'What shared/cloud/manifest lists is made, and nothing else is.',
  check: (stack) => {
    const hasRelease = ofType(stack, types.function).length > 0
    const released = <T>(names: readonly T[]): readonly T[] => (hasRelease ? names : [])
    const named = (type: string, property = 'name', of = (_: DeclaredResource) => true) =>
      ofType(stack, type)
        .filter(of)
        .map((resource) => String(at(resource, property)))
    const isView = (table: DeclaredResource) => table.inputs.view !== undefined
    const bucketNames = named(types.bucket).map((name) => name.split('-').at(-1) ?? name)
    return [
      ...differences('topic', Object.keys(topics), named(types.topic)),
      ...differences(
        'table',
        Object.keys(tables),
        named(types.table, 'tableId', (t) => !isView(t)),
      ),
      ...differences('view', Object.keys(tables), named(types.table, 'tableId', isView)),
      ...differences('bucket', Object.keys(buckets), bucketNames),
      ...differences('secret', Object.keys(secrets), named(types.secret, 'secretId')),
      ...differences('function', released(Object.keys(functions)), named(types.function)),
      ...differences('worker pool', released(ofKind('worker-pool')), named(types.workerPool)),
      ...differences('service', released(ofKind('service')), named(types.service)),
      ...differences('job', released(ofKind('job')), [...new Set(named(types.job))]),
      ...differences('subscription', subscriptions(hasRelease), named(types.subscription)),
      ...differences(
        'schedule',
        released(
          Object.entries(functions).flatMap(([name, spec]) => ('schedule' in spec ? [name] : [])),
        ),
        named(types.schedule).filter((name) => !/^gpu-(on|off)$/.test(name)),
      ),
    ]
  },
}

const ofKind = (kind: ServiceSpec['kind']): readonly string[] =>
  Object.entries(services).flatMap(([name, spec]) => (spec.kind === kind ? [name] : []))

/** Every reader that the manifest names. */
function subscriptions(hasRelease: boolean): readonly string[] {
  const specs = Object.entries(topics) as readonly [string, TopicSpec][]
  return [
    subscriptionName('dead-letters', deadLetterReader),
    ...specs.flatMap(([topic, { table }]) =>
      table === undefined ? [] : [subscriptionName(topic, warehouseReader)],
    ),
    ...specs.flatMap(([topic, { pushTo }]) =>
      pushTo === undefined || !hasRelease ? [] : [subscriptionName(topic, pushTo)],
    ),
    ...Object.entries(services).flatMap(([service, { kind, subscribes }]) =>
      kind === 'local' ? [] : subscribes.map((topic) => subscriptionName(topic, service)),
    ),
  ]
}

const differences = (
  what: string,
  listed: readonly string[],
  made: readonly string[],
): readonly string[] => [
  ...listed
    .filter((name) => !made.includes(name))
    .map((name) => `${what} ${name}: is in the manifest, and the program does not make it`),
  ...made
    .filter((name) => !listed.includes(name))
    .map((name) => `${what} ${name}: is made by the program, and the manifest does not list it`),
]
