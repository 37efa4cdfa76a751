import type { ServiceName } from '#shared/cloud/manifest/service.ts'
import type { ServiceScaling } from '#shared/cloud/port.ts'

/** Instance counts that only this process knows: on one machine nothing is rented, so there is nothing to scale. */
export function memoryScaling(
  counts: Readonly<Partial<Record<ServiceName, number>>> = {},
): ServiceScaling {
  const told = new Map(Object.entries(counts))
  return {
    instanceCount: async (service) => told.get(service) ?? 0,
    setInstanceCount: async (service, count) => {
      told.set(service, count)
    },
  }
}
