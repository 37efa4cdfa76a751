import { expect, test } from 'vitest'
import { tables } from '#shared/cloud/manifest/table.ts'
import type { EquityRow } from '#shared/cloud/message.ts'
import type { Bus, Message } from '#shared/cloud/port.ts'
import type { Lots } from '#shared/kernel/unit.ts'
import type { DomainEvent } from '#shared/market/event.ts'
import { step } from '#shared/trading/engine/step.ts'
import { createOutput, createTrader } from '#shared/trading/engine/trader.ts'
import { standardLimits } from '#shared/trading/risk/limits.ts'
import { at, testInstrument, testMark } from '#shared/trading/testing/fixture.ts'
import { createPublisher } from './publish.ts'

const second = 1_000_000

/** Feeds a trader as the venue does and keeps the equity rows that come of it. */
function rowsOf(events: readonly DomainEvent[]): readonly EquityRow[] {
  const state = createTrader({
    instruments: [testInstrument()],
    strategies: [],
    weights: {},
    limits: standardLimits,
    epoch: 7,
    staleAfterUs: 5 * second,
    requoteUsMin: 0,
    deadManMs: 0,
  })
  const rows: EquityRow[] = []
  const bus: Bus = {
    publish: (topic: string, message: Message) => {
      if (topic === 'equity-rows') rows.push(message as unknown as EquityRow)
    },
    subscribe: () => () => {},
    flush: async () => {},
    close: () => {},
  }
  const publisher = createPublisher(bus, state, { runId: 'run-2', mode: 'live' })
  const out = createOutput()
  for (const event of events) {
    step(state, event, out)
    publisher.tell(event, out)
    out.decisions.length = 0
  }
  return rows
}

const wallet = (us: number): DomainEvent => ({
  kind: 'balance-report',
  ...at(us),
  accountId: 0,
  walletE8: 1_000n * 10n ** 8n,
})
const position = (us: number): DomainEvent => ({
  kind: 'position-report',
  ...at(us),
  instrumentId: 0,
  positionLots: 1_000 as Lots,
  entryCostE8: 100n * 10n ** 8n,
})
const start = (us: number): DomainEvent => ({
  kind: 'command',
  ...at(us),
  command: 'start',
  reason: 'session begins',
})

test('the first row of a session holds the loss that it found open, under its epoch', () => {
  const rows = rowsOf([
    // The wallet is told first: until the position comes the account looks as if it had lost nothing.
    wallet(second),
    position(second),
    testMark(3 * second, 90),
    start(5 * second),
    testMark(7 * second, 88),
  ])
  const totals = rows.filter(({ strategy }) => strategy === 'total')
  expect(totals.map(({ epoch, equity, pnl }) => [epoch, equity, pnl])).toEqual([
    [7, '990.00000000', '-10.00000000'],
    [7, '988.00000000', '-12.00000000'],
  ])
})

test('a session that takes over in the same run overwrites nothing of the one before', () => {
  expect(tables.decisions.key).toEqual(['run_id', 'epoch', 'sequence'])
  expect(tables.equity.key).toContain('recorded_at')
})
