import { at, type DeclaredResource, ofType, type Policy, types, violators } from './policy.ts'

/** Types that take labels, and under which name. */
const labelled: Readonly<Record<string, string>> = {
  'gcp:artifactregistry/repository:Repository': 'labels',
  'gcp:bigquery/dataset:Dataset': 'labels',
  'gcp:bigquery/table:Table': 'labels',
  'gcp:cloudfunctionsv2/function:Function': 'labels',
  'gcp:cloudrunv2/job:Job': 'labels',
  'gcp:cloudrunv2/service:Service': 'labels',
  'gcp:cloudrunv2/workerPool:WorkerPool': 'labels',
  'gcp:compute/address:Address': 'labels',
  'gcp:kms/cryptoKey:CryptoKey': 'labels',
  'gcp:monitoring/alertPolicy:AlertPolicy': 'userLabels',
  'gcp:monitoring/customService:CustomService': 'userLabels',
  'gcp:monitoring/notificationChannel:NotificationChannel': 'userLabels',
  'gcp:monitoring/slo:Slo': 'userLabels',
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': 'userLabels',
  'gcp:pubsub/subscription:Subscription': 'labels',
  'gcp:pubsub/topic:Topic': 'labels',
  'gcp:secretmanager/secret:Secret': 'labels',
  'gcp:storage/bucket:Bucket': 'labels',
  'gcp:vertex/aiTensorboard:AiTensorboard': 'labels',
}

/** What must not get lost, leak or go unnamed. */
export const storagePolicies: readonly Policy[] = [
  {
    name: 'deletion-protection',
    description: 'Neither a slip in the program nor `pulumi destroy` deletes what was recorded.',
    check: (stack) => [
      ...violators(
        stack,
        types.bucket,
        'can be destroyed with what is in it',
        ({ inputs, isProtected }) => isProtected && inputs.forceDestroy === false,
      ),
      ...violators(
        stack,
        types.dataset,
        'can be destroyed with what is in it',
        ({ inputs, isProtected }) => isProtected && inputs.deleteContentsOnDestroy === false,
      ),
      ...violators(
        stack,
        types.table,
        'can be destroyed with what is in it',
        ({ inputs, isProtected }) =>
          inputs.view !== undefined || (isProtected && inputs.deletionProtection === true),
      ),
      ...[types.secret, types.workerPool].flatMap((type) =>
        violators(
          stack,
          type,
          'can be deleted',
          ({ inputs }) => inputs.deletionProtection === true,
        ),
      ),
    ],
  },
  {
    name: 'closed-buckets',
    description: 'Rights are given per bucket, and no bucket can be opened to the world.',
    check: (stack) =>
      violators(
        stack,
        types.bucket,
        'is not closed',
        ({ inputs }) =>
          inputs.uniformBucketLevelAccess === true && inputs.publicAccessPrevention === 'enforced',
      ),
  },
  {
    name: 'secret-versions-pinned',
    description: 'A new version of a secret reaches a program by a deployment, never by itself.',
    check: (stack) =>
      stack.flatMap((resource) =>
        unpinned(resource.inputs).map((what) => `${resource.name}: ${what}`),
      ),
  },
  {
    name: 'labels-everywhere',
    description: 'Everything that takes labels says which system and stack it belongs to.',
    check: (stack) =>
      Object.entries(labelled).flatMap(([type, property]) =>
        ofType(stack, type)
          .filter(
            (resource) =>
              at(resource, `${property}.app`) !== 'asterai' || !at(resource, `${property}.stack`),
          )
          .map(({ name }: DeclaredResource) => `${name}: has no ${property} app and stack`),
      ),
  },
]

/** Looks for versions of secrets wherever they may stand. */
function unpinned(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(unpinned)
  if (typeof value !== 'object' || value === null) return []
  const own = value as Record<string, unknown>
  const pinned = own.name === 'ASTERAI_SECRET_VERSIONS' ? own.value : own.ASTERAI_SECRET_VERSIONS
  return [
    ...(pinned === undefined || /^[a-z-]+=[1-9]\d*(,[a-z-]+=[1-9]\d*)*$/.test(String(pinned))
      ? []
      : [`'${String(pinned)}' pins no version`]),
    ...('secret' in own && !/^[1-9]\d*$/.test(String(own.version))
      ? [`secret ${String(own.secret)} has no pinned version`]
      : []),
    ...Object.values(own).flatMap(unpinned),
  ]
}
