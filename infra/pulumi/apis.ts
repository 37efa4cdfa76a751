import * as gcp from '@pulumi/gcp'
import type * as pulumi from '@pulumi/pulumi'

/** Google APIs that the system uses. */
export const apis = [
  'aiplatform',
  'artifactregistry',
  'bigquery',
  'bigquerystorage',
  'billingbudgets',
  'binaryauthorization',
  'cloudbuild',
  'cloudkms',
  'cloudfunctions',
  'cloudresourcemanager',
  'cloudscheduler',
  'cloudtrace',
  'compute',
  'containeranalysis',
  'containerscanning',
  'iam',
  'iamcredentials',
  'iap',
  'logging',
  'monitoring',
  'ondemandscanning',
  'pubsub',
  'run',
  'secretmanager',
  'serviceusage',
  'storage',
  'sts',
  'telemetry',
] as const

/** Switches the APIs on. They stay on when the stack is destroyed: others in the project may use them. */
export function enableApis(): pulumi.Resource[] {
  return apis.map(
    (name) =>
      new gcp.projects.Service(`api-${name}`, {
        service: `${name}.googleapis.com`,
        disableOnDestroy: false,
      }),
  )
}
