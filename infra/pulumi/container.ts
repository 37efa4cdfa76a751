import type { ServiceName } from '#shared/cloud/manifest/service.ts'
import { services } from '#shared/cloud/manifest/service.ts'
import { imageOf } from './artifacts.ts'
import { asEnvs, commonVariables, serviceVariables } from './environment.ts'
import type { Exit, Network } from './network.ts'
import type { Place } from './place.ts'

const port = 8080
const scratch = '/scratch'

/** Memory that a process may write to; images themselves are read-only. */
export const scratchVolume = (memoryMiB: number) => ({
  name: 'scratch',
  emptyDir: { medium: 'MEMORY', sizeLimit: `${Math.floor(memoryMiB / 4)}Mi` },
})

/** Which way out the manifest gives a service. */
export const exitOf = (service: ServiceName): Exit =>
  services[service].egress === 'none' ? 'google' : services[service].egress

/** Everything leaves through our network, so that the firewall and the static address hold. */
export const vpcAccess = (network: Network, exit: Exit) => ({
  egress: 'ALL_TRAFFIC',
  networkInterfaces: [{ network: network.network.id, subnetwork: network.subnets[exit].id }],
})

/** The container of a service with its probes. */
export function serviceContainer(place: Place, service: ServiceName, release: string) {
  const { cpu, memoryMiB } = services[service]
  return {
    name: service,
    image: imageOf(place, service, release),
    resources: {
      limits: limits(service, cpu, memoryMiB),
      // Messages of the bus and rows of the audit log also arrive between requests.
      ...(services[service].kind === 'service' ? { cpuIdle: false } : {}),
    },
    envs: asEnvs({
      ...commonVariables(place, service, services[service]),
      ...serviceVariables(place, service),
      SCRATCH_DIR: scratch,
    }),
    volumeMounts: [{ name: 'scratch', mountPath: scratch }],
    // The way out through a new address may take more than a minute to work.
    startupProbe: {
      httpGet: { path: service === 'console' ? '/healthz' : '/readyz', port },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 30,
    },
    livenessProbe: {
      httpGet: { path: '/healthz', port },
      periodSeconds: 15,
      timeoutSeconds: 5,
      failureThreshold: 4,
    },
  }
}

function limits(service: ServiceName, cpu: number, memoryMiB: number): Record<string, string> {
  const { gpu }: { gpu?: string } = services[service]
  return {
    cpu: String(cpu),
    memory: `${memoryMiB}Mi`,
    ...(gpu === undefined ? {} : { 'nvidia.com/gpu': '1' }),
  }
}

/** Takes metrics and traces on localhost:4318 and hands them to Cloud Monitoring and Cloud Trace. */
export const telemetryContainer = ({ config }: Place) => ({
  name: 'telemetry',
  image: config.collectorImage,
  resources: { limits: { cpu: '1', memory: '512Mi' } },
})

/** Port that requests arrive at. */
export const httpPort = { containerPort: port }
