import * as gcp from '@pulumi/gcp'
import * as pulumi from '@pulumi/pulumi'
import { type FunctionSpec, functions } from '#shared/cloud/manifest/function.ts'
import { type Estate, memberOf } from './access.ts'
import { allowScaling } from './calls.ts'
import type { Functions } from './functions.ts'
import { functionNames } from './identities.ts'
import type { Services } from './services.ts'

/** A line of the manifest starts with seconds; Cloud Scheduler knows none. */
export const withoutSeconds = (schedule: string): string => schedule.split(' ').slice(1).join(' ')

/** Calls every scheduled function at its time, with a token for exactly that address. */
export function createSchedules(estate: Estate, deployed: Functions): void {
  const { config } = estate.place
  const caller = estate.identities.others['scheduler-caller']
  for (const name of functionNames) {
    const { schedule, what, timeoutSeconds }: FunctionSpec = functions[name]
    const target = deployed.get(name)
    if (schedule === undefined || !target) continue
    const calls = new gcp.cloudrunv2.ServiceIamMember(`scheduler-caller-calls-${name}`, {
      location: config.region,
      name: target.name,
      role: 'roles/run.invoker',
      member: memberOf(caller),
    })
    new gcp.cloudscheduler.Job(
      `schedule-${name}`,
      {
        name,
        region: config.region,
        description: what,
        schedule: withoutSeconds(schedule),
        timeZone: 'Etc/UTC',
        attemptDeadline: `${timeoutSeconds + 15}s`,
        // A run is named by its time, so a repeated one writes nothing twice.
        retryConfig: {
          retryCount: 3,
          minBackoffDuration: '5s',
          maxBackoffDuration: '60s',
          maxDoublings: 3,
        },
        httpTarget: {
          uri: target.url,
          httpMethod: 'POST',
          headers: { 'content-type': 'application/json' },
          body: Buffer.from('{}').toString('base64'),
          oidcToken: { serviceAccountEmail: caller.email, audience: target.url },
        },
      },
      { dependsOn: [calls] },
    )
  }
}

/** Starts and stops the model server at its hours, where hours are set. */
export function createGpuHours(estate: Estate, running: Services): void {
  const { config } = estate.place
  if (config.gpuHours === undefined) return
  const account = estate.identities.others['gpu-switch']
  const member = memberOf(account)
  const target = { service: running.inference.name, location: config.gpuRegion }
  allowScaling(estate, 'gpu-switch', member, 'inference', target)
  const times = [
    ['on', config.gpuHours.on, 1],
    ['off', config.gpuHours.off, 0],
  ] as const
  for (const [name, schedule, count] of times)
    new gcp.cloudscheduler.Job(`schedule-gpu-${name}`, {
      name: `gpu-${name}`,
      region: config.region,
      description: `switches the model server ${name}`,
      schedule,
      timeZone: 'Etc/UTC',
      attemptDeadline: '60s',
      retryConfig: { retryCount: 5, minBackoffDuration: '10s', maxBackoffDuration: '300s' },
      httpTarget: {
        uri: pulumi.interpolate`https://run.googleapis.com/v2/projects/${config.projectId}/locations/${config.gpuRegion}/services/${running.inference.name}?updateMask=scaling.manualInstanceCount`,
        httpMethod: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ scaling: { manualInstanceCount: count } })).toString(
          'base64',
        ),
        oauthToken: {
          serviceAccountEmail: account.email,
          scope: 'https://www.googleapis.com/auth/cloud-platform',
        },
      },
    })
}
