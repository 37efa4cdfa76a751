import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createEmulatedBucket,
  type StorageEmulator,
  startStorageEmulator,
} from '#shared/cloud/emulator/storage.ts'
import { openStorageLease, storageLeaseObject } from '#shared/cloud/gcp/lease.ts'
import { type LeaseObject, openObjectLease } from '#shared/cloud/gcp/object-lease.ts'
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
function atClock(object: LeaseObject, clock: Clock, writtenAtUs: Map<string, number>): LeaseObject {
  return {
    place: object.place,
    async read() {
      const found = await object.read()
      return (
        found && {
          ...found,
          writtenAtUs: writtenAtUs.get(found.generation) ?? clock.nowUs(),
          serverNowUs: clock.nowUs(),
        }
      )
    },
    async write(claim, generation) {
      const atUs = clock.nowUs()
      const next = await object.write(claim, generation)
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
        object: atClock(storageLeaseObject({ ...place(), name }), clock, times),
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
    message: expect.stringContaining('is not a lease'),
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
