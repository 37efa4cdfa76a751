import type { DeclaredResource } from './policy.ts'

type Stack = readonly DeclaredResource[]

/** Deep copy with one value changed; `undefined` takes it away. */
const set =
  (name: string, path: string, value: unknown) =>
  (stack: Stack): Stack =>
    changed(stack, name, ({ inputs }) => {
      const keys = path.split('.')
      const last = keys.pop() as string
      let holder = inputs as Record<string, unknown>
      for (const key of keys) holder = holder[key] as Record<string, unknown>
      if (value === undefined) delete holder[last]
      else holder[last] = value
    })

function changed(stack: Stack, name: string, change: (copy: DeclaredResource) => void): Stack {
  if (!stack.some((resource) => resource.name === name)) throw new Error(`there is no ${name}`)
  return stack.map((resource) => {
    if (resource.name !== name) return resource
    const copy = structuredClone(resource)
    change(copy)
    return copy
  })
}

const without =
  (name: string) =>
  (stack: Stack): Stack =>
    stack.filter((resource) => resource.name !== name)

const also =
  (type: string, name: string, inputs: DeclaredResource['inputs']) =>
  (stack: Stack): Stack => [...stack, { type, name, inputs, ignoreChanges: [], isProtected: false }]

const option =
  (name: string, options: Partial<DeclaredResource>) =>
  (stack: Stack): Stack =>
    stack.map((resource) => (resource.name === name ? { ...resource, ...options } : resource))

const runtime = 'serviceAccount:run-executor@asterai-example.iam.gserviceaccount.com'
const projectMember = 'gcp:projects/iAMMember:IAMMember'

/** For each policy, ways to break it. */
export const breaks: Readonly<
  Record<string, readonly (readonly [string, (stack: Stack) => Stack])[]>
