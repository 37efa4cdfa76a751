import { at, type DeclaredResource, ofType, type Policy, types, violators } from './policy.ts'

const keepsCount = ({ ignoreChanges }: DeclaredResource): boolean =>
  ignoreChanges.includes('scaling.manualInstanceCount')

/** By what it runs, whatever it is called. */
const isExecutor = (pool: DeclaredResource): boolean =>
  imagesOf(pool).some((image) => /\/executor:/.test(image))

/** What runs, and how much of it. */
export const workloadPolicies: readonly Policy[] = [
  {
    name: 'one-executor',
    description: 'One trader, and a deployment never starts one that a person stopped.',
    check: (stack) => {
      const executors = ofType(stack, types.workerPool).filter(
        (pool) => pool.name === 'executor' || isExecutor(pool),
      )
      // Before the first release there is none, and no other pool either.
      if (executors.length !== 1 && ofType(stack, types.workerPool).length > 0)
        return [`there are ${executors.length} executors; there must be exactly one`]
      return executors
        .filter(
          (executor) =>
            at(executor, 'scaling.scalingMode') !== 'MANUAL' ||
            at(executor, 'scaling.manualInstanceCount') !== 1 ||
            !keepsCount(executor),
        )
        .map(({ name }) => `${name}: must be 1 by hand, with changes of the count ignored`)
    },
  },
  {
    name: 'gpu-at-most-one-and-off',
    description: 'At most one GPU, in its cheap mode, and none until somebody starts it.',
    check: (stack) =>
      violators(
        stack,
        types.service,
        'its GPU is not limited to one, or not off by default',
        (service) =>
          at(service, 'template.nodeSelector') === undefined ||
          (at(service, 'template.scaling.maxInstanceCount') === 1 &&
            at(service, 'scaling.maxInstanceCount') === 1 &&
            at(service, 'scaling.scalingMode') === 'MANUAL' &&
            at(service, 'scaling.manualInstanceCount') === 0 &&
            at(service, 'template.gpuZonalRedundancyDisabled') === true &&
            keepsCount(service)),
      ),
  },
  {
    name: 'console-behind-proxy',
    description: 'The only address open to the internet has Identity-Aware Proxy in front.',
    check: (stack) =>
      violators(
        stack,
        types.service,
        'is open to the internet without Identity-Aware Proxy',
        ({ inputs }) =>
          inputs.iapEnabled === true || inputs.ingress === 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      ),
  },
  {
    name: 'one-instance-writers',
    description: 'Functions and the console have one instance: each has one writer.',
    check: (stack) => [
      ...violators(
        stack,
        types.function,
        'may run more than once',
        (made) => at(made, 'serviceConfig.maxInstanceCount') === 1,
      ),
      ...violators(
        stack,
        types.service,
        'may run more than once',
        (service) => at(service, 'template.scaling.maxInstanceCount') === 1,
      ),
      ...violators(
        stack,
        types.service,
        'has no limit over all its revisions: an old and a new one may run side by side',
        // That of a GPU has a rule of its own.
        (service) =>
          at(service, 'template.nodeSelector') !== undefined ||
          at(service, 'scaling.maxInstanceCount') === 1,
      ),
    ],
  },
  {
    name: 'fixed-images',
    description: 'Images are named by a release, and a tag never changes what it means.',
    check: (stack) => [
      ...[types.service, types.workerPool, types.job].flatMap((type) =>
        violators(stack, type, 'runs an image without a fixed tag', (resource) =>
          imagesOf(resource).every((image) => /:[\w.-]+$/.test(image) && !/:latest$/.test(image)),
        ),
      ),
      ...violators(
        stack,
        types.registry,
        'lets tags move',
        (registry) => at(registry, 'dockerConfig.immutableTags') === true,
      ),
    ],
  },
  {
    name: 'probes-on-services',
    description: 'A service that hangs is restarted, and one that cannot reach out does not start.',
    check: (stack) =>
      [types.service, types.workerPool].flatMap((type) =>
        violators(
          stack,
          type,
          'lacks a probe',
          (resource) =>
            at(resource, 'template.containers.0.startupProbe') !== undefined &&
            at(resource, 'template.containers.0.livenessProbe') !== undefined,
        ),
      ),
  },
]

function imagesOf(resource: DeclaredResource): readonly string[] {
  const containers =
    at(resource, 'template.containers') ?? at(resource, 'template.template.containers')
  return (containers as readonly { image?: string }[]).map(({ image }) => image ?? '')
}
