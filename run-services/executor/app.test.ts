import { expect, test } from 'vitest'
import { virtualTime } from '#shared/cloud/process/virtual-time.fixture.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { InstrumentListing } from '#shared/venue/venue.ts'
import { createExecutor, type ExecutorPlan, type ExecutorPorts } from './app.ts'

/** An executor whose venue does not say what it trades until told to. */
function opening() {
  const time = virtualTime()
  const calls: string[] = []
  const listed = Promise.withResolvers<readonly InstrumentListing[]>()
  let isLost = false
  const ports = {
    runtime: { clock: time.clock, timers: time.timers },
    lease: {
      acquire: async () => 7,
      renew: async () => {
        calls.push('renew')
        if (isLost) throw new TradingError('LEASE_LOST', 'somebody else holds it')
      },
      release: async () => void calls.push('release'),
    },
    venues: [() => ({ loadListings: () => listed.promise, stop: async () => {} })],
    report: () => {},
  } as unknown as ExecutorPorts
  const plan = {
    choose: () => {
      throw new TradingError('SYMBOL_UNKNOWN', 'nothing of it is listed')
    },
  } as unknown as ExecutorPlan
  return {
    time,
    calls,
    listed,
    starting: createExecutor(ports, plan).start(),
    lose: () => {
      isLost = true
    },
  }
}

test('the lease is renewed while a slow venue is asked what it trades, and let go when that fails', async () => {
  const { time, calls, listed, starting } = opening()
  await time.pass(10)
  expect(calls).toEqual(['renew', 'renew', 'renew'])
  listed.resolve([])
  await expect(starting).rejects.toMatchObject({ code: 'SYMBOL_UNKNOWN' })
  expect(calls.at(-1)).toBe('release')
  await time.pass(10)
  expect(calls).toHaveLength(4)
})

test('a lease that is lost meanwhile is not asked for again', async () => {
  const { time, calls, listed, starting, lose } = opening()
  lose()
  await time.pass(10)
  expect(calls).toEqual(['renew'])
  listed.resolve([])
  await expect(starting).rejects.toThrow()
})
