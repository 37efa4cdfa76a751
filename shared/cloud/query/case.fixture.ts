import type { TableName } from '../manifest/table.ts'
import type { QueryResult, Row } from '../port.ts'
import {
  bookedFillsQuery,
  bookedFundingQuery,
  lastAccountChecksQuery,
  readBookedFills,
  readBookedFunding,
  readLastAccountChecks,
} from './account.ts'
import { auditAfterSql, auditBeforeSql, auditRowsFrom } from './audit.ts'
import { candleSpanQuery, readCandleSpans } from './candle.ts'
import { latestChecksQuery, readLatestChecks } from './check-state.ts'
import {
  accountCheckCountQuery,
  checkSumsQuery,
  fillSumsQuery,
  fundingSumsQuery,
  readAccountCheckCount,
  readCheckSums,
  readFillSums,
  readFundingSums,
} from './day-report.ts'
import { fundingIntervalsQuery, readFundingIntervals } from './funding-interval.ts'
import { lastHeartbeatQuery, readLastHeartbeat } from './heartbeat.ts'
import { markDifferenceQuery, readMarkDifferences } from './mark.ts'
import { profitEndsQuery, profitLineQuery, readProfitEnds, readProfitLine } from './profit.ts'
import { latestPromotionsQuery, readPromotions } from './promotion.ts'
import { readSpend, spendQuery } from './spend.ts'
import { newestRowQuery, readNewestRows } from './staleness.ts'
import { readTrainingRuns, trainingRunsQuery } from './training-run.ts'

/** Midnight UTC of 2026-11-20. Times below are microseconds after it. */
const day = 1_795_132_800_000_000
const minute = 60_000_000
const span = { fromUs: day, untilUs: day + 1_440 * minute }
const symbols = ['BTCUSDT', 'ETHUSDT']

const fill = (trade_id: number, at: number, other: Row = {}): Row => ({
  run_id: 'run-1',
  trade_id,
  client_order_id: `glft-1-${trade_id}`,
  strategy: 'glft',
  symbol: 'BTCUSDT',
  side: 'buy',
  price: 64_000,
  size: 0.5,
  liquidity: 'maker',
  fee: '0.00000001',
  realised_pnl: '-1.5',
  mid: null,
  event_time: day + at,
  receive_time: day + at + 7,
  ...other,
})
const payment = (transaction_id: number, at: number, amount: string): Row => ({
  run_id: 'run-1',
  symbol: 'BTCUSDT',
  transaction_id,
  amount,
  recorded_at: day + at,
})
const equity = (at: number, pnl: string, other: Row = {}): Row => ({
  run_id: 'run-1',
  epoch: 3,
  strategy: 'total',
  recorded_at: day + at,
  equity: '500.00000001',
  pnl,
  spread_pnl: '1',
  price_pnl: '-2',
  fees: '0.3',
  funding: '0.00000004',
  ...other,
})
const candle = (symbol: string, at: number): Row => ({
  venue: 'aster',
  symbol,
  interval: '1m',
  open_time: day + at,
  open: 1,
  high: 2,
  low: 0.5,
  close: 1.5,
  volume: 10,
  quote_volume: 15,
  trades: 3,
})
const mark = (source: string, at: number, mark_price: number): Row => ({
  source,
  symbol: 'BTCUSDT',
  observed_at: day + at,
  mark_price,
  index_price: null,
})
const check = (at: number, is_ok: boolean): Row => ({
  check_name: 'candle-gap',
  subject: 'BTCUSDT',
  checked_at: day + at,
  is_ok,
  observed: 1,
  allowed: null,
  detail: "it's a text",
})
const audit = (sequence: number, status: number | null): Row => ({
  sequence,
  recorded_at: day + sequence,
  request_id: `request-${sequence}`,
  actor: 'ann@example.com',
  role: 'admin',
  action: 'pause',
  outcome: 'done',
  status,
  detail: '{"reason":"drill"}',
  previous_hash: `hash-${sequence - 1}`,
  row_hash: `hash-${sequence}`,
})
const auditRead = (sequence: number, status: number | null) => ({
  ...audit(sequence, status),
  detail: '{"reason":"drill"}',
})
const funding = (symbol: string, at: number, interval_hours: number | null): Row => ({
  venue: 'aster',
  symbol,
  observed_at: day + at,
  rate: 0.0001,
  interval_hours,
  annualised_rate: 0.1,
  mark_price: 1,
  index_price: 1,
  next_funding_time: day + 480 * minute,
})
const heartbeat = (at: number, is_killed: boolean): Row => ({
  service: 'executor',
  holder: 'tokyo',
  epoch: 3,
  run_id: 'run-1',
  recorded_at: day + at,
  is_killed,
  working_orders: 4,
  stream_age_seconds: null,
})
const accountCheck = (at: number, is_equal: boolean): Row => ({
  account: 'main',
  subject: 'USDT',
  checked_at: day + at,
  expected: '100',
  actual: is_equal ? '100' : '99.99999999',
  is_equal,
  detail: '',
})

