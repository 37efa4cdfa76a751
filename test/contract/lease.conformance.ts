import { expect, test } from 'vitest'
import type { Lease } from '#shared/cloud/port.ts'
import type { Clock } from '#shared/kernel/runtime.ts'
import type { Micros } from '#shared/kernel/unit.ts'

const seconds = (count: number): number => count * 1_000_000

/** A clock that a test moves. */
export function movableClock(startUs = 1_700_000_000_000_000): Clock & { pass(us: number): void } {
  let nowUs = startUs
  return {
    nowUs: () => nowUs as Micros,
    pass(us) {
      nowUs += us
    },
  }
}

/**
 * What every lease does. Call inside a `describe`.
 *
 * @param openNew - a lease nobody ever held; calling the result again opens the same one for another process.
 *   Time to live is 15 s of the given clock.
 */
export function leaseConformance(openNew: (clock: Clock) => Promise<() => Lease>): void {
  test('one holder at a time; the other is told who', async () => {
    const open = await openNew(movableClock())
    const first = open()
    expect(await first.acquire('tokyo')).toBe(1)
    const failure = await open()
      .acquire('osaka')
      .catch((error) => error)
    expect(failure).toMatchObject({ code: 'LEASE_HELD' })
    expect(failure.message).toContain('tokyo')
  })

  test('generations only grow, also over release and expiry', async () => {
    const clock = movableClock()
    const open = await openNew(clock)
    const generations: number[] = []
    for (let turn = 0; turn < 6; turn++) {
      const lease = open()
      generations.push(await lease.acquire(`holder-${turn}`))
      if (turn % 2) await lease.release()
      else clock.pass(seconds(15))
    }
    expect(generations).toEqual([...generations].sort((a, b) => a - b))
    expect(new Set(generations).size).toBe(6)
  })

  test('renewing keeps it for longer than its time to live', async () => {
    const clock = movableClock()
    const open = await openNew(clock)
    const holder = open()
    await holder.acquire('tokyo')
    for (let turn = 0; turn < 10; turn++) {
      clock.pass(seconds(15) - 1)
      await expect(open().acquire('osaka')).rejects.toMatchObject({ code: 'LEASE_HELD' })
      await holder.renew()
    }
  })

  test('a holder that was silent too long cannot come back, even when nobody took over', async () => {
    const clock = movableClock()
    const open = await openNew(clock)
    const holder = open()
    await holder.acquire('tokyo')
    clock.pass(seconds(15))
    await expect(holder.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await expect(holder.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })

  test('a holder learns of its successor', async () => {
    const clock = movableClock()
    const open = await openNew(clock)
    const before = open()
    const after = open()
    const first = await before.acquire('tokyo')
    clock.pass(seconds(15))
    expect(await after.acquire('osaka')).toBeGreaterThan(first)
    await expect(before.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await after.renew()
  })

  test('a release frees it at once, and only the holder can', async () => {
    const open = await openNew(movableClock())
    const first = open()
    await first.acquire('tokyo')
    await expect(open().release()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await first.release()
    await expect(first.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await open().acquire('osaka')
  })

  test('of many racers one wins, round after round', { timeout: 60_000 }, async () => {
    const clock = movableClock()
    const open = await openNew(clock)
    let generationBefore = 0
    for (let round = 0; round < 8; round++) {
      const racers = Array.from({ length: 12 }, open)
      const results = await Promise.allSettled(
        racers.map((lease, n) => lease.acquire(`racer-${n}`)),
      )
      const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const lost = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason] : [],
      )
      expect(won.length).toBe(1)
      expect(lost.every(({ code }) => code === 'LEASE_HELD')).toBe(true)
      expect(won[0]).toBeGreaterThan(generationBefore)
      generationBefore = won[0] ?? 0
      clock.pass(seconds(15))
    }
  })

  test('a renewal that races a takeover: never do both hold it', { timeout: 60_000 }, async () => {
    const clock = movableClock()
    const open = await openNew(clock)
    for (let round = 0; round < 20; round++) {
      const holder = open()
      await holder.acquire('tokyo')
      clock.pass(seconds(15) - 1)
      const renewal = holder.renew()
      clock.pass(1)
      const [renewed, taken] = await Promise.allSettled([renewal, open().acquire('osaka')])
      expect([renewed.status, taken.status]).toContain('rejected')
      clock.pass(seconds(15))
    }
  })
}
