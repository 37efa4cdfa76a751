import { openGcpBus } from '#shared/cloud/gcp/bus.ts'
import {
  endpointUrl,
  type GcpEnvironment,
  readGcpEnvironment,
} from '#shared/cloud/gcp/environment.ts'
import { openStorageLease } from '#shared/cloud/gcp/lease.ts'
import { bucketName } from '#shared/cloud/gcp/names.ts'
import { openGcpPlatform } from '#shared/cloud/gcp/platform.ts'
import type { Runtime } from '#shared/kernel/runtime.ts'
import type { MachinePlatform } from './platform.ts'

/** The cloud bindings, pointed at whatever the variables name. */
export async function emulatedPlatform(
  variables: Readonly<Record<string, string>>,
  service: string,
  { clock }: Runtime,
  log: (line: string) => void,
): Promise<MachinePlatform> {
  const environment = readGcpEnvironment({ ...variables, ASTERAI_SERVICE: service })
  const platform = await openGcpPlatform(environment, {
    onFault: (fault) => log(fault.message),
  })
  return {
    bus: platform.bus,
    blobs: platform.blobs,
    openLease: () =>
      openStorageLease({
        project: environment.projectId,
        bucket: bucketName(environment.bucketPrefix, 'state'),
        name: 'executor/lease.json',
        clock,
        ...storageEndpoint(environment),
      }),
    openWarehouse: async () => ({
      ...platform.warehouse,
      // The subscriptions of the platform store the rows of topics, without a program of ours.
      finish: async () => 0,
    }),
    close: () => platform.close(),
  }
}

/** A bus for whoever only has something to say. */
export async function emulatedBus(
  variables: Readonly<Record<string, string>>,
  service: string,
  log: (line: string) => void,
): Promise<Awaited<ReturnType<typeof openGcpBus>>> {
  const environment = readGcpEnvironment({ ...variables, ASTERAI_SERVICE: service })
  return await openGcpBus({ environment, onFault: (fault) => log(fault.message) })
}

const storageEndpoint = ({ endpoints }: GcpEnvironment): { endpoint?: string } =>
  endpoints.storage === undefined ? {} : { endpoint: endpointUrl(endpoints.storage) }
