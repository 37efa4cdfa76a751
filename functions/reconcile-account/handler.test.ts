import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalFromQuoteE8 } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import type { Income } from '#shared/venue/aster/codec/account.ts'
import type { ReadableAccount } from '../function-call.ts'
import { functionPorts, noonMs, scheduledAtUs } from '../scripted-market.fixture.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { reconcileAccount } from './handler.ts'
import { compareBookings } from './matching.ts'

type Trade = { tradeId: number; atMs: number; feeE8: bigint; pnlE8: bigint }

const fillRow = ({ tradeId, atMs, feeE8, pnlE8 }: Trade) => ({
  run_id: 'run-1',
  trade_id: tradeId,
  client_order_id: `a-${tradeId}`,
  strategy: 'glft',
  symbol: 'BTCUSDT',
  side: 'buy',
  price: 64_000,
  size: 0.01,
  liquidity: 'maker',
  fee: decimalFromQuoteE8(feeE8),
  realised_pnl: decimalFromQuoteE8(pnlE8),
  mid: 64_000,
  event_time: atMs * 1_000,
  receive_time: atMs * 1_000,
})

const income = (incomeType: string, amountE8: bigint, atMs: number, id: number): Income => ({
  symbol: 'BTCUSDT',
  incomeType,
  amountE8,
  asset: 'USDT',
  transactionId: id,
  ...(incomeType === 'FUNDING_FEE' ? {} : { tradeId: id }),
  timeMs: atMs,
})

const booked = ({ tradeId, atMs, feeE8, pnlE8 }: Trade): Income[] => [
  income('COMMISSION', -feeE8, atMs, tradeId),
  ...(pnlE8 === 0n ? [] : [income('REALIZED_PNL', pnlE8, atMs, tradeId)]),
]

/** A venue whose wallet is the sum of its history. */
function account(history: Income[], openingE8 = 1_000_00000000n): ReadableAccount {
  return {
    name: 'live',
    asset: 'USDT',
    reader: {
      income: async (startMs) => history.filter(({ timeMs }) => timeMs >= startMs),
      wallet: async () => history.reduce((sum, { amountE8 }) => sum + amountE8, openingE8),
    },
  }
}

const trades: Trade[] = [
  { tradeId: 1, atMs: noonMs - 40 * 60_000, feeE8: 6_400_001n, pnlE8: 0n },
  { tradeId: 2, atMs: noonMs - 30 * 60_000, feeE8: 6_400_001n, pnlE8: -123_456_789n },
]
const funding = income('FUNDING_FEE', 77n, noonMs - 20 * 60_000, 9)

async function world(stored: readonly Trade[], history: Income[]) {
  const warehouse = await testWarehouse()
  await warehouse.fill('fills', stored.map(fillRow))
  await warehouse.fill('funding_payments', [
    {
      run_id: 'run-1',
      symbol: 'BTCUSDT',
      transaction_id: 9,
      amount: decimalFromQuoteE8(77n),
      recorded_at: funding.timeMs * 1_000,
    },
  ])
  return { ...functionPorts(), warehouse, accounts: () => [account(history)] }
}

test('equal books are rows and no word', async () => {
  const ports = await world(trades, [...trades.flatMap(booked), funding])
  expect(await reconcileAccount({}, scheduledAtUs, ports)).toMatchObject({
    compared: 4,
    differences: [],
  })
  const rows = await ports.warehouse.rowsOf('account_checks', 'subject')
  expect(rows.map(({ subject, expected, is_equal }) => [subject, expected, is_equal])).toEqual([
    ['BTCUSDT fees', '-0.12800002', true],
    ['BTCUSDT funding', '0.00000077', true],
    ['BTCUSDT realised P&L', '-1.23456789', true],
    ['wallet', '998.63743286', true],
  ])
  expect([...ports.bus.said('alerts'), ...ports.bus.said('commands')]).toEqual([])
})

test('one unit of 1e-8 is a difference: a row, an alert and a kill', async () => {
  const wrong = trades.map((trade, index) =>
    index === 0 ? { ...trade, feeE8: trade.feeE8 + 1n } : trade,
  )
  const ports = await world(wrong, [...trades.flatMap(booked), funding])
  expect(await reconcileAccount({}, scheduledAtUs, ports)).toMatchObject({
    differences: ['live BTCUSDT fees: ours -0.12800003, theirs -0.12800002'],
  })
  expect(ports.bus.said('alerts')).toMatchObject([
    { alert: 'account-mismatch', severity: 'critical' },
  ])
  expect(ports.bus.said('commands')).toMatchObject([{ command: 'kill', by: 'reconcile-account' }])
  const unequal = (await ports.warehouse.rowsOf('account_checks')).filter(
    ({ is_equal }) => !is_equal,
  )
  expect(unequal).toHaveLength(1)
})