/** Rows that every query is asked about; each insert is made twice. */
export const queryRows: Readonly<Partial<Record<TableName, readonly Row[]>>> = {
  fills: [
    fill(1, -1),
    fill(2, 0),
    fill(3, 5, { symbol: 'ETHUSDT', liquidity: 'taker', fee: '2', price: 2_000 }),
    fill(4, 1_440 * minute - 1, { fee: '0.10000000', realised_pnl: '123456789012345.00000001' }),
    fill(5, 1_440 * minute),
  ],
  funding_payments: [payment(1, 1, '0.1'), payment(2, 2, '0.2'), payment(3, -1, '9')],
  equity: [
    equity(-2 * minute, '-7'),
    equity(-minute, '-9', { epoch: 2 }),
    equity(-1, '-6'),
    equity(-5 * minute, '1', { run_id: 'run-0' }),
    equity(0, '0'),
    equity(5 * minute, '1.5'),
    equity(11 * minute + 1, '-2.00000001'),
    equity(3 * minute, '0.25', { strategy: 'glft' }),
    // Of before there were epochs.
    equity(-minute, '2', { run_id: 'run-old', epoch: null }),
    equity(minute, '3', { run_id: 'run-old', epoch: null }),
    equity(2 * minute, '4', { run_id: 'run-old', epoch: null }),
    equity(4 * minute, '8', { run_id: 'run-old', epoch: null }),
  ],
  candles: [
    candle('BTCUSDT', 0),
    candle('BTCUSDT', minute),
    candle('BTCUSDT', 3 * minute),
    candle('ETHUSDT', 60 * minute),
  ],
  mark_prices: [
    mark('aster', 0, 100),
    mark('binance', 0, 101),
    mark('aster', minute, 100),
    mark('binance', minute, 100),
    mark('aster', 2 * minute, 100),
  ],
  funding_rates: [
    funding('BTCUSDT', 0, 8),
    funding('BTCUSDT', minute, 4),
    funding('BTCUSDT', 2 * minute, null),
    funding('ETHUSDT', 0, null),
  ],
  data_checks: [
    check(0, false),
    check(minute, true),
    check(2 * minute, false),
    check(3 * minute, false),
  ],
  account_checks: [accountCheck(0, true), accountCheck(minute, false)],
  heartbeats: [heartbeat(0, false), heartbeat(1, true), heartbeat(2 * minute, false)],
  spend: [
    {
      kind: 'gpu-hours',
      period: '2026-11',
      recorded_at: day + 1,
      amount: 0.25,
      allowed: null,
      action: 'none',
    },
  ],
  training_runs: [1, 2].map((number) => ({
    training_id: `training-${number}`,
    started_at: day + number,
    started_by: 'schedule',
    job_name: `jobs/${number}`,
    image: 'image',
    machine: 'g2-standard-8',
    dataset: 'datasets/1',
  })),
  promotions: [1, 2].map((sequence) => ({
    sequence,
    model_id: `model-${sequence}`,
    recorded_at: day + sequence,
    promoted_by: 'ann',
    reason: 'better',
    accuracy: sequence === 1 ? null : 0.5,
    majority_accuracy: 0.4,
  })),
  audit_log: [audit(1, null), audit(2, 200), audit(3, 403)],
}

export type QueryCase = {
  readonly name: string
  readonly sql: string
  readonly read: (answer: QueryResult) => unknown
  readonly expected: unknown
}

