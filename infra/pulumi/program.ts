import * as pulumi from '@pulumi/pulumi'
import type { Estate } from './access.ts'
import { enableApis } from './apis.ts'
import { createRegistry } from './artifacts.ts'
import { createAudit } from './audit.ts'
import { createWarehouse, datasetName } from './bigquery.ts'
import { createBinaryAuthorization } from './binary-authorization.ts'
import { createBudget } from './budget.ts'
import { createBuildTriggers } from './build-triggers.ts'
import { grantCalls } from './calls.ts'
import type { StackConfig } from './config.ts'
import { createFunctions, grantFunctions } from './functions.ts'
import { createIdentities, functionNames } from './identities.ts'
import { createProbes } from './jobs.ts'
import { createMessaging, pushToFunctions } from './messaging.ts'
import { createAlerts } from './monitoring/alerts.ts'
import { createChannels } from './monitoring/channels.ts'
import { createDashboards } from './monitoring/dashboards.ts'
import { createLogMetrics } from './monitoring/log-metrics.ts'
import { createSlos } from './monitoring/slo.ts'
import { createUptimeCheck } from './monitoring/uptime.ts'
import { createNetwork } from './network.ts'
import { type Place, runUrl } from './place.ts'
import { createRoles } from './roles.ts'
import { createGpuHours, createSchedules } from './scheduler.ts'
import { createSecrets } from './secrets.ts'
import { createServices, grantServices } from './services.ts'
import { createBuckets } from './storage.ts'
import { createVertex } from './vertex.ts'
import { createPipelineAccess } from './workload-identity.ts'

/** What a person needs to know after `pulumi up`. */
export type Outputs = {
  readonly project: string
  readonly region: string
  readonly dataset: string
  /** Image tag; absent until the first release is set. */
  readonly release: string | undefined
  readonly functionsZip: string | undefined
  readonly sourceBucket: pulumi.Output<string>
  /** Give it to the venue as the only address that may use the agent's key. */
  readonly executorAddress: pulumi.Output<string>
  readonly ingestionAddress: pulumi.Output<string>
  readonly images: pulumi.Output<string>
  readonly consoleUrl: string
  readonly functionUrls: Readonly<Record<string, string>>
  readonly deployer: pulumi.Output<string>
  readonly runbook: string
}

/** The whole system. Without a release: everything that needs no image, which is where the first one goes. */
export function buildSystem(config: StackConfig): Outputs {
  const place: Place = { config, after: { dependsOn: enableApis() } }
  const network = createNetwork(place)
  const registry = createRegistry(place)
  const warehouse = createWarehouse(place)
  const estate: Estate = {
    place,
    identities: createIdentities(place),
    roles: createRoles(place),
    secrets: createSecrets(place),
    buckets: createBuckets(place),
    warehouse,
    messaging: createMessaging(place, warehouse),
  }
  grantFunctions(estate)
  grantServices(estate)
  createAudit(place)
  createBinaryAuthorization(estate)
  const training = createVertex(estate)
  const channels = createChannels(place)
  createAlerts(place, channels, createLogMetrics(place))
  createSlos(place)
  createDashboards(place)
  createBudget(place, estate.messaging, channels)
  const deployer = createPipelineAccess(estate)
  createBuildTriggers(estate)
  if (config.release !== undefined && config.functionsZip !== undefined)
    runRelease(estate, network, training, config.release, config.functionsZip)
  return {
    project: config.projectId,
    region: config.region,
    dataset: datasetName,
    release: config.release,
    functionsZip: config.functionsZip,
    sourceBucket: estate.buckets.source.name,
    executorAddress: network.addresses.executor.address,
    ingestionAddress: network.addresses.ingestion.address,
    images: pulumi.interpolate`${config.region}-docker.pkg.dev/${config.projectId}/${registry.repositoryId}`,
    consoleUrl: runUrl(place, 'console'),
    functionUrls: Object.fromEntries(functionNames.map((name) => [name, runUrl(place, name)])),
    deployer,
    runbook: config.runbookUrl,
  }
}

/** What runs images and code. */
function runRelease(
  estate: Estate,
  network: ReturnType<typeof createNetwork>,
  training: ReturnType<typeof createVertex>,
  release: string,
  functionsZip: string,
): void {
  const functions = createFunctions(estate, network, training, functionsZip)
  const services = createServices(estate, network, release)
  grantCalls(estate, functions, services)
  pushToFunctions(estate.place, estate.messaging, functions, estate.identities)
  createSchedules(estate, functions)
  createGpuHours(estate, services)
  createProbes(estate, release)
  createUptimeCheck(estate.place, services)
}
