import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createEmulatedBucket,
  type StorageEmulator,
  startStorageEmulator,
} from '#shared/cloud/emulator/storage.ts'
import { openStorageLease } from '#shared/cloud/gcp/lease.ts'
import { openObjectLease } from '#shared/cloud/gcp/object-lease.ts'
import { openStorageRegister, type StorageRegister } from '#shared/cloud/gcp/register.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import { leaseConformance, movableClock } from '#test/contract/lease.conformance.ts'

const place = () => ({
  project: 'asterai-test',
  bucket: 'asterai-test-state',
  endpoint: `http://${emulator.host}`,
})
let emulator: StorageEmulator
let leases = 0
beforeAll(async () => {
  emulator = await startStorageEmulator()
  await createEmulatedBucket(emulator.host, place().project, place().bucket)
})
afterAll(() => emulator?.close())

const freshName = () => {
  leases += 1
  return `executor-${leases}/lease.json`
}

/** The store keeps its own time, which no test can move: it is replaced in what is read. */
function atClock(
  object: StorageRegister,
  clock: Clock,
  writtenAtUs: Map<string, number>,
): StorageRegister {
  return {
    place: object.place,
    async read() {
      const found = await object.read()
      return (
        found && {
          ...found,
          writtenAtUs: writtenAtUs.get(found.version) ?? clock.nowUs(),
          serverNowUs: clock.nowUs(),
        }
      )
    },
    async write(text, version) {
      const atUs = clock.nowUs()
      const next = await object.write(text, version)
      if (next !== undefined) writtenAtUs.set(next, atUs)
      return next
    },
  }
}

describe('lease in Cloud Storage', () => {
  leaseConformance(async (clock) => {
    const name = freshName()
    const times = new Map<string, number>()
    return () =>
      openObjectLease({
        object: atClock(openStorageRegister({ ...place(), name }), clock, times),
        clock,
      })
  })
})

test('the times of the store decide, not those of a process whose clock is wrong', async () => {
  const name = freshName()
  const wrong = movableClock(1_000_000_000)
  const holder = openStorageLease({ ...place(), name, clock: wrong })
  expect(await holder.acquire('tokyo')).toBe(1)
  const rival = openStorageLease({ ...place(), name, clock: movableClock() })
  await expect(rival.acquire('osaka')).rejects.toMatchObject({
    code: 'LEASE_HELD',
    message: expect.stringMatching(/held by tokyo, lapses in 1[456] s/),
  })
  const impatient = openStorageLease({
    ...place(),
    name,
    clock: movableClock(),
    // The Date of an answer leaves out the fraction of its second.
    timeToLiveUs: -1_000_000,
  })
  expect(await impatient.acquire('osaka')).toBe(2)
  await expect(holder.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
})

test('an object that is not a lease stops everybody with one clear line', async () => {
  const name = freshName()
  const url = `http://${emulator.host}/upload/storage/v1/b/${place().bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`
  await fetch(url, { method: 'POST', body: '{}' })
  const lease = openStorageLease({ ...place(), name, clock: movableClock() })
  await expect(lease.acquire('tokyo')).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    message: expect.stringContaining('was not written by a trader'),
  })
})

test('a bucket that does not exist gives no lease', async () => {
  const lease = openStorageLease({
    ...place(),
    bucket: 'nowhere',
    name: freshName(),
    clock: movableClock(),
  })
  await expect(lease.acquire('tokyo')).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' })
})

test('a register gives back what was written, and is written only over what is known', async () => {
  const register = openStorageRegister({ ...place(), name: freshName() })
  expect(await register.read()).toBeUndefined()
  const first = await register.write('{"killedBecause":"über 5 %"}', undefined)
  expect(await register.read()).toMatchObject({
    text: '{"killedBecause":"über 5 %"}',
    version: first,
  })
  expect(await register.write('{}', undefined)).toBeUndefined()
  const second = await register.write('second', first)
  expect(await register.write('third', first)).toBeUndefined()
  expect(await register.read()).toMatchObject({ text: 'second', version: second })
  await expect(register.write('x'.repeat(7_001), second)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  })
})

test('a text that is not a lease stops everybody too', async () => {
  const name = freshName()
  await openStorageRegister({ ...place(), name }).write('{}', undefined)
  const lease = openStorageLease({ ...place(), name, clock: movableClock() })
  await expect(lease.acquire('tokyo')).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    message: expect.stringContaining('is not a lease'),
  })
})
