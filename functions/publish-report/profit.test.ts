import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EquityRow } from '#shared/cloud/message.ts'
import { decimalFromQuoteE8, quoteE8FromDecimal } from '#shared/kernel/decimal.ts'
import type { Lots, QuoteE8, Ticks } from '#shared/kernel/unit.ts'
import { type Instrument, notionalE8 } from '#shared/market/instrument.ts'
import { applyFill, flatPosition } from '#shared/market/position.ts'
import {
  createLedger,
  equityE8,
  recordBalance,
  recordFill,
  recordFunding,
  recordOpeningPosition,
  unassigned,
} from '#shared/trading/ledger/ledger.ts'
import { splitPnl } from '#shared/trading/ledger/sub-book.ts'
import { at, testFill, testInstrument } from '#shared/trading/testing/fixture.ts'
import { testWarehouse } from '../warehouse.fixture.ts'
import { type DayReport, readDay } from './day.ts'
import { partNames } from './profit.ts'

const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23'] as const
const dayUs = (index: number) => Date.parse(`${days[index]}T00:00:00Z`) * 1_000
const minuteUs = 60_000_000
const hourUs = 60 * minuteUs

/** Rows of before there were epochs have none. */
type StoredRow = Omit<EquityRow, 'epoch'> & { readonly epoch: number | null }

const row = (atUs: number, pnl: string, other: Partial<StoredRow> = {}): StoredRow => ({
  run_id: 'run-1',
  epoch: 1,
  strategy: 'total',
  recorded_at: atUs,
  equity: '1000.00000000',
  pnl,
  spread_pnl: '0.00000000',
  price_pnl: pnl,
  fees: '0.00000000',
  funding: '0.00000000',
  ...other,
})

async function reportsOf(rows: readonly StoredRow[]): Promise<readonly DayReport[]> {
  const warehouse = await testWarehouse()
  await warehouse.fill(
    'equity',
    rows.map((each) => ({ ...each })),
  )
  const reports: DayReport[] = []
  for (const [index, day] of days.entries())
    reports.push(await readDay(warehouse, day, dayUs(index) + 25 * hourUs))
  return reports
}

test('a position that a run takes over is not lost a second time', async () => {
  // Bought at 100; at 90 the process is replaced, and the next one begins with the loss it found open.
  const [report] = await reportsOf([
    row(dayUs(0) + hourUs, '0'),
    row(dayUs(0) + 6 * hourUs, '-10', { equity: '990' }),
    row(dayUs(0) + 6.01 * hourUs, '-10', { run_id: 'run-2', epoch: 2, equity: '990' }),
    row(dayUs(0) + 23.99 * hourUs, '-12', { run_id: 'run-2', epoch: 2, equity: '988' }),
  ])
  expect(report?.total).toMatchObject({ pnl: '-12.00000000', price: '-12.00000000' })
  expect(report?.missing.slice(0, 2)).toEqual([
    'No equity was recorded before 2026-11-20T01:00:00Z.',
    'Nothing was recorded from 2026-11-20T06:00:00Z to 2026-11-20T06:00:36Z, between run-1 (epoch 1) and run-2 (epoch 2): equity was 990.00000000 before and 990.00000000 after. That difference is in no P&L.',
  ])
})

test('nor when the run goes on under its name', async () => {
  const [report] = await reportsOf([
    row(dayUs(0), '0'),
    row(dayUs(0) + 6 * hourUs, '-10'),
    row(dayUs(0) + 6.01 * hourUs, '-10', { epoch: 2 }),
    row(dayUs(0) + 11 * hourUs, '-12', { epoch: 2 }),
  ])
  expect(report?.total?.pnl).toBe('-12.00000000')
  expect(report?.profit).toHaveLength(1)
  expect(report?.lines['run-1']?.map(([, pnl]) => pnl)).toEqual([0, -10, -10, -12])
  expect(report?.missing).toContain(
    'No equity was recorded after 2026-11-20T11:00:00Z: the executor did not trade, or its rows are late; publish-report for this day once more counts them.',
  )
})

test('a run that is silent over midnight, or for a whole day, counts from its last row', async () => {
  const reports = await reportsOf([
    row(dayUs(0) + 23.9 * hourUs, '1000'),
    row(dayUs(1) + 2 * minuteUs, '1001'),
    row(dayUs(1) + 11 * hourUs, '1003'),
    row(dayUs(3) + 11 * hourUs, '1010'),
  ])
  expect(reports.map(({ total }) => total?.pnl)).toEqual([
    '0.00000000',
    '3.00000000',
    undefined,
    '7.00000000',
  ])
})

test('a strategy that turns up later than its session had nothing before', async () => {
  const [report] = await reportsOf([
    row(dayUs(0) + hourUs, '-10'),
    row(dayUs(0) + 2 * hourUs, '-11'),
    row(dayUs(0) + hourUs, '-10', { strategy: 'glft' }),
    row(dayUs(0) + 2 * hourUs, '-10', { strategy: 'glft' }),
    row(dayUs(0) + 2 * hourUs, '-1', { strategy: unassigned }),
  ])
  expect(report?.profit.map(({ strategy, pnl }) => [strategy, pnl])).toEqual([
    ['glft', '0.00000000'],
    ['total', '-1.00000000'],
    [unassigned, '-1.00000000'],
  ])
})

