import { TradingError } from '#shared/kernel/error.ts'
import { type ServiceName, services } from '../manifest/service.ts'
import type { ServiceScaling } from '../port.ts'
import { clientOptions } from './client.ts'
import type { GcpEnvironment } from './environment.ts'
import { platformFault } from './fault.ts'

export type GcpScaling = ServiceScaling & { close(): Promise<void> }

export type GcpScalingOptions = {
  /** A change that has not ended by then is unknown. */
  readonly patienceMs?: number
}

/**
 * Instance counts of Cloud Run services. Worker pools, and with them the executor, are out of its reach.
 *
 * A count that is set stays until it is set again: it takes the service out of scaling by load.
 */
export async function openGcpScaling(
  { projectId, region, endpoints }: Pick<GcpEnvironment, 'projectId' | 'region' | 'endpoints'>,
  { patienceMs = 50_000 }: GcpScalingOptions = {},
): Promise<GcpScaling> {
  const { ServicesClient } = await import('@google-cloud/run')
  const client = new ServicesClient(await clientOptions(projectId, endpoints.run))
  const pathOf = (service: ServiceName) =>
    `projects/${projectId}/locations/${region}/services/${scalable(service)}`
  const read = async (service: ServiceName) => {
    const [{ scaling, etag }] = await client.getService(
      { name: pathOf(service) },
      { timeout: patienceMs },
    )
    return { scaling: scaling ?? {}, etag: etag ?? '' }
  }

  return {
    async instanceCount(service) {
      const name = pathOf(service)
      try {
        const { scaling } = await read(service)
        const isManual = scaling.scalingMode === 'MANUAL' || scaling.scalingMode === 2
        return isManual ? (scaling.manualInstanceCount ?? 0) : undefined
      } catch (cause) {
        throw platformFault(cause, `instance count of ${name}`)
      }
    },
    async setInstanceCount(service, count) {
      const name = pathOf(service)
      if (!Number.isSafeInteger(count) || count < 0)
        throw new TradingError('OPTION_INVALID', `${count} is no number of instances of ${service}`)
      const what = `scaling ${name} to ${count}`
      try {
        // The other bounds of the service stay; the tag refuses a change made in between.
        const { scaling, etag } = await read(service)
        const change = { ...scaling, scalingMode: 'MANUAL' as const, manualInstanceCount: count }
        const [operation] = await client.updateService(
          { service: { name, etag, scaling: change }, updateMask: { paths: ['scaling'] } },
          { timeout: patienceMs },
        )
        await ended(operation.promise(), what, patienceMs)
      } catch (cause) {
        throw platformFault(cause, what)
      }
    },
    close: () => client.close(),
  }
}

function scalable(service: ServiceName): ServiceName {
  if (Object.hasOwn(services, service) && services[service].kind === 'service') return service
  throw new TradingError(
    'OPTION_INVALID',
    `'${service}' is not a service that is scaled; only services of kind 'service' are`,
    { service },
  )
}

async function ended(work: Promise<unknown>, what: string, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const fail = () =>
      reject(
        new TradingError(
          'PLATFORM_UNREACHABLE',
          `${what}: not done within ${patienceMs} ms, so the outcome is unknown; ask for the instance count`,
        ),
      )
    timer = setTimeout(fail, patienceMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
