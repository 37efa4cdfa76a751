import { basename, join } from 'node:path'
import * as gcp from '@pulumi/gcp'
import * as pulumi from '@pulumi/pulumi'
import { type FunctionName, functions } from '#shared/cloud/manifest/function.ts'
import { type Estate, grantAccess, memberOf } from './access.ts'
import { asRecord, commonVariables, functionVariables, type Variables } from './environment.ts'
import { functionNames } from './identities.ts'
import type { Network } from './network.ts'
import type { Place } from './place.ts'

/** What others need to call a function. */
export type DeployedFunction = {
  readonly name: pulumi.Output<string>
  readonly url: pulumi.Output<string>
}

export type Functions = ReadonlyMap<string, DeployedFunction>

const root = join(import.meta.dirname, '../..')

/** Gives every function its rights; they exist before the first release does. */
export function grantFunctions(estate: Estate): void {
  for (const name of functionNames)
    grantAccess(estate, name, estate.identities.functions[name], functions[name])
}

/**
 * All functions from one zip, whose name is its hash: new code is a new name, so it is deployed, and the same code
 * is the same name, so it is not.
 */
export function createFunctions(
  estate: Estate,
  network: Network,
  training: Variables,
  functionsZip: string,
): Functions {
  const { place, identities, buckets } = estate
  const source = new gcp.storage.BucketObject(
    'functions-zip',
    {
      name: basename(functionsZip),
      bucket: buckets.source.name,
      source: new pulumi.asset.FileAsset(join(root, functionsZip)),
      contentType: 'application/zip',
    },
    // New code replaces the object; the one before stays in the bucket, because a release may go back to it.
    { retainOnDelete: true },
  )
  const built = allowBuilds(estate)
  const wanted = functionNames.map((name): [string, DeployedFunction] => {
    const made = createFunction(place, name, {
      source,
      built,
      network,
      training,
      serviceAccount: identities.functions[name].email,
      builder: identities.others['functions-builder'].name,
    })
    return [
      name,
      { name: made.name, url: made.serviceConfig.apply((service) => service?.uri ?? '') },
    ]
  })
  return new Map(wanted)
}

type Build = {
  readonly source: gcp.storage.BucketObject
  readonly built: pulumi.Resource[]
  readonly network: Network
  readonly training: Variables
  readonly serviceAccount: pulumi.Output<string>
  readonly builder: pulumi.Output<string>
}

function createFunction(place: Place, name: FunctionName, build: Build) {
  const { config } = place
  const { what, timeoutSeconds, memoryMiB, reachesVenues } = functions[name]
  return new gcp.cloudfunctionsv2.Function(
    `function-${name}`,
    {
      name,
      location: config.region,
      description: what,
      labels: config.labels,
      buildConfig: {
        runtime: 'nodejs24',
        entryPoint: name,
        // A new project gives the default identity nothing, and builds would fail with it.
        serviceAccount: build.builder,
        source: { storageSource: { bucket: build.source.bucket, object: build.source.name } },
      },
      serviceConfig: {
        serviceAccountEmail: build.serviceAccount,
        ingressSettings: 'ALLOW_INTERNAL_ONLY',
        // Each writes its own rows once per minute: a second instance would only race the first.
        maxInstanceCount: 1,
        minInstanceCount: 0,
        maxInstanceRequestConcurrency: 1,
        availableMemory: `${memoryMiB}Mi`,
        availableCpu: memoryMiB > 512 ? '1' : '0.5',
        timeoutSeconds,
        allTrafficOnLatestRevision: true,
        environmentVariables: asRecord({
          ...commonVariables(place, name, functions[name]),
          ...functionVariables(place, name, build.training),
        }),
        ...(reachesVenues
          ? {
              directVpcEgress: 'VPC_EGRESS_ALL_TRAFFIC',
              directVpcNetworkInterfaces: [
                {
                  network: build.network.network.id,
                  subnetwork: build.network.subnets.ingestion.id,
                },
              ],
            }
          : {}),
      },
    },
    { dependsOn: build.built },
  )
}

/** The builder reads the zip and writes images and logs: Google offers one role for that, on the project. */
function allowBuilds({ place, identities, buckets }: Estate): pulumi.Resource[] {
  const member = memberOf(identities.others['functions-builder'])
  return [
    new gcp.projects.IAMMember('functions-builder-builds', {
      project: place.config.projectId,
      role: 'roles/cloudbuild.builds.builder',
      member,
    }),
    new gcp.storage.BucketIAMMember('functions-builder-reads-bucket-source', {
      bucket: buckets.source.name,
      role: 'roles/storage.objectViewer',
      member,
    }),
  ]
}