const profit = (strategy: string, at: number, pnlE8: bigint, session = {}) => ({
  runId: 'run-1',
  epoch: 3,
  strategy,
  recordedAtUs: day + at,
  equityE8: 50_000_000_001n,
  pnlE8,
  spreadE8: 100_000_000n,
  priceE8: -200_000_000n,
  feesE8: 30_000_000n,
  fundingE8: 4n,
  ...session,
})
const sessionOfOld = { runId: 'run-old', epoch: 0 }

/** Every query of the product with what it must answer to `queryRows`, whatever the database. */
export const queryCases: readonly QueryCase[] = [
  {
    name: 'fills that were booked in a day, its ends exact',
    sql: bookedFillsQuery(span.fromUs, span.untilUs),
    read: readBookedFills,
    expected: [
      [2, 'BTCUSDT', 1n, -150_000_000n, 0],
      [3, 'ETHUSDT', 200_000_000n, -150_000_000n, 5],
      [4, 'BTCUSDT', 10_000_000n, 12_345_678_901_234_500_000_001n, 1_440 * minute - 1],
    ].map(([tradeId, symbol, feeE8, realisedPnlE8, at]) => ({
      tradeId,
      symbol,
      feeE8,
      realisedPnlE8,
      eventTimeUs: day + Number(at),
    })),
  },
  {
    name: 'funding that was booked in a day',
    sql: bookedFundingQuery(span.fromUs, span.untilUs),
    read: readBookedFunding,
    expected: [
      { symbol: 'BTCUSDT', transactionId: 1, amountE8: 10_000_000n, recordedAtUs: day + 1 },
      { symbol: 'BTCUSDT', transactionId: 2, amountE8: 20_000_000n, recordedAtUs: day + 2 },
    ],
  },
  {
    name: 'the last check of an account',
    sql: lastAccountChecksQuery('USDT', span.fromUs, span.untilUs),
    read: readLastAccountChecks,
    expected: [
      { account: 'main', checkedAtUs: day + minute, actualE8: 9_999_999_999n, detail: '' },
    ],
  },
  {
    name: 'candles from the first to the last',
    sql: candleSpanQuery({ venue: 'aster', symbols, interval: '1m', ...span }),
    read: readCandleSpans,
    expected: [
      { symbol: 'BTCUSDT', candles: 3, firstOpenUs: day, lastOpenUs: day + 3 * minute },
      {
        symbol: 'ETHUSDT',
        candles: 1,
        firstOpenUs: day + 60 * minute,
        lastOpenUs: day + 60 * minute,
      },
    ],
  },
  {
    name: 'since when a check fails',
    sql: latestChecksQuery(span.untilUs),
    read: (answer) => [...readLatestChecks(answer)],
    expected: [['candle-gap:BTCUSDT', { failingSinceUs: day + 2 * minute }]],
  },
  {
    name: 'the first and last profit of a day by strategy, and the last before it',
    sql: profitEndsQuery(span),
    read: readProfitEnds,
    expected: [
      profit('glft', 3 * minute, 25_000_000n),
      profit('total', -1, -600_000_000n),
      profit('total', 0, 0n),
      profit('total', 11 * minute + 1, -200_000_001n),
      profit('total', -minute, 200_000_000n, sessionOfOld),
      profit('total', minute, 300_000_000n, sessionOfOld),
      profit('total', 4 * minute, 800_000_000n, sessionOfOld),
    ],
  },
  {
    name: 'the line of profit of a day',
    sql: profitLineQuery(span),
    read: readProfitLine,
    expected: [
      { runId: 'run-1', epoch: 3, recordedAtUs: day + 5 * minute, pnlQuote: 0.75 },
      { runId: 'run-1', epoch: 3, recordedAtUs: day + 11 * minute + 1, pnlQuote: -2.00000001 },
      { ...sessionOfOld, recordedAtUs: day + 4 * minute, pnlQuote: 5 },
    ],
  },
  {
    name: 'sums of fills',
    sql: fillSumsQuery(span),
    read: readFillSums,
    expected: [
      ['BTCUSDT', 2, 2, 64_000, 10_000_001n],
      ['ETHUSDT', 1, 0, 1_000, 200_000_000n],
    ].map(([symbol, fills, makerFills, volumeQuote, feesE8]) => ({
      strategy: 'glft',
      symbol,
      fills,
      makerFills,
      volumeQuote,
      feesE8,
    })),
  },
  {
    name: 'sums of funding, to the last unit',
    sql: fundingSumsQuery(span),
    read: readFundingSums,
    expected: [{ symbol: 'BTCUSDT', payments: 2, amountE8: 30_000_000n }],
  },
  {
    name: 'sums of data checks',
    sql: checkSumsQuery(span),
    read: readCheckSums,
    expected: [{ checkName: 'candle-gap', subject: 'BTCUSDT', checks: 4, failures: 3 }],
  },
  {
    name: 'account checks that found a difference',
    sql: accountCheckCountQuery(span),
    read: readAccountCheckCount,
    expected: { checks: 2, differences: 1 },
  },
  {
    name: 'no account check at all',
    sql: accountCheckCountQuery({ fromUs: 0, untilUs: 1 }),
    read: readAccountCheckCount,
    expected: { checks: 0, differences: 0 },
  },
  {
    name: 'newest funding intervals',
    sql: fundingIntervalsQuery(),
    read: readFundingIntervals,
    expected: { BTCUSDT: 4 },
  },
  {
    name: 'the last sign of life',
    sql: lastHeartbeatQuery('executor', day, day + 1),
    read: readLastHeartbeat,
    expected: {
      service: 'executor',
      holder: 'tokyo',
      runId: 'run-1',
      recordedAtUs: day + 1,
      isKilled: true,
      workingOrders: 4,
    },
  },
  {
    name: 'no sign of life',
    sql: lastHeartbeatQuery('collector', day, day + 1),
    read: readLastHeartbeat,
    expected: undefined,
  },
  {
    name: 'how far marks of two sources are apart',
    sql: markDifferenceQuery({ first: 'aster', symbols, ...span }),
    read: readMarkDifferences,
    expected: [
      { symbol: 'BTCUSDT', pairs: 2, averageBps: 20_000 / 201 / 2, worstBps: 20_000 / 201 },
    ],
  },
  {
    name: 'the newest promotions',
    sql: latestPromotionsQuery(5),
    read: readPromotions,
    expected: [2, 1].map((sequence) => ({
      sequence,
      modelId: `model-${sequence}`,
      recordedAtUs: day + sequence,
      promotedBy: 'ann',
      reason: 'better',
      accuracy: sequence === 1 ? undefined : 0.5,
      majorityAccuracy: 0.4,
    })),
  },
  {
    name: 'what was spent',
    sql: spendQuery('gpu-hours', span.fromUs, span.untilUs),
    read: readSpend,
    expected: [
      {
        period: '2026-11',
        recordedAtUs: day + 1,
        amount: 0.25,
        allowed: undefined,
        action: 'none',
      },
    ],
  },
  ...(
    [
      [
        'candles',
        [
          ['BTCUSDT', day + 3 * minute],
          ['ETHUSDT', day + 60 * minute],
        ],
      ],
      ['mark_prices', [['BTCUSDT', day + 2 * minute]]],
      [
        'funding_rates',
        [
          ['BTCUSDT', day + 2 * minute],
          ['ETHUSDT', day],
        ],
      ],
      ['open_interest', []],
    ] as const
  ).map(([table, expected]) => ({
    name: `the newest rows of ${table}`,
    sql: newestRowQuery(table, symbols, span.fromUs, span.untilUs),
    read: (answer: QueryResult) => [...readNewestRows(answer)],
    expected,
  })),
  {
    name: 'training runs since a time',
    sql: trainingRunsQuery(day + 2),
    read: readTrainingRuns,
    expected: [{ trainingId: 'training-2', startedAtUs: day + 2, jobName: 'jobs/2' }],
  },
  {
    name: 'the head of the audit log',
    sql: auditBeforeSql(Number.MAX_SAFE_INTEGER, 1),
    read: auditRowsFrom,
    expected: [auditRead(3, 403)],
  },
  {
    name: 'a page of the audit log, oldest first',
    sql: auditAfterSql(0, 2),
    read: auditRowsFrom,
    expected: [auditRead(1, null), auditRead(2, 200)],
  },
  {
    name: 'a page of the audit log, newest first',
    sql: auditBeforeSql(3, 2),
    read: auditRowsFrom,
    expected: [auditRead(2, 200), auditRead(1, null)],
  },
]
