import * as gcp from '@pulumi/gcp'
import type * as pulumi from '@pulumi/pulumi'
import { type ServiceName, services } from '#shared/cloud/manifest/service.ts'
import { type Estate, grantAccess, grantProjectRole, memberOf } from './access.ts'
import {
  exitOf,
  httpPort,
  scratchVolume,
  serviceContainer,
  telemetryContainer,
  vpcAccess,
} from './container.ts'
import { cloudServices } from './identities.ts'
import type { Network } from './network.ts'
import { type Place, serviceAgent } from './place.ts'

export type Services = {
  readonly executor: gcp.cloudrunv2.WorkerPool
  readonly collector: gcp.cloudrunv2.WorkerPool
  readonly inference: gcp.cloudrunv2.Service
  readonly console: gcp.cloudrunv2.Service
}

/** Gives every service its rights; they exist before the first release does. */
export function grantServices(estate: Estate): void {
  for (const name of cloudServices) {
    const account = estate.identities.services[name] as gcp.serviceaccount.Account
    grantAccess(estate, name, account, services[name])
    if (services[name].kind !== 'job')
      grantProjectRole(estate, name, memberOf(account), 'asteraiTelemetryWriter')
  }
}

/** The long-lived processes. */
export function createServices(estate: Estate, network: Network, release: string): Services {
  const { place } = estate
  const made = {
    executor: workerPool(estate, network, 'executor', release),
    collector: workerPool(estate, network, 'collector', release),
    inference: createInference(estate, release),
    console: createConsole(estate, network, release),
  }
  letPeopleIn(place, made.console)
  return made
}

const accountOf = ({ identities }: Estate, name: ServiceName): pulumi.Output<string> =>
  (identities.services[name] as gcp.serviceaccount.Account).email

/** Unsigned images still run; that one would have been refused is written to the audit log. */
const binaryAuthorization = { useDefault: true }

/**
 * Exactly one, always on. A person or the supervisor may stop it by setting the count to 0, and a deployment must not
 * start it again behind their back: changes of the count are ignored.
 */
function workerPool(
  estate: Estate,
  network: Network,
  name: 'executor' | 'collector',
  release: string,
): gcp.cloudrunv2.WorkerPool {
  const { config } = estate.place
  return new gcp.cloudrunv2.WorkerPool(
    name,
    {
      name,
      location: config.region,
      description: services[name].what,
      labels: config.labels,
      deletionProtection: true,
      binaryAuthorization,
      scaling: { scalingMode: 'MANUAL', manualInstanceCount: 1 },
      template: {
        labels: config.labels,
        serviceAccount: accountOf(estate, name),
        vpcAccess: vpcAccess(network, exitOf(name)),
        volumes: [scratchVolume(services[name].memoryMiB)],
        containers: [
          serviceContainer(estate.place, name, release),
          telemetryContainer(estate.place),
        ],
      },
    },
    { ignoreChanges: ['scaling.manualInstanceCount'] },
  )
}

/** At most one GPU, and none until somebody starts it. */
function createInference(estate: Estate, release: string): gcp.cloudrunv2.Service {
  const { config } = estate.place
  const { gpu: accelerator = 'nvidia-l4' }: { gpu?: string } = services.inference
  return new gcp.cloudrunv2.Service(
    'inference',
    {
      name: 'inference',
      location: config.gpuRegion,
      description: services.inference.what,
      labels: config.labels,
      deletionProtection: false,
      binaryAuthorization,
      ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      invokerIamDisabled: false,
      scaling: { scalingMode: 'MANUAL', manualInstanceCount: 0, maxInstanceCount: 1 },
      template: {
        labels: config.labels,
        serviceAccount: accountOf(estate, 'inference'),
        nodeSelector: { accelerator },
        // Half the price and a quota that is easier to get; an outage of one zone takes it down, and it trades nothing.
        gpuZonalRedundancyDisabled: true,
        // The quota counts what old revisions could still ask for, so the first one must be modest already.
        scaling: { minInstanceCount: 0, maxInstanceCount: 1 },
        maxInstanceRequestConcurrency: 16,
        timeout: '30s',
        volumes: [scratchVolume(services.inference.memoryMiB)],
        containers: [
          { ...serviceContainer(estate.place, 'inference', release), ports: httpPort },
          telemetryContainer(estate.place),
        ],
      },
    },
    { ignoreChanges: ['scaling.manualInstanceCount'] },
  )
}

/**
 * One instance, over all revisions: what waits for a second admin is in its memory, and the audit chain has one writer.
 * The platform may exceed a maximum for a moment and lets the old revision end its requests; the chain joins what both
 * wrote, and what waited in the old one has to be asked for again.
 */
function createConsole(estate: Estate, network: Network, release: string): gcp.cloudrunv2.Service {
  const { config } = estate.place
  return new gcp.cloudrunv2.Service('console', {
    name: 'console',
    location: config.region,
    description: services.console.what,
    labels: config.labels,
    deletionProtection: false,
    binaryAuthorization,
    // Identity-Aware Proxy stands in front: nobody reaches it without an account of the lists.
    ingress: 'INGRESS_TRAFFIC_ALL',
    iapEnabled: true,
    invokerIamDisabled: false,
    scaling: { maxInstanceCount: 1 },
    template: {
      labels: config.labels,
      serviceAccount: accountOf(estate, 'console'),
      vpcAccess: vpcAccess(network, exitOf('console')),
      scaling: { minInstanceCount: 0, maxInstanceCount: 1 },
      maxInstanceRequestConcurrency: 80,
      // Pages watch through one long answer.
      timeout: '3600s',
      volumes: [scratchVolume(services.console.memoryMiB)],
      containers: [
        { ...serviceContainer(estate.place, 'console', release), ports: httpPort },
        telemetryContainer(estate.place),
      ],
    },
  })
}

/** The proxy calls the console; people pass the proxy. What each may do there the console decides by its own lists. */
function letPeopleIn(place: Place, console: gcp.cloudrunv2.Service): void {
  const { config } = place
  const agent = new gcp.projects.ServiceIdentity('iap-agent', {
    project: config.projectId,
    service: 'iap.googleapis.com',
  })
  new gcp.cloudrunv2.ServiceIamMember(
    'iap-calls-console',
    {
      location: config.region,
      name: console.name,
      role: 'roles/run.invoker',
      member: serviceAgent(place, 'iap'),
    },
    { dependsOn: [agent] },
  )
  const people = [...config.consoleAdmins, ...config.consoleOperators, ...config.consoleViewers]
  for (const person of new Set(people))
    new gcp.iap.WebCloudRunServiceIamMember(`console-admits-${person}`, {
      location: config.region,
      cloudRunServiceName: console.name,
      role: 'roles/iap.httpsResourceAccessor',
      member: `user:${person}`,
    })
}
