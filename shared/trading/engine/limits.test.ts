import { expect, test } from 'vitest'
import type { Lots } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { readTape } from '#shared/market/tape/decode.ts'
import { createTapeEncoder } from '#shared/market/tape/encode.ts'
import type { Strategy } from '#shared/strategy/strategy.ts'
import { standardLimits } from '../risk/limits.ts'
import { at, testFill, testInstrument, testMark, testSnapshot } from '../testing/fixture.ts'
import { createIntentHash } from './intent-hash.ts'
import { step } from './step.ts'
import { clearOutput, createOutput, createTrader, type Guard, guardOf } from './trader.ts'

/** Wants one lot-by-lot buy of 6 lots: 384 of 10,000 quote at 64,000. */
const buyer: Strategy = {
  name: 'glft',
  instrumentIds: [0],
  inputs: {},
  on: (_event, _view, wants) =>
    wants.quote({
      instrumentId: 0,
      slot: 0,
      side: 'buy',
      priceTicks: 639_990,
      sizeLots: 6,
      reason: 'test',
    }),
}

function session(guard?: Guard) {
  const state = createTrader({
    instruments: [testInstrument()],
    strategies: [buyer],
    weights: { glft: 1 },
    limits: standardLimits,
    epoch: 7,
    staleAfterUs: 5_000_000,
    requoteUsMin: 0,
    deadManMs: 0,
    ...(guard ? { guard } : {}),
  })
  const out = createOutput()
  const hash = createIntentHash()
  const feed = (event: DomainEvent) => {
    clearOutput(out)
    step(state, event, out)
    for (const intent of out.intents) hash.add(intent)
    return out.intents.map(({ kind }) => kind)
  }
  return { state, out, feed, hash }
}

const opening: readonly DomainEvent[] = [
  { kind: 'balance-report', ...at(1), accountId: 0, walletE8: 10_000n * 10n ** 8n },
  { kind: 'user-stream', ...at(2), accountId: 0, isUp: true, reason: '' },
  testSnapshot(3, 639_995, 640_005),
  testMark(4, 64_000),
  { kind: 'timer', ...at(5) },
  { kind: 'command', ...at(6), command: 'start', reason: 'test' },
  { kind: 'timer', ...at(100_000) },
]
const limits = (us: number, given: Record<string, number>): DomainEvent => ({
  kind: 'command',
  ...at(us),
  command: 'limits',
  limits: given,
  reason: 'thin books',
})
const canceled = (us: number, clientOrderId: string): DomainEvent => ({
  kind: 'order-closed',
  ...at(us),
  clientOrderId,
  status: 'canceled',
  filledLots: 0 as Lots,
})
const accepted = (us: number, clientOrderId: string): DomainEvent => ({
  kind: 'order-accepted',
  ...at(us),
  clientOrderId,
  venueOrderId: '1',
})
const timer = (us: number): DomainEvent => ({ kind: 'timer', ...at(us) })

const story: readonly DomainEvent[] = [
  ...opening,
  accepted(110_000, 'glft-7-1'),
  limits(120_000, { positionRatioMax: 0.01 }),
  canceled(130_000, 'glft-7-1'),
  timer(2_000_000),
  limits(2_100_000, { positionRatioMax: 1 }),
  timer(4_000_000),
]

test('a tightened limit cancels what works and refuses it anew; given back, it is placed again', () => {
  const { feed, out, state } = session()
  const kinds = story.map((event) => [event.receiveTimeUs as number, feed(event)] as const)
  const when = (us: number) => kinds.find(([atUs]) => atUs === us)?.[1]
  expect(when(120_000)).toEqual(['cancel'])
  expect(when(2_000_000)).toEqual([])
  expect(when(4_000_000)).toEqual(['place'])
  expect(state.limits).toEqual(standardLimits)
  expect(out.decisions.map(({ verdict }) => verdict)).toEqual(['placed'])
})

test('the change is in the log of decisions, with what holds afterwards', () => {
  const { feed, out } = session()
  for (const event of opening) feed(event)
  feed(limits(120_000, { leverageMax: 2 }))
  expect(out.decisions).toMatchObject([
    {
      verdict: 'limits-changed',
      reason: 'thin books',
      inputs: { ...standardLimits, leverageMax: 2 },
    },
  ])
})

test('a tightened daily stop kills where the ceiling would not yet', () => {
  const { feed, state } = session()
  for (const event of opening) feed(event)
  feed(limits(120_000, { dailyLossRatioMax: 0.01 }))
  // 0.3 of the base at 64,000 lose 120 of 10,000.
  feed(testFill({ ...at(130_000), sizeLots: 300 as Lots }))
  feed(testMark(140_000, 63_600))
  feed(timer(200_000))
  expect(state.killedBecause).toBe('daily loss reached 1 % of equity')
})

test('what was tightened outlives the process, and never exceeds the ceiling of the next one', () => {
  const { feed, state } = session()
  for (const event of opening) feed(event)
  expect(guardOf(state)).not.toHaveProperty('limits')
  feed(limits(120_000, { leverageMax: 2 }))
  const guard = guardOf(state)!
  expect(guard.limits).toEqual({ ...standardLimits, leverageMax: 2 })
  expect(session(guard).state.limits).toEqual({ ...standardLimits, leverageMax: 2 })
  const wide = { ...guard, limits: { ...standardLimits, leverageMax: 50 } }
  expect(session(wide).state.limits).toEqual(standardLimits)
})

test('a kill from before the first equity is known outlives the process', () => {
  const { feed, state } = session()
  for (const event of opening.slice(0, 4)) feed(event)
  feed({ kind: 'command', ...at(5), command: 'kill', reason: 'maintenance' })
  feed({ kind: 'command', ...at(6), command: 'start', reason: 'test' })
  feed(timer(100_000))
  expect(guardOf(state)).toMatchObject({ killedBecause: 'maintenance' })
})

test('read back from tape, the same events give the same intents', async () => {
  const header = { version: 1, source: 'executor', instruments: [testInstrument()], attributes: {} }
  const encoder = createTapeEncoder(header as Parameters<typeof createTapeEncoder>[0])
  const live = session()
  for (const event of story) {
    encoder.append(event)
    live.feed(event)
  }
  const bytes = encoder.finish()
  const tape = await readTape(
    (async function* () {
      yield bytes
    })(),
  )
  const replay = session()
  for await (const event of tape.events) replay.feed(event)
  expect(replay.hash.count).toBe(3)
  expect(replay.hash.digest()).toBe(live.hash.digest())
})
