import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunEmulator, startRunEmulator } from '#shared/cloud/emulator/run-admin.ts'
import { type GcpScaling, openGcpScaling } from '#shared/cloud/gcp/scaling.ts'
import type { ServiceName } from '#shared/cloud/manifest/service.ts'
import { emulatedEnvironment } from './environment.ts'

let emulator: RunEmulator
const opened: GcpScaling[] = []

beforeEach(async () => {
  emulator = await startRunEmulator({
    inference: { minInstanceCount: 0, maxInstanceCount: 1, scalingMode: 'AUTOMATIC' },
  })
})
afterEach(async () => {
  for (const scaling of opened.splice(0)) await scaling.close()
  await emulator.close()
})

async function open(patienceMs?: number): Promise<GcpScaling> {
  const environment = emulatedEnvironment({ run: emulator.host })
  const scaling = await openGcpScaling(environment, patienceMs === undefined ? {} : { patienceMs })
  opened.push(scaling)
  return scaling
}

describe('instance counts of Cloud Run', () => {
  test('a service that scales by load has no count', async () => {
    expect(await (await open()).instanceCount('inference')).toBeUndefined()
  })

  test('zero is set, read back, and leaves the other bounds alone', async () => {
    const scaling = await open()
    await scaling.setInstanceCount('inference', 0)
    expect(await scaling.instanceCount('inference')).toBe(0)
    expect(emulator.scaling('inference')).toMatchObject({
      scalingMode: 'MANUAL',
      manualInstanceCount: 0,
      maxInstanceCount: 1,
    })
    expect(emulator.updates()).toEqual([{ service: 'inference', paths: ['scaling'] }])
  })

  test('a change that does not end is unknown, not failed', async () => {
    emulator.holdOperations(true)
    const scaling = await open(300)
    await expect(scaling.setInstanceCount('inference', 0)).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      message: expect.stringContaining('outcome is unknown'),
    })
    expect(await scaling.instanceCount('inference')).toBe(0)
  })

  test.each<ServiceName>(['executor', 'collector', 'latency-probe'])(
    'worker pools and jobs are out of reach: %s',
    async (service) => {
      const scaling = await open()
      await expect(scaling.setInstanceCount(service, 0)).rejects.toMatchObject({
        code: 'OPTION_INVALID',
      })
      expect(emulator.updates()).toEqual([])
    },
  )

  test.each([-1, 0.5, Number.NaN])('%s is no number of instances', async (count) => {
    const scaling = await open()
    await expect(scaling.setInstanceCount('inference', count)).rejects.toThrow('no number')
    expect(emulator.updates()).toEqual([])
  })

  test('a service that is not there is refused by name', async () => {
    const scaling = await open()
    await expect(scaling.setInstanceCount('console', 1)).rejects.toMatchObject({
      code: 'PLATFORM_REFUSED',
      message: expect.stringContaining('services/console'),
    })
  })

  test('a platform that does not answer is unreachable', async () => {
    const scaling = await open(500)
    await emulator.close()
    await expect(scaling.setInstanceCount('inference', 0)).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    })
  })
})