test.each<[sessions: readonly (readonly [number, number])[], silences: readonly string[]]>([
  // A session of the whole day recorded what lies between two others.
  [
    [
      [0, 24],
      [1, 2],
      [9, 10],
    ],
    [],
  ],
  [
    [
      [0, 5],
      [1, 2],
      [9, 24],
    ],
    ['from 05:00 to 09:00, between epoch 1 and epoch 3'],
  ],
  [
    [
      [0, 5],
      [3, 24],
    ],
    [],
  ],
  [
    [
      [0, 5],
      [5, 24],
    ],
    [],
  ],
  [
    [
      [0, 1],
      [2, 3],
      [4, 24],
    ],
    [
      'from 01:00 to 02:00, between epoch 1 and epoch 2',
      'from 03:00 to 04:00, between epoch 2 and epoch 3',
    ],
  ],
])('of sessions at the hours %j nothing was recorded %j', async (sessions, silences) => {
  const [report] = await reportsOf(
    sessions.flatMap((hours, index) =>
      hours.map((hour) =>
        row(dayUs(0) + (hour === 24 ? 24 * hourUs - 1 : hour * hourUs), '0', {
          run_id: `run-${index}`,
          epoch: index + 1,
        }),
      ),
    ),
  )
  const told =
    /from \S+T(\d\d:\d\d):00Z to \S+T(\d\d:\d\d):00Z, between \S+ \((epoch \d)\) and \S+ \((epoch \d)\)/
  expect(report?.missing.filter((line) => line.startsWith('Nothing was recorded'))).toHaveLength(
    silences.length,
  )
  expect(
    report?.missing.flatMap((line) => {
      const [, from, until, before, after] = told.exec(line) ?? []
      return from === undefined ? [] : [`from ${from} to ${until}, between ${before} and ${after}`]
    }),
  ).toEqual(silences)
})

test('rows of before there were epochs are one session of their run', async () => {
  const [report] = await reportsOf([
    row(dayUs(0), '1', { epoch: null }),
    row(dayUs(0) + 6 * hourUs, '-10', { epoch: null }),
    row(dayUs(0) + 7 * hourUs, '-10', { epoch: 4 }),
    row(dayUs(0) + 8 * hourUs, '-12', { epoch: 4 }),
  ])
  expect(report?.total?.pnl).toBe('-13.00000000')
  expect(report?.lines['run-1']?.map(([, pnl]) => pnl)).toEqual([0, -11, -11, -13])
})

type Step =
  | {
      readonly kind: 'fill'
      readonly strategy: string
      readonly lots: number
      readonly edge: number
    }
  | { readonly kind: 'mark'; readonly ticks: number }
  | { readonly kind: 'funding'; readonly amountE8: bigint }
  | { readonly kind: 'restart'; readonly isNewRun: boolean }
  | { readonly kind: 'silence'; readonly rows: number }

const lots = fc.integer({ min: -5, max: 5 }).filter((size) => size !== 0)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('fill' as const),
    strategy: fc.constantFrom('glft', 'grid', 'manual'),
    lots,
    edge: fc.integer({ min: -3, max: 3 }),
  }),
  fc.record({ kind: fc.constant('mark' as const), ticks: fc.integer({ min: -200, max: 200 }) }),
  fc.record({
    kind: fc.constant('funding' as const),
    amountE8: fc.bigInt({ min: -1_000n, max: 1_000n }),
  }),
  fc.record({ kind: fc.constant('restart' as const), isNewRun: fc.boolean() }),
  fc.record({ kind: fc.constant('silence' as const), rows: fc.integer({ min: 1, max: 3 }) }),
)
const life = fc.array(fc.record({ step, minutes: fc.integer({ min: 1, max: 300 }) }), {
  minLength: 2,
  maxLength: 40,
})