const hours = (n: number) => (scheduledAtUs + n * 3_600_000_000) as Micros

test('a row that is late is waited for: nobody is killed, and it is compared when it comes', async () => {
  const ports = await world(trades.slice(0, 1), [...trades.flatMap(booked), funding])
  expect(await reconcileAccount({}, scheduledAtUs, ports)).toMatchObject({
    differences: [],
    waitingForRows: 2,
    withoutRow: [],
  })
  expect([...ports.bus.said('alerts'), ...ports.bus.said('commands')]).toEqual([])
  await ports.warehouse.fill('fills', [fillRow({ ...trades[1]!, feeE8: 1n })])
  expect(await reconcileAccount({}, hours(1), ports)).toMatchObject({
    waitingForRows: 0,
    differences: ['live BTCUSDT fees: ours -0.00000001, theirs -0.06400001'],
  })
})

test('a row that has not come after an hour is told once; a person decides, nobody is killed', async () => {
  const ports = await world(trades.slice(0, 1), [...trades.flatMap(booked), funding])
  for (let hour = 0; hour < 4; hour++) {
    const report = await reconcileAccount({}, hours(hour), ports)
    expect(report).toMatchObject({
      differences: [],
      withoutRow:
        hour === 1
          ? [
              'live BTCUSDT fees without a row: ours 0.00000000, theirs -0.06400001',
              'live BTCUSDT realised P&L without a row: ours 0.00000000, theirs -1.23456789',
            ]
          : [],
    })
  }
  expect(ports.bus.said('commands')).toEqual([])
  expect(ports.bus.said('alerts')).toMatchObject([
    {
      alert: 'account-mismatch',
      summary:
        '2 bookings of the venue have no row here, the first of 2026-11-21T11:30:00Z; trading goes on',
      detail: expect.stringContaining('BTCUSDT fees 2, BTCUSDT realised P&L 2.'),
    },
  ])
  const unequal = (await ports.warehouse.rowsOf('account_checks')).filter(
    ({ is_equal }) => !is_equal,
  )
  expect(unequal).toHaveLength(2)
})

