import { expect, test } from 'vitest'
import type { Lots } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import type { QuoteWant, Strategy } from '#shared/strategy/strategy.ts'
import { standardLimits } from '../risk/limits.ts'
import { at, testFill, testInstrument, testMark, testSnapshot } from '../testing/fixture.ts'
import { createIntentHash } from './intent-hash.ts'
import { step } from './step.ts'
import { createOutput, createTrader, type TraderState } from './trader.ts'

/** A strategy that wants exactly what the test tells it to. */
function scripted(name = 'glft') {
  const script: { quotes: QuoteWant[]; target: number | undefined; fills: number } = {
    quotes: [],
    target: undefined,
    fills: 0,
  }
  const strategy: Strategy = {
    name,
    instrumentIds: [0],
    inputs: { volatilityTicks: 3 },
    on(event, _view, wants) {
      if (event.kind === 'fill') script.fills++
      for (const want of script.quotes) wants.quote(want)
      if (script.target !== undefined)
        wants.target({
          instrumentId: 0,
          targetLots: script.target,
          limitTicks: script.target > 0 ? 640_100 : 639_900,
          reason: 'test target',
        })
    },
  }
  return { script, strategy }
}

const quote = (overrides: Partial<QuoteWant> = {}): QuoteWant => ({
  instrumentId: 0,
  slot: 0,
  side: 'buy',
  priceTicks: 639_990,
  sizeLots: 1,
  reason: 'test quote',
  ...overrides,
})

function session(...strategies: Strategy[]) {
  const state = createTrader({
    instruments: [testInstrument()],
    strategies,
    weights: Object.fromEntries(strategies.map(({ name }) => [name, 0.5])),
    limits: standardLimits,
    epoch: 7,
    staleAfterUs: 5_000_000,
    requoteUsMin: 0,
    deadManMs: 0,
  })
  const out = createOutput()
  const feed = (event: DomainEvent) => {
    out.intents.length = 0
    out.decisions.length = 0
    out.orderChanges.length = 0
    step(state, event, out)
    return out.intents.map((intent) =>
      intent.kind === 'place'
        ? `place ${intent.order.clientOrderId} ${intent.order.side} ${intent.order.sizeLots}@${intent.order.priceTicks} ${intent.order.timeInForce}`
        : intent.kind === 'cancel' || intent.kind === 'query'
          ? `${intent.kind} ${intent.clientOrderId}`
          : intent.kind,
    )
  }
  const open = () => {
    feed({ kind: 'balance-report', ...at(1), accountId: 0, walletE8: 10_000n * 10n ** 8n })
    feed({ kind: 'user-stream', ...at(2), accountId: 0, isUp: true, reason: '' })
    feed(testSnapshot(3, 639_995, 640_005))
    feed(testMark(4, 64_000))
    feed({ kind: 'timer', ...at(5) })
    return feed({ kind: 'command', ...at(6), command: 'start', reason: 'test' })
  }
  return { state, out, feed, open }
}

const timer = (us: number): DomainEvent => ({ kind: 'timer', ...at(us) })
const accepted = (us: number, clientOrderId: string): DomainEvent => ({
  kind: 'order-accepted',
  ...at(us),
  clientOrderId,
  venueOrderId: '1',
})
const closed = (us: number, clientOrderId: string, filledLots = 0): DomainEvent => ({
  kind: 'order-closed',
  ...at(us),
  clientOrderId,
  status: 'canceled',
  filledLots: filledLots as Lots,
})

test('nothing is placed before the start, and the quote follows once it is given', () => {
  const { script, strategy } = scripted()
  const { feed, open } = session(strategy)
  script.quotes = [quote()]
  expect(feed(testSnapshot(0, 639_995, 640_005))).toEqual([])
  expect(open()).toEqual([])
  expect(feed(timer(100_000))).toEqual(['place glft-7-1 buy 1@639990 GTX'])
  expect(feed(timer(200_000))).toEqual([])
})

test('a moved quote is canceled first and replaced only after the venue confirms', () => {
  const { script, strategy } = scripted()
  const { feed, open } = session(strategy)
  open()
  script.quotes = [quote()]
  feed(timer(100_000))
  script.quotes = [quote({ priceTicks: 639_980 })]
  expect(feed(timer(200_000))).toEqual([])
  expect(feed(accepted(250_000, 'glft-7-1'))).toEqual(['cancel glft-7-1'])
  expect(feed(timer(300_000))).toEqual([])
  expect(feed(closed(350_000, 'glft-7-1'))).toEqual(['place glft-7-2 buy 1@639980 GTX'])
})