/** An account with real books, whose trader is replaced now and then and takes over what is open. */
function rowsOf(steps: readonly { readonly step: Step; readonly minutes: number }[]) {
  const instrument: Instrument = testInstrument()
  const venue = { walletE8: 1_000n * 10n ** 8n, position: flatPosition() }
  let markTicks = 640_000
  let nowUs = dayUs(0) + 20 * hourUs
  let run = 1
  let epoch = 0
  let silentRows = 0
  let ledger = createLedger([instrument])
  const rows: EquityRow[] = []
  const open = () => {
    epoch++
    ledger = createLedger([instrument])
    recordBalance(ledger, {
      kind: 'balance-report',
      ...at(nowUs),
      accountId: 0,
      walletE8: venue.walletE8,
    })
    recordOpeningPosition(ledger, {
      kind: 'position-report',
      ...at(nowUs),
      instrumentId: 0,
      positionLots: venue.position.lots as Lots,
      entryCostE8: venue.position.costE8,
    })
  }
  const tell = () => {
    if (silentRows-- > 0) return
    const markE8 = markTicks * 10_000_000
    const sum = { pnl: 0n, spread: 0n, price: 0n, fees: 0n, funding: 0n }
    const record = (strategy: string, equity: QuoteE8, split: typeof sum) =>
      rows.push({
        run_id: `run-${run}`,
        epoch,
        strategy,
        recorded_at: nowUs,
        equity: decimalFromQuoteE8(equity),
        pnl: decimalFromQuoteE8(split.pnl),
        spread_pnl: decimalFromQuoteE8(split.spread),
        price_pnl: decimalFromQuoteE8(split.price),
        fees: decimalFromQuoteE8(split.fees),
        funding: decimalFromQuoteE8(split.funding),
      })
    for (const name of new Set(['glft', 'grid', ...ledger.subBooks.keys()])) {
      const own = { pnl: 0n, spread: 0n, price: 0n, fees: 0n, funding: 0n }
      for (const book of ledger.subBooks.get(name)?.values() ?? []) {
        const split = splitPnl(book, markE8)
        own.pnl += split.pnlE8
        own.spread += split.spreadE8
        own.price += split.priceE8
        own.fees += split.feesE8
        own.funding += split.fundingE8
      }
      for (const name of partNames) sum[name] += own[name]
      record(name, 0n, own)
    }
    record('total', equityE8(ledger, () => markE8) ?? 0n, sum)
  }
  open()
  tell()
  for (const [index, { step, minutes }] of steps.entries()) {
    nowUs += minutes * minuteUs
    if (step.kind === 'mark') markTicks += step.ticks
    if (step.kind === 'silence') silentRows = step.rows
    if (step.kind === 'funding') {
      venue.walletE8 += step.amountE8
      recordFunding(ledger, {
        kind: 'funding-paid',
        ...at(nowUs),
        instrumentId: 0,
        amountE8: step.amountE8,
        transactionId: index,
      })
    }
    if (step.kind === 'fill') {
      const priceTicks = (markTicks + step.edge) as Ticks
      const valueE8 = notionalE8(instrument, priceTicks, Math.abs(step.lots) as Lots)
      const realisedPnlE8 = applyFill(venue.position, step.lots, step.lots > 0 ? valueE8 : -valueE8)
      venue.walletE8 += realisedPnlE8 - 7n
      recordFill(
        ledger,
        testFill({
          ...at(nowUs),
          tradeId: index,
          side: step.lots > 0 ? 'buy' : 'sell',
          priceTicks,
          sizeLots: Math.abs(step.lots) as Lots,
          feeE8: 7n,
          realisedPnlE8,
        }),
        step.strategy,
        2 * markTicks,
      )
    }
    if (step.kind === 'restart') {
      if (step.isNewRun) run++
      open()
    }
    tell()
  }
  return rows
}

const e8 = (text: string): bigint => quoteE8FromDecimal(text)
const columns = {
  pnl: 'pnl',
  spread: 'spread_pnl',
  price: 'price_pnl',
  fees: 'fees',
  funding: 'funding',
} as const

test('the days add up to what every session gained, whatever restarts happen and wherever midnight falls', async () => {
  await fc.assert(
    fc.asyncProperty(life, async (steps) => {
      const rows = rowsOf(steps)
      fc.pre(rows.at(-1)!.recorded_at < dayUs(3) + 24 * hourUs)
      const reports = await reportsOf(rows)
      const sessions = [...Map.groupBy(rows, (each) => each.epoch).values()]
      for (const part of partNames) {
        const gained = (ofSession: readonly EquityRow[]) => {
          const totals = ofSession.filter(({ strategy }) => strategy === 'total')
          return e8(totals.at(-1)![columns[part]]) - e8(totals[0]![columns[part]])
        }
        const told = reports.reduce((sum, { total }) => sum + e8(total?.[part] ?? '0'), 0n)
        expect(told).toBe(sessions.reduce((sum, session) => sum + gained(session), 0n))
      }
      // The account: what the sessions gained and what happened between them is all that its equity changed by.
      const totals = rows.filter(({ strategy }) => strategy === 'total')
      const between = totals
        .slice(1)
        .reduce(
          (sum, next, index) =>
            next.epoch === totals[index]!.epoch
              ? sum
              : sum + e8(next.equity) - e8(totals[index]!.equity),
          0n,
        )
      const told = reports.reduce((sum, { total }) => sum + e8(total?.pnl ?? '0'), 0n)
      // The venue's average cost may round by a unit at each fill.
      const left = told + between - (e8(totals.at(-1)!.equity) - e8(totals[0]!.equity))
      expect(Number(left < 0n ? -left : left)).toBeLessThanOrEqual(2 * steps.length)
      for (const { profit, total } of reports) {
        if (!total) continue
        const own = profit.filter(({ strategy }) => strategy !== 'total')
        for (const part of partNames)
          expect(own.reduce((sum, each) => sum + e8(each[part]), 0n)).toBe(e8(total[part]))
        for (const each of [...profit, total])
          expect(e8(each.pnl)).toBe(
            e8(each.spread) + e8(each.price) - e8(each.fees) + e8(each.funding),
          )
      }
    }),
    { numRuns: 25 },
  )
})