test('however late each row comes within the hour, every booking is compared and nobody is killed', async () => {
  const trade = fc.record({
    atMinute: fc.integer({ min: -50, max: 200 }),
    lateMinutes: fc.integer({ min: 0, max: 55 }),
    feeE8: fc.bigInt({ min: 1n, max: 10n ** 9n }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(trade, { minLength: 1, maxLength: 12 }), async (drawn) => {
      const made = drawn.map(({ atMinute, lateMinutes, feeE8 }, index) => ({
        trade: { tradeId: index, atMs: noonMs + atMinute * 60_000, feeE8, pnlE8: 0n },
        arrivesUs: (noonMs + (atMinute + lateMinutes) * 60_000) * 1_000,
      }))
      const ports = await world([], [])
      const compared = new Set<string>()
      for (let hour = 0; hour < 6; hour++) {
        const atUs = hours(hour)
        const arrived = made.filter(({ arrivesUs }) => arrivesUs <= atUs)
        await ports.warehouse.fill(
          'fills',
          arrived.map(({ trade }) => fillRow(trade)),
        )
        const history = made.map(({ trade }) => trade).filter(({ atMs }) => atMs * 1_000 <= atUs)
        const accounts = () => [account([funding, ...history.flatMap(booked)])]
        const report = await reconcileAccount({}, atUs, { ...ports, accounts })
        expect(report).toMatchObject({ differences: [], withoutRow: [] })
        for (const { subject, checked_at, detail } of await ports.warehouse.rowsOf(
          'account_checks',
        ))
          if (subject === 'BTCUSDT fees') compared.add(`${checked_at} ${detail}`)
      }
      const bookings = [...compared].map((text) => Number(/ (\d+) bookings/.exec(text)?.[1]))
      expect(bookings.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(made.length)
      expect(ports.bus.said('commands')).toEqual([])
    }),
    { numRuns: 8 },
  )
})

test('a venue that does not answer is no difference: nothing is written, nobody is killed', async () => {
  const ports = await world(trades.slice(0, 1), [])
  const silent = async () => {
    throw new TradingError('VENUE_UNREACHABLE', 'no answer')
  }
  const accounts = () => [{ ...account([]), reader: { wallet: silent, income: silent } }]
  await expect(reconcileAccount({}, scheduledAtUs, { ...ports, accounts })).rejects.toMatchObject({
    code: 'VENUE_UNREACHABLE',
  })
  expect(await ports.warehouse.rowsOf('account_checks')).toEqual([])
  expect(ports.bus.said('commands')).toEqual([])
})

test('the wallet has to change by what its history says, from one check to the next', async () => {
  const history = [...trades.flatMap(booked), funding]
  const ports = await world(trades, history)
  await reconcileAccount({}, scheduledAtUs, ports)
  const hour = (n: number) => (scheduledAtUs + n * 3_600_000_000) as Micros
  history.push(income('TRANSFER', 500n, noonMs + 60_000, 77))
  expect(await reconcileAccount({}, hour(1), ports)).toMatchObject({ differences: [] })
  // A unit that left without a booking.
  const accounts = () => [account(history, 1_000_00000000n - 1n)]
  expect(await reconcileAccount({}, hour(2), { ...ports, accounts })).toMatchObject({
    differences: ['live wallet: ours 998.63743786, theirs 998.63743785'],
  })
  expect(ports.bus.said('commands')).toHaveLength(1)
})

test('an account that trades while it is read fits its history at some moment in between', async () => {
  const history = [...trades.flatMap(booked), funding]
  const ports = await world(trades, history)
  await reconcileAccount({}, scheduledAtUs, ports)
  let next = 100
  const lively = account(history)
  const trade = () => history.push(income('COMMISSION', -7n, noonMs + 30_000 + next, next++))
  const accounts = () => [
    {
      ...lively,
      reader: {
        income: async (startMs: number) => {
          trade()
          const rows = await lively.reader.income(startMs)
          trade()
          return rows
        },
        wallet: async () => {
          trade()
          const walletE8 = await lively.reader.wallet()
          trade()
          return walletE8
        },
      },
    },
  ]
  for (let n = 1; n <= 3; n++) {
    const at = (scheduledAtUs + n * 1_000_000) as Micros
    expect(await reconcileAccount({}, at, { ...ports, accounts })).toMatchObject({
      differences: [],
    })
  }
})

/** Edges of what a first check compares. */
const fromMs = scheduledAtUs / 1_000 - 62 * 60_000
const untilMs = scheduledAtUs / 1_000 - 2 * 60_000

test.each([
  ['begins', fromMs, 20_000],
  ['begins', fromMs, -20_000],
  ['ends', untilMs, 20_000],
  ['ends', untilMs, -20_000],
])(
  'a booking that the sides date differently where a check %s (%d, we by %d ms) is found',
  async (_, edgeMs, oursMs) => {
    const trade = { tradeId: 1, feeE8: 7n, pnlE8: -5n }
    const history = booked({ ...trade, atMs: edgeMs - oursMs })
    const ports = await world([{ ...trade, atMs: edgeMs + oursMs }], [...history, funding])
    expect(await reconcileAccount({}, scheduledAtUs, ports)).toMatchObject({
      compared: 4,
      differences: [],
      waitingForRows: 0,
      withoutRow: [],
    })
  },
)

test.each([
  ['before', fromMs - 20_000],
  ['after', untilMs + 20_000],
])('a booking without a row is left to the check %s when it is of its time', async (_, atMs) => {
  const history = booked({ tradeId: 1, feeE8: 7n, pnlE8: 0n, atMs })
  const ports = await world([], [...history, funding])
  expect(await reconcileAccount({}, scheduledAtUs, ports)).toMatchObject({
    compared: 2,
    differences: [],
    waitingForRows: 0,
    withoutRow: [],
  })
  expect(ports.bus.said('alerts')).toEqual([])
})

test('without a key it says why nothing was compared', async () => {
  const ports = { ...(await world(trades, [])), accounts: undefined }
  expect(await reconcileAccount({}, scheduledAtUs, ports)).toMatchObject({
    skipped: expect.stringContaining('aster-reader-key'),
  })
})

test('a booking that the sides date differently across an edge is no difference', () => {
  const trade = fc.record({
    feeE8: fc.bigInt({ min: 0n, max: 10n ** 9n }),
    pnlE8: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
    atMs: fc.integer({ min: 0, max: 100_000 }),
    laterMs: fc.integer({ min: 0, max: 5_000 }),
  })
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 30 }), (drawn) => {
      const fills = drawn.map(({ feeE8, pnlE8, atMs }, index) => ({
        symbol: 'BTCUSDT',
        tradeId: index,
        feeE8,
        realisedPnlE8: pnlE8,
        eventTimeUs: (atMs * 1_000) as Micros,
      }))
      const venue = drawn.flatMap(({ feeE8, pnlE8, atMs, laterMs }, index) =>
        booked({ tradeId: index, atMs: atMs + laterMs, feeE8, pnlE8 }),
      )
      const window = { fromUs: 20_000_000, untilUs: 80_000_000 }
      const { comparisons, unmatched } = compareBookings({ fills, funding: [] }, venue, window)
      for (const { oursE8, theirsE8 } of comparisons) expect(oursE8).toBe(theirsE8)
      expect(unmatched).toEqual([])
    }),
  )
})