test('an unknown outcome blocks its place and is asked about, never sent again', () => {
  const { script, strategy } = scripted()
  const { feed, open, state } = session(strategy)
  open()
  script.quotes = [quote()]
  feed(timer(100_000))
  feed({ kind: 'order-unknown', ...at(150_000), clientOrderId: 'glft-7-1', reason: 'no reply' })
  expect(feed(timer(200_000))).toEqual([])
  expect(feed(timer(1_200_000))).toEqual(['query glft-7-1'])
  expect(state.desk.open.size).toBe(1)
  const report = (status: 'working' | 'absent'): DomainEvent => ({
    kind: 'order-report',
    ...at(1_300_000),
    clientOrderId: 'glft-7-1',
    status,
    filledLots: 0 as Lots,
  })
  expect(feed(report('working'))).toEqual([])
  expect(state.desk.open.get('glft-7-1')?.state).toBe('working')
})

test('an order that closed with fills still on their way keeps its place until they arrive', () => {
  const { script, strategy } = scripted()
  const { feed, open, state } = session(strategy)
  open()
  script.quotes = [quote({ sizeLots: 2 })]
  feed(timer(100_000))
  feed(accepted(110_000, 'glft-7-1'))
  expect(feed({ ...closed(120_000, 'glft-7-1', 2), status: 'filled' } as DomainEvent)).toEqual([])
  expect(state.desk.open.get('glft-7-1')?.state).toBe('settling')
  feed(testFill({ ...at(130_000), clientOrderId: 'glft-7-1', sizeLots: 1 as Lots, tradeId: 1 }))
  script.quotes = []
  const last = { clientOrderId: 'glft-7-1', sizeLots: 1 as Lots, tradeId: 2 }
  expect(feed(testFill({ ...at(140_000), ...last }))).toEqual([])
  // A filled quote has had its wish; it returns only when the strategy asks again.
  script.quotes = [quote({ sizeLots: 2 })]
  expect(feed(timer(200_000))).toEqual(['place glft-7-2 buy 2@639990 GTX'])
  expect(state.ledger.positions[0]?.lots).toBe(2)
})

test('a lost book pulls the quotes and its return brings them back', () => {
  const { script, strategy } = scripted()
  const { feed, open } = session(strategy)
  open()
  script.quotes = [quote()]
  feed(timer(100_000))
  feed(accepted(110_000, 'glft-7-1'))
  expect(feed({ kind: 'book-lost', ...at(120_000), instrumentId: 0, reason: 'gap' })).toEqual([
    'cancel glft-7-1',
  ])
  expect(feed(closed(130_000, 'glft-7-1'))).toEqual([])
  expect(feed(testSnapshot(140_000, 639_995, 640_005))).toEqual(['place glft-7-2 buy 1@639990 GTX'])
})

test('a lost user stream pulls the quotes, because fills would be told late', () => {
  const { script, strategy } = scripted()
  const { feed, open } = session(strategy)
  const stream = (us: number, isUp: boolean): DomainEvent => ({
    kind: 'user-stream',
    ...at(us),
    accountId: 0,
    isUp,
    reason: 'test',
  })
  open()
  script.quotes = [quote()]
  feed(timer(100_000))
  feed(accepted(110_000, 'glft-7-1'))
  expect(feed(stream(120_000, false))).toEqual(['cancel glft-7-1'])
  expect(feed(closed(130_000, 'glft-7-1'))).toEqual([])
  expect(feed(stream(140_000, true))).toEqual(['place glft-7-2 buy 1@639990 GTX'])
})

test('silence of the feed pulls the quotes within the stated time', () => {
  const { script, strategy } = scripted()
  const { feed, open } = session(strategy)
  open()
  script.quotes = [quote()]
  feed(timer(100_000))
  feed(accepted(110_000, 'glft-7-1'))
  expect(feed(timer(4_900_000))).toEqual([])
  expect(feed(timer(5_100_000))).toEqual(['cancel glft-7-1'])
})

test('kill cancels everything, also an order that arrives later; only resume lifts it', () => {
  const { script, strategy } = scripted()
  const { feed, open, out } = session(strategy)
  open()
  script.quotes = [quote(), quote({ slot: 1, priceTicks: 639_980 })]
  feed(timer(100_000))
  feed(accepted(110_000, 'glft-7-1'))
  const kill: DomainEvent = { kind: 'command', ...at(120_000), command: 'kill', reason: 'operator' }
  expect(feed(kill)).toEqual(['cancel-all'])
  expect(out.decisions.map(({ verdict, reason }) => `${verdict}: ${reason}`)).toEqual([
    'killed: operator',
  ])
  expect(feed(accepted(130_000, 'glft-7-2'))).toEqual(['cancel glft-7-2'])
  feed(closed(140_000, 'glft-7-1'))
  feed(closed(150_000, 'glft-7-2'))
  expect(feed(timer(2_000_000))).toEqual([])
  expect(
    feed({ kind: 'command', ...at(2_100_000), command: 'resume', reason: 'checked' }),
  ).toHaveLength(2)
})