> = {
  'no-public-invoker': [
    ['everybody may call the console', set('iap-calls-console', 'member', 'allUsers')],
    [
      'every account may read a bucket',
      set('executor-objectUser-of-bucket-state', 'member', 'allAuthenticatedUsers'),
    ],
    [
      'everybody may call the console, by a whole policy',
      also('gcp:cloudrunv2/serviceIamPolicy:ServiceIamPolicy', 'x', {
        policyData: '{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}',
      }),
    ],
    [
      'every account may read a dataset',
      also('gcp:bigquery/datasetAccess:DatasetAccess', 'x', {
        datasetId: 'asterai',
        specialGroup: 'allAuthenticatedUsers',
      }),
    ],
    ['a service asks nobody', set('inference', 'invokerIamDisabled', true)],
    [
      'a function is open to the internet',
      set('function-guard-spend', 'serviceConfig.ingressSettings', 'ALLOW_ALL'),
    ],
  ],
  'no-project-role-on-runtime-identity': [
    [
      'the executor edits the project',
      also(projectMember, 'x', { role: 'roles/editor', member: runtime }),
    ],
    [
      'the executor publishes everywhere',
      also(projectMember, 'x', { role: 'roles/pubsub.publisher', member: runtime }),
    ],
    [
      'a role of ours grows',
      set('role-asteraiQueryRunner', 'permissions', [
        'bigquery.jobs.create',
        'bigquery.tables.delete',
      ]),
    ],
    [
      'somebody replaces the rights of the project',
      also('gcp:projects/iAMPolicy:IAMPolicy', 'x', {}),
    ],
  ],
  'no-key-files': [
    ['a key', also('gcp:serviceaccount/key:Key', 'x', {})],
    ['a storage key', also('gcp:storage/hmacKey:HmacKey', 'x', {})],
  ],
  'own-identity-each': [
    ['a default identity', set('executor', 'template.serviceAccount', undefined)],
    [
      'a shared identity',
      set(
        'collector',
        'template.serviceAccount',
        'run-executor@asterai-example.iam.gserviceaccount.com',
      ),
    ],
  ],
  'dead-letters-everywhere': [
    ['no dead letters', set('subscription-fills-warehouse', 'deadLetterPolicy', undefined)],
    ['no back-off', set('subscription-commands-executor', 'retryPolicy', undefined)],
  ],
  'commands-outlive-an-outage': [
    [
      'a kill that expires after ten minutes',
      set('subscription-commands-executor', 'messageRetentionDuration', '600s'),
    ],
    [
      'a subscription that expires unread',
      set('subscription-commands-executor', 'expirationPolicy', undefined),
    ],
  ],
  'audience-is-address': [
    [
      'a token for elsewhere',
      set('schedule-ingest-candles', 'httpTarget.oidcToken.audience', 'https://example.com'),
    ],
    ['no token', set('schedule-check-data', 'httpTarget.oidcToken', undefined)],
    [
      'a push without a token',
      set('subscription-budget-notices-guard-spend', 'pushConfig.oidcToken', undefined),
    ],
  ],
  'one-executor': [
    [
      'a second one under another name',
      (stack) => [
        ...stack,
        ...set(
          'executor',
          'template.serviceAccount',
          'run-spare@asterai-example.iam.gserviceaccount.com',
        )(stack)
          .filter(({ name }) => name === 'executor')
          .map((resource) => ({ ...resource, name: 'spare' })),
      ],
    ],
    ['two traders', set('executor', 'scaling.manualInstanceCount', 2)],
    ['scaled by load', set('executor', 'scaling.scalingMode', 'AUTOMATIC')],
    ['started again by a deployment', option('executor', { ignoreChanges: [] })],
  ],
  'gpu-at-most-one-and-off': [
    ['on by default', set('inference', 'scaling.manualInstanceCount', 1)],
    ['two GPUs', set('inference', 'scaling.maxInstanceCount', 2)],
    ['the dear mode', set('inference', 'template.gpuZonalRedundancyDisabled', false)],
    ['switched off again by a deployment', option('inference', { ignoreChanges: [] })],
  ],
  'console-behind-proxy': [
    ['no proxy', set('console', 'iapEnabled', false)],
    ['an open model server', set('inference', 'ingress', 'INGRESS_TRAFFIC_ALL')],
  ],
  'one-instance-writers': [
    [
      'a function that races itself',
      set('function-ingest-candles', 'serviceConfig.maxInstanceCount', 5),
    ],
    ['two audit chains', set('console', 'template.scaling.maxInstanceCount', 2)],
    ['one console per revision', set('console', 'scaling.maxInstanceCount', undefined)],
    ['two consoles over all revisions', set('console', 'scaling.maxInstanceCount', 2)],
  ],
  'fixed-images': [
    ['latest', set('executor', 'template.containers.0.image', 'example/executor:latest')],
    ['no tag', set('console', 'template.containers.0.image', 'example.com/console')],
    ['tags that move', set('images', 'dockerConfig.immutableTags', false)],
  ],
  'probes-on-services': [
    ['no startup probe', set('collector', 'template.containers.0.startupProbe', undefined)],
  ],
  'deletion-protection': [
    ['a bucket', option('bucket-tapes', { isProtected: false })],
    ['a bucket with its content', set('bucket-state', 'forceDestroy', true)],
    ['a table', set('table-fills', 'deletionProtection', false)],
    ['a dataset', set('dataset-raw', 'deleteContentsOnDestroy', true)],
    ['the trader', set('executor', 'deletionProtection', false)],
    ['a secret', set('secret-aster-agent-key', 'deletionProtection', false)],
  ],
  'closed-buckets': [
    ['rights per object', set('bucket-models', 'uniformBucketLevelAccess', false)],
    ['open to the world', set('bucket-reports', 'publicAccessPrevention', 'inherited')],
  ],
  'secret-versions-pinned': [
    [
      'latest',
      set(
        'function-publish-report',
        'serviceConfig.environmentVariables.ASTERAI_SECRET_VERSIONS',
        'alert-webhook=latest',
      ),
    ],
    [
      'a secret as a variable without a version',
      set('executor', 'template.containers.0.envs.0', {
        name: 'KEY',
        valueSource: { secretKeyRef: { secret: 'aster-agent-key', version: 'latest' } },
      }),
    ],
  ],
  'labels-everywhere': [
    ['a topic', set('topic-fills', 'labels', undefined)],
    ['an alert', set('alert-budget', 'userLabels.stack', undefined)],
  ],
  'budget-present': [
    ['none', without('budget')],
    ['too late', set('budget', 'thresholdRules', [{ thresholdPercent: 1 }])],
    ['the guard hears nothing', set('budget', 'allUpdatesRule.pubsubTopic', undefined)],
  ],
  'alert-for-everything': [
    ['none', without('alert-executor-silent')],
    ['to nobody', set('alert-order-rejects', 'notificationChannels', [])],
    [
      'no such heading',
      set(
        'alert-dead-letters',
        'documentation.content',
        'see https://example.com/runbook.md#nowhere',
      ),
    ],
    ['looks at nothing', set('alert-gpu-hours', 'conditions', [])],
  ],
  'manifest-and-program-agree': [
    ['a topic is missing', without('topic-market')],
    [
      'a topic too many',
      also('gcp:pubsub/topic:Topic', 'x', { name: 'x', labels: { app: 'asterai', stack: 'x' } }),
    ],
    ['a table is missing', without('table-candles')],
    ['a view is missing', without('view-candles')],
    ['a function is missing', without('function-scan-funding')],
    ['a schedule is missing', without('schedule-scan-funding')],
    ['a reader is missing', without('subscription-market-console')],
    ['a secret is missing', without('secret-alert-webhook')],
    ['a bucket is missing', without('bucket-reports')],
    ['a service is missing', without('collector')],
  ],
}
