import * as gcp from '@pulumi/gcp'
import { services } from '#shared/cloud/manifest/service.ts'
import type { Estate } from './access.ts'
import { imageOf } from './artifacts.ts'
import { asEnvs, commonVariables } from './environment.ts'

/**
 * The latency probe in every candidate region; a person runs it before the region is fixed. It leaves through the
 * shared way out of each region: the static address exists in one region only, and it measures, it does not trade.
 */
export function createProbes({ place, identities }: Estate, release: string): void {
  const name = 'latency-probe'
  const { cpu, memoryMiB } = services[name]
  const { config } = place
  for (const region of config.probeRegions)
    new gcp.cloudrunv2.Job(`${name}-${region}`, {
      name,
      location: region,
      labels: { ...config.labels, what: 'latency-probe' },
      deletionProtection: false,
      binaryAuthorization: { useDefault: true },
      template: {
        taskCount: 1,
        labels: config.labels,
        template: {
          serviceAccount: (identities.services[name] as gcp.serviceaccount.Account).email,
          maxRetries: 0,
          timeout: '600s',
          containers: [
            {
              name,
              image: imageOf(place, name, release),
              // Without this it would only print what it found.
              commands: ['node'],
              args: ['main.mjs', '--store'],
              resources: { limits: { cpu: String(cpu), memory: `${memoryMiB}Mi` } },
              envs: asEnvs({
                ...commonVariables(place, name, services[name]),
                ASTERAI_REGION: region,
              }),
            },
          ],
        },
      },
    })
}