test('flatten closes what is held and nothing else is traded', () => {
  const { strategy, script } = scripted()
  const { feed, open, state } = session(strategy)
  open()
  script.quotes = [quote()]
  feed(timer(100_000))
  feed(testFill({ ...at(110_000), clientOrderId: 'glft-7-1' }))
  expect(state.ledger.positions[0]?.lots).toBe(1)
  feed({ kind: 'command', ...at(120_000), command: 'flatten', reason: 'operator' })
  const placed = feed(timer(2_000_000))
  expect(placed.filter((line) => line.startsWith('place'))).toEqual([
    expect.stringMatching(/sell 1@\d+ IOC$/),
  ])
})

test('a target is reached by taking and stays inside our own quotes', () => {
  const { script, strategy } = scripted()
  const maker = scripted('grid')
  const { feed, open } = session(strategy, maker.strategy)
  open()
  maker.script.quotes = [quote({ side: 'sell', priceTicks: 640_050 })]
  feed(timer(100_000))
  feed(accepted(110_000, 'grid-7-1'))
  script.target = 2
  expect(feed(timer(200_000))).toEqual(['place glft-7-2 buy 2@640049 IOC'])
})

test('opposite targets of two strategies change hands inside before anything is ordered', () => {
  const buyer = scripted('carry')
  const seller = scripted('stat')
  const { feed, open, state } = session(buyer.strategy, seller.strategy)
  open()
  buyer.script.target = 3
  seller.script.target = -2
  const placed = feed(timer(100_000))
  expect(placed).toEqual(['place carry-7-1 buy 1@640100 IOC'])
  expect(state.ledger.subBooks.get('carry')?.get(0)?.position.lots).toBe(2)
  expect(state.ledger.subBooks.get('stat')?.get(0)?.position.lots).toBe(-2)
  expect(state.ledger.positions[0]?.lots).toBe(0)
})

test('funding belongs to who held the position at the settlement', () => {
  const { script, strategy } = scripted()
  const { feed, open, state } = session(strategy)
  open()
  feed({ ...testMark(50_000, 64_000), nextFundingTimeUs: 150_000 } as DomainEvent)
  script.quotes = [quote()]
  feed(timer(100_000))
  feed(testFill({ ...at(110_000), clientOrderId: 'glft-7-1' }))
  feed(timer(160_000))
  // Sold before the venue tells of the payment.
  feed(testFill({ ...at(170_000), clientOrderId: 'glft-7-1', tradeId: 2, side: 'sell' }))
  feed({
    kind: 'funding-paid',
    ...at(180_000),
    instrumentId: 0,
    amountE8: -640_000n,
    transactionId: 5,
  })
  expect(state.ledger.subBooks.get('glft')?.get(0)?.fundingE8).toBe(-640_000n)
})

test('the daily loss stop kills trading by itself', () => {
  const { script, strategy } = scripted()
  const { feed, open, state } = session(strategy)
  open()
  script.quotes = []
  feed(testFill({ ...at(10), clientOrderId: 'x', sizeLots: 700 as Lots }))
  feed(timer(100_000))
  expect(state.killedBecause).toBeUndefined()
  feed(testMark(150_000, 62_000))
  expect(feed(timer(200_000))).toEqual(['cancel-all'])
  expect(state.killedBecause).toMatch(/daily loss/)
})

test('the same events give the same intents', () => {
  const run = () => {
    const { script, strategy } = scripted()
    const { feed, open, state, out } = session(strategy)
    const hash = createIntentHash()
    open()
    for (let index = 0; index < 200; index++) {
      script.quotes = [quote({ priceTicks: 639_900 + (index % 7) })]
      feed(timer(100_000 * (index + 1)))
      for (const intent of out.intents) hash.add(intent)
      for (const entry of [...state.desk.open.values()]) {
        if (entry.state === 'pending')
          feed(accepted(100_000 * (index + 1) + 10, entry.order.clientOrderId))
        for (const intent of out.intents) hash.add(intent)
        if (entry.state === 'canceling')
          feed(closed(100_000 * (index + 1) + 20, entry.order.clientOrderId))
        for (const intent of out.intents) hash.add(intent)
      }
    }
    return { digest: hash.digest(), count: hash.count, orders: sequenceOf(state) }
  }
  const first = run()
  expect(first.count).toBeGreaterThan(50)
  expect(run()).toEqual(first)
})

const sequenceOf = (state: TraderState): number => state.desk.sequence
