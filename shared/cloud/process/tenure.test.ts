import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TradingError } from '#shared/kernel/error.ts'
import type { Lease } from '../port.ts'
import { createTenure } from './tenure.ts'
import { virtualTime } from './virtual-time.fixture.ts'

const heldError = () => new TradingError('LEASE_HELD', 'held by another')
const unreachable = () => new TradingError('PLATFORM_UNREACHABLE', 'no answer')

/** A lease whose answers a test chooses. */
function scriptedLease() {
  const calls: string[] = []
  let answer = (_: string): Promise<void> => Promise.resolve()
  const lease: Lease = {
    async acquire() {
      calls.push('acquire')
      await answer('acquire')
      return 7
    },
    async renew() {
      calls.push('renew')
      await answer('renew')
    },
    async release() {
      calls.push('release')
    },
  }
  return {
    lease,
    calls,
    answerWith(next: (call: string) => Promise<void>) {
      answer = next
    },
  }
}

function open(takeoverWaitSeconds = 15) {
  const time = virtualTime()
  const scripted = scriptedLease()
  const lost: string[] = []
  const tenure = createTenure({
    lease: scripted.lease,
    clock: time.clock,
    timers: time.timers,
    takeoverWaitSeconds,
    onLost: (reason) => lost.push(reason),
    report: () => {},
  })
  return { time, tenure, lost, ...scripted }
}

async function inOffice(takeoverWaitSeconds = 0) {
  const world = open(takeoverWaitSeconds)
  const acquired = world.tenure.acquire('own')
  await world.time.pass(takeoverWaitSeconds)
  expect(await acquired).toBe(7)
  return world
}

test('a standby asks every second until the lease is free', async () => {
  const { time, tenure, calls, answerWith } = open(0)
  answerWith(() => Promise.reject(heldError()))
  const acquired = tenure.acquire('own')
  await time.pass(20.5)
  expect(calls.length).toBe(21)
  expect(tenure.state()).toBe('standby')
  answerWith(() => Promise.resolve())
  await time.pass(1)
  expect(await acquired).toBe(7)
  expect(tenure.mayWrite()).toBe(true)
})

test('nothing is written before what a predecessor signed has lapsed, and the lease is renewed meanwhile', async () => {
  const { time, tenure, calls } = open(15)
  const acquired = tenure.acquire('own')
  let hasBegun = false
  void acquired.then(() => {
    hasBegun = true
  })
  await time.pass(14.9)
  expect([hasBegun, tenure.mayWrite(), tenure.state()]).toEqual([false, false, 'taking over'])
  expect(calls.filter((call) => call === 'renew').length).toBeGreaterThanOrEqual(4)
  await time.pass(0.2)
  expect([hasBegun, tenure.mayWrite(), tenure.state()]).toEqual([true, true, 'writer'])
})

test('a storage that is silent for 9 s does no harm, for 10 s ends the writing by the own clock', async () => {
  const { time, tenure, lost, answerWith } = await inOffice()
  answerWith(() => Promise.reject(unreachable()))
  await time.pass(3)
  await tenure.renew()
  await time.pass(6)
  await tenure.renew()
  expect([tenure.mayWrite(), lost]).toEqual([true, []])
  await time.pass(1)
  expect(tenure.mayWrite()).toBe(false)
  expect(lost).toEqual(['the lease could not be renewed for 10 s'])
})

test('a renewal that hangs does not hide that time passes', async () => {
  const { time, tenure, lost, answerWith } = await inOffice()
  answerWith(() => new Promise(() => {}))
  void tenure.renew()
  await time.pass(10)
  expect([tenure.mayWrite(), lost.length]).toEqual([false, 1])
})

test('time in which the answer was on its way does not count as held', async () => {
  const { time, tenure, answerWith } = await inOffice()
  const { promise, resolve } = Promise.withResolvers<void>()
  answerWith(() => promise)
  const renewed = tenure.renew()
  await time.pass(8)
  resolve()
  await renewed
  await time.pass(1.9)
  expect(tenure.mayWrite()).toBe(true)
  await time.pass(0.2)
  expect(tenure.mayWrite()).toBe(false)
})

