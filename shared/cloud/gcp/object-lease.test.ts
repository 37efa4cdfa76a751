import { describe, expect, test } from 'vitest'
import type { Clock } from '#shared/kernel/runtime.ts'
import { leaseConformance, movableClock } from '#test/contract/lease.conformance.ts'
import { openObjectLease } from './object-lease.ts'
import type { StorageRegister, StoredText } from './register.ts'

/** One object with compare-and-swap. `lose` makes the answer of the next write get lost after it was stored. */
function memoryObject(clock: Clock): StorageRegister & { loseNextAnswer(): void; remove(): void } {
  let found: StoredText | undefined
  let generation = 1_795_244_494_000_000
  let isNextLost = false
  return {
    place: 'memory/lease.json',
    read: async () => found && { ...found, serverNowUs: clock.nowUs() },
    async write(text, expected) {
      if (found?.version !== expected) return undefined
      generation += 7
      found = { text, version: String(generation), writtenAtUs: clock.nowUs(), serverNowUs: 0 }
      if (!isNextLost) return found.version
      isNextLost = false
      throw new Error('no answer')
    },
    loseNextAnswer() {
      isNextLost = true
    },
    remove() {
      found = undefined
    },
  }
}

describe('lease in an object', () => {
  leaseConformance(async (clock) => {
    const object = memoryObject(clock)
    return () => openObjectLease({ object, clock })
  })
})

test('epochs count from one, whatever the generations of the store', async () => {
  const clock = movableClock()
  const object = memoryObject(clock)
  for (let epoch = 1; epoch < 5; epoch++) {
    expect(await openObjectLease({ object, clock }).acquire('tokyo')).toBe(epoch)
    clock.pass(15_000_000)
  }
})

test('a renewal whose answer was lost is found again', async () => {
  const clock = movableClock()
  const object = memoryObject(clock)
  const lease = openObjectLease({ object, clock })
  await lease.acquire('tokyo')
  object.loseNextAnswer()
  await expect(lease.renew()).rejects.toThrow('no answer')
  await lease.renew()
  await lease.renew()
})

test('an acquisition whose answer was lost does not shut its own process out', async () => {
  const clock = movableClock()
  const object = memoryObject(clock)
  const lease = openObjectLease({ object, clock })
  object.loseNextAnswer()
  await expect(lease.acquire('tokyo')).rejects.toThrow('no answer')
  await expect(openObjectLease({ object, clock }).acquire('osaka')).rejects.toMatchObject({
    code: 'LEASE_HELD',
  })
  expect(await lease.acquire('tokyo')).toBe(2)
})

test('a lease whose object was removed is lost', async () => {
  const clock = movableClock()
  const object = memoryObject(clock)
  const lease = openObjectLease({ object, clock })
  await lease.acquire('tokyo')
  object.remove()
  await expect(lease.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
})

test('a holder whose clock stands still loses it to the clock of the store', async () => {
  const [still, store] = [movableClock(), movableClock()]
  const object = memoryObject(store)
  const holder = openObjectLease({ object, clock: still })
  await holder.acquire('tokyo')
  store.pass(15_000_000)
  expect(await openObjectLease({ object, clock: store }).acquire('osaka')).toBe(2)
  await expect(holder.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
})

test('a renewal whose answer was lost lives from when it was stored, so it is renewed over itself', async () => {
  const clock = movableClock()
  const object = memoryObject(clock)
  const lease = openObjectLease({ object, clock })
  await lease.acquire('tokyo')
  object.loseNextAnswer()
  await expect(lease.renew()).rejects.toThrow('no answer')
  clock.pass(9_000_000)
  await lease.renew()
  const writtenAtUs = (await object.read())?.writtenAtUs
  expect(writtenAtUs).toBe(clock.nowUs())
  clock.pass(14_000_000)
  await expect(openObjectLease({ object, clock }).acquire('osaka')).rejects.toMatchObject({
    code: 'LEASE_HELD',
  })
})
