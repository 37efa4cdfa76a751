/** A resource as the program declares it, with every address and reference filled in. */
export type DeclaredResource = {
  /** As Pulumi spells it: `gcp:pubsub/topic:Topic`. */
  readonly type: string
  readonly name: string
  readonly inputs: Readonly<Record<string, unknown>>
  /** Properties whose changes outside of Pulumi stay. */
  readonly ignoreChanges: readonly string[]
  readonly isProtected: boolean
  /** Stays in the cloud when the program no longer declares it. Only a recorded resource tells. */
  readonly isKept?: boolean
}

/** A rule over the whole stack, as plain code: the tests run it over recorded resources, the CLI over real ones. */
export type Policy = {
  readonly name: string
  readonly description: string
  /** @returns one line per violation; none when the rule holds */
  readonly check: (stack: readonly DeclaredResource[]) => readonly string[]
}

export const ofType = (
  stack: readonly DeclaredResource[],
  type: string,
): readonly DeclaredResource[] => stack.filter((resource) => resource.type === type)

/** A value deep in the inputs, `template.scaling.maxInstanceCount` or `containers.0.image`. */
export function at(resource: DeclaredResource, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? (value as Record<string, unknown>)[key]
          : undefined,
      resource.inputs,
    )
}

/** The resources of a type that a claim does not hold for. */
export const violators = (
  stack: readonly DeclaredResource[],
  type: string,
  what: string,
  holds: (resource: DeclaredResource) => boolean,
): readonly string[] =>
  ofType(stack, type)
    .filter((resource) => !holds(resource))
    .map(({ name }) => `${name}: ${what}`)

export const types = {
  alertPolicy: 'gcp:monitoring/alertPolicy:AlertPolicy',
  bucket: 'gcp:storage/bucket:Bucket',
  budget: 'gcp:billing/budget:Budget',
  customRole: 'gcp:projects/iAMCustomRole:IAMCustomRole',
  dataset: 'gcp:bigquery/dataset:Dataset',
  function: 'gcp:cloudfunctionsv2/function:Function',
  job: 'gcp:cloudrunv2/job:Job',
  projectMember: 'gcp:projects/iAMMember:IAMMember',
  registry: 'gcp:artifactregistry/repository:Repository',
  schedule: 'gcp:cloudscheduler/job:Job',
  secret: 'gcp:secretmanager/secret:Secret',
  service: 'gcp:cloudrunv2/service:Service',
  subscription: 'gcp:pubsub/subscription:Subscription',
  table: 'gcp:bigquery/table:Table',
  topic: 'gcp:pubsub/topic:Topic',
  workerPool: 'gcp:cloudrunv2/workerPool:WorkerPool',
} as const