test('a lease that somebody else holds ends the writing at once, and is told once', async () => {
  const { time, tenure, lost, answerWith } = await inOffice()
  answerWith(() => Promise.reject(new TradingError('LEASE_LOST', 'somebody else holds it')))
  await expect(tenure.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
  expect(tenure.mayWrite()).toBe(false)
  await expect(tenure.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
  await time.pass(60)
  expect(lost).toEqual(['somebody else holds it'])
})

test('a standby that gives up asks no more; one that takes over releases', async () => {
  const standby = open(0)
  standby.answerWith(() => Promise.reject(heldError()))
  const waiting = standby.tenure.acquire('own')
  waiting.catch(() => {})
  await standby.time.pass(2)
  standby.tenure.giveUp()
  await standby.time.pass(1)
  await expect(waiting).rejects.toMatchObject({ code: 'LEASE_LOST' })

  const taking = open(15)
  const acquired = taking.tenure.acquire('own')
  acquired.catch(() => {})
  await taking.time.pass(5)
  taking.tenure.giveUp()
  await taking.time.pass(3)
  await expect(acquired).rejects.toMatchObject({ code: 'LEASE_LOST' })
  expect(taking.calls.at(-1)).toBe('release')
})

test('whatever the storage does, two tenures never may write at the same time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ who: fc.nat(1), fails: fc.boolean(), waitSeconds: fc.nat(6) }), {
        minLength: 5,
        maxLength: 40,
      }),
      async (script) => {
        const time = virtualTime()
        const shared = { holder: '', renewedAtUs: 0, fails: [false, false] }
        const leaseOf = (who: number): Lease => ({
          async acquire() {
            if (shared.fails[who]) throw unreachable()
            const isFree =
              shared.holder === '' || time.clock.nowUs() - shared.renewedAtUs >= 15_000_000
            if (!isFree) throw heldError()
            shared.holder = String(who)
            shared.renewedAtUs = time.clock.nowUs()
            return 1
          },
          async renew() {
            if (shared.fails[who]) throw unreachable()
            if (shared.holder !== String(who)) throw new TradingError('LEASE_LOST', 'gone')
            shared.renewedAtUs = time.clock.nowUs()
          },
          async release() {
            if (shared.holder === String(who)) shared.holder = ''
          },
        })
        const tenures = [0, 1].map((who) =>
          createTenure({
            lease: leaseOf(who),
            clock: time.clock,
            timers: time.timers,
            takeoverWaitSeconds: 1,
            onLost: () => {},
            report: () => {},
          }),
        )
        for (const tenure of tenures) tenure.acquire('own').catch(() => {})
        for (const { who, fails, waitSeconds } of script) {
          shared.fails[who] = fails
          for (let second = 0; second < waitSeconds; second++) {
            await time.pass(1)
            const writers = tenures.filter((tenure) => tenure.mayWrite())
            expect(writers.length).toBeLessThanOrEqual(1)
            for (const tenure of tenures)
              if (tenure.state() === 'writer') tenure.renew().catch(() => {})
          }
        }
      },
    ),
    { numRuns: 30 },
  )
})

test('who gives up during the takeover wait has let go of the lease, and releasing again is quiet', async () => {
  const { time, tenure, calls, lost } = open(15)
  const acquired = tenure.acquire('own').catch((error: TradingError) => error.code)
  await time.pass(4)
  tenure.giveUp()
  await time.pass(4)
  expect(await acquired).toBe('LEASE_LOST')
  expect(tenure.state()).toBe('ended')
  await tenure.release()
  expect(calls.filter((call) => call === 'release')).toHaveLength(1)
  await time.pass(20)
  expect(lost).toEqual([])
})
