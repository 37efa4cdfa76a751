import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#shared/kernel/unit.ts'
import { createNonceSource } from './nonce.ts'

test('nonces strictly increase and are never ahead of the venue, whatever the latency', () => {
  const step = fc.record({
    passedUs: fc.integer({ min: 0, max: 2_000_000 }),
    latencyUs: fc.integer({ min: 0, max: 500_000 }),
    isReading: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: -5_000_000, max: 5_000_000 }),
      fc.array(step, { minLength: 1, maxLength: 60 }),
      (trueOffsetUs, steps) => {
        let nowUs = 1_700_000_000_000_000
        const nonces = createNonceSource({ nowUs: () => nowUs as Micros })
        let last = 0
        let isSynced = false
        for (const { passedUs, latencyUs, isReading } of steps) {
          nowUs += passedUs
          if (isReading) {
            const serverTimeMs = Math.floor((nowUs + trueOffsetUs) / 1_000)
            nowUs += latencyUs
            nonces.observeServerTime(serverTimeMs, nowUs as Micros)
            isSynced = true
          }
          const nonce = nonces.next()
          expect(nonce).toBeGreaterThan(last)
          // Once ahead because no reading was there yet, it may only count up until the venue has caught up.
          if (isSynced && last < nowUs + trueOffsetUs)
            expect(nonce).toBeLessThanOrEqual(nowUs + trueOffsetUs)
          last = nonce
        }
      },
    ),
  )
})

test('two nonces within one microsecond differ', () => {
  const nonces = createNonceSource({ nowUs: () => 1_700_000_000_000_000 as Micros })
  const drawn = Array.from({ length: 1_000 }, () => nonces.next())
  expect(new Set(drawn).size).toBe(1_000)
  expect(drawn[0]).toBe(1_700_000_000_000_000 - 20_000)
})
