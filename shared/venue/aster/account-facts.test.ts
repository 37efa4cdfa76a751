import { expect, test } from 'vitest'
import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { createAccountFacts } from './account-facts.ts'
import type { Execution } from './codec/account.ts'
import { exampleInstrument, exampleStartUs } from './fixture.ts'
import { createOrderMemory } from './order-memory.ts'

function factsOn() {
  const events: DomainEvent[] = []
  const memory = createOrderMemory()
  const btc = exampleInstrument()
  const facts = createAccountFacts({
    clock: { nowUs: () => exampleStartUs },
    accountId: 3,
    instrumentBySymbol: new Map([[btc.symbol, btc]]),
    memory,
    emit: (event) => events.push(event),
  })
  return { btc, events, facts, memory }
}

const execution = (tradeId: number): Execution => ({
  tradeId,
  venueOrderId: '9',
  side: 'buy',
  priceTicks: 1_000 as Ticks,
  sizeLots: 2 as Lots,
  isMaker: true,
  feeE8: 5n,
  realisedPnlE8: 0n,
  timeUs: exampleStartUs,
})

test('a fill is told once, and those in the opening position never', () => {
  const { btc, events, facts } = factsOn()
  facts.setOpeningTrade(btc.id, 100)
  expect([100, 99, 101, 101, 103, 102].map((id) => facts.fill(btc, 'a', execution(id)))).toEqual([
    false,
    false,
    true,
    false,
    true,
    true,
  ])
  expect(events.map((e) => e.kind === 'fill' && e.tradeId)).toEqual([101, 103, 102])
  expect(facts.factCount).toBe(3)
})

test('the same trade id on two instruments is two fills', () => {
  const { btc, facts } = factsOn()
  expect(facts.fill(btc, 'a', execution(1))).toBe(true)
  expect(facts.fill(exampleInstrument({ id: 1, symbol: 'ETHUSDT' }), 'b', execution(1))).toBe(true)
})

test('an older wallet does not follow a newer one', () => {
  const { events, facts } = factsOn()
  facts.wallet(10n, 2_000 as Micros)
  facts.wallet(9n, 1_000 as Micros)
  facts.wallet(11n, 2_000 as Micros)
  expect(events.map((e) => e.kind === 'balance-report' && e.walletE8)).toEqual([10n, 11n])
})

test('settlements in the opening wallet, and of symbols not traded, are not told', () => {
  const { events, facts } = factsOn()
  const row = {
    symbol: 'BTCUSDT',
    incomeType: 'FUNDING_FEE',
    amountE8: -7n,
    asset: 'USDT',
    transactionId: 1,
    timeMs: 5,
  }
  facts.setOpeningIncome([row])
  expect(facts.funding(row)).toBe(false)
  expect(facts.funding({ ...row, transactionId: 2 })).toBe(true)
  expect(facts.funding({ ...row, transactionId: 2 })).toBe(false)
  expect(facts.funding({ ...row, transactionId: 3, symbol: 'DOGEUSDT' })).toBe(true)
  expect(events).toMatchObject([{ kind: 'funding-paid', transactionId: 2, amountE8: -7n }])
})

test('orders are found by the venue’s name, and open ones are those acknowledged and not closed', () => {
  const { btc, facts, memory } = factsOn()
  memory.remember('a', btc, 77)
  expect(memory.open()).toEqual([])
  const state = {
    clientOrderId: 'a',
    venueOrderId: '9',
    symbol: 'BTCUSDT',
    status: 'working',
    filledLots: 0 as Lots,
    eventTimeUs: exampleStartUs,
  } as const
  facts.order(btc, state)
  expect(memory.clientIdOf(btc.id, '9')).toBe('a')
  expect(memory.open().map((o) => o.clientOrderId)).toEqual(['a'])
  facts.order(btc, { ...state, status: 'canceled' })
  expect(memory.open()).toEqual([])
  expect(memory.find('a')?.placingNonce).toBe(77)
})

test('the memory forgets closed orders before open ones', () => {
  const { btc, memory } = factsOn()
  memory.remember('open', btc, 1)
  memory.acknowledge('open', btc, 'v-open')
  for (let n = 0; n < 20_100; n++) {
    memory.remember(`closed-${n}`, btc, n)
    memory.acknowledge(`closed-${n}`, btc, `v-${n}`)
    memory.close(`closed-${n}`)
  }
  expect(memory.find('open')).toBeDefined()
  expect(memory.find('closed-0')).toBeUndefined()
  expect(memory.clientIdOf(btc.id, 'v-0')).toBeUndefined()
  expect(memory.find('closed-20099')).toBeDefined()
})
