import type * as pulumi from '@pulumi/pulumi'
import type { StackConfig } from './config.ts'

/** What every part of the program is given. */
export type Place = {
  readonly config: StackConfig
  /** Waits until the APIs are on. */
  readonly after: { readonly dependsOn: pulumi.Resource[] }
}

/** Google's own identity of a service in this project. */
export const serviceAgent = ({ config }: Place, agent: string): string =>
  `serviceAccount:service-${config.projectNumber}@gcp-sa-${agent}.iam.gserviceaccount.com`

/** Address that Cloud Run gives every service and function, known before it exists. */
export const runUrl = ({ config }: Place, name: string, region = config.region): string =>
  `https://${name}-${config.projectNumber}.${region}.run.app`
