import type { Warehouse } from '#shared/cloud/port.ts'
import {
  accountCheckCountQuery,
  checkSumsQuery,
  fillSumsQuery,
  fundingSumsQuery,
  type ProfitRow,
  profitEndsQuery,
  profitLineQuery,
  readAccountCheckCount,
  readCheckSums,
  readFillSums,
  readFundingSums,
  readProfitEnds,
  readProfitLine,
  type Span,
} from '#shared/cloud/query/day-report.ts'
import { readSpend, spendQuery } from '#shared/cloud/query/spend.ts'
import { decimalFromQuoteE8, quoteFromE8 } from '#shared/kernel/decimal.ts'
import { microsPerDay, microsPerSecond } from '#shared/kernel/unit.ts'

export type Parts = {
  readonly pnl: string
  readonly spread: string
  readonly price: string
  readonly fees: string
  readonly funding: string
}

export type ProfitLine = Parts & {
  readonly runId: string
  readonly strategy: string
  /** At the end of its last row of the day; for a strategy, the capital it was given. */
  readonly equity: string
}

/** What one UTC day was. Money is USDT as exact decimals; a part without rows is empty, never zero. */
export type DayReport = {
  readonly day: string
  readonly writtenAtUs: number
  readonly profit: readonly ProfitLine[]
  /** Sum over the runs of the day; undefined when none recorded its equity. */
  readonly total: Parts | undefined
  /** `[seconds since 1970, P&L of the run since its start in USDT]` by run. */
  readonly lines: Readonly<Record<string, readonly (readonly [number, number])[]>>
  readonly fills: readonly {
    readonly strategy: string
    readonly symbol: string
    readonly fills: number
    readonly makerFills: number
    readonly volumeQuote: number
    readonly fees: string
  }[]
  readonly funding: readonly {
    readonly symbol: string
    readonly payments: number
    readonly amount: string
  }[]
  readonly dataChecks: readonly {
    readonly check: string
    readonly checks: number
    readonly failures: number
  }[]
  readonly accountChecks: { readonly checks: number; readonly differences: number }
  readonly gpuHours: number | undefined
  /** The budget's last notice. */
  readonly spend: { readonly amount: number; readonly allowed: number | undefined } | undefined
  /** What could not be said, one line each. */
  readonly missing: readonly string[]
}

/** Reads a day out of the warehouse. @throws TradingError QUERY_INVALID */
export async function readDay(
  warehouse: Pick<Warehouse, 'query'>,
  day: string,
  writtenAtUs: number,
): Promise<DayReport> {
  const fromUs = Date.parse(`${day}T00:00:00Z`) * 1_000
  const span: Span = { fromUs, untilUs: fromUs + microsPerDay }
  const ask = (sql: string) => warehouse.query(sql)
  const ends = readProfitEnds(await ask(profitEndsQuery(span)))
  const points = readProfitLine(await ask(profitLineQuery(span)))
  const fills = readFillSums(await ask(fillSumsQuery(span)))
  const funding = readFundingSums(await ask(fundingSumsQuery(span)))
  const checks = readCheckSums(await ask(checkSumsQuery(span)))
  const accountChecks = readAccountCheckCount(await ask(accountCheckCountQuery(span)))
  const hours = readSpend(await ask(spendQuery('gpu-hours-day', span.fromUs, span.untilUs)))
  const notices = readSpend(await ask(spendQuery('budget', span.fromUs, span.untilUs)))
  const notice = notices.at(-1)

  const profit = profitOfDay(ends, fromUs)
  const lines: Record<string, (readonly [number, number])[]> = {}
  for (const { runId, recordedAtUs, pnlQuote } of points) {
    lines[runId] ??= []
    lines[runId].push([recordedAtUs / microsPerSecond, pnlQuote])
  }
  return {
    day,
    writtenAtUs,
    profit: profit.map(({ runId, strategy, equityE8, parts }) => ({
      runId,
      strategy,
      equity: decimalFromQuoteE8(equityE8),
      ...inDecimals(parts),
    })),
    total: totalOf(profit),
    lines,
    fills: fills.map(({ feesE8, ...row }) => ({ ...row, fees: decimalFromQuoteE8(feesE8) })),
    funding: funding.map(({ amountE8, ...row }) => ({
      ...row,
      amount: decimalFromQuoteE8(amountE8),
    })),
    dataChecks: checks.map(({ checkName, subject, ...row }) => ({
      check: `${checkName} ${subject}`,
      ...row,
    })),
    accountChecks,
    gpuHours: hours.at(-1)?.amount,
    spend: notice && { amount: notice.amount, allowed: notice.allowed },
    missing: [
      ...(profit.length === 0
        ? ['No equity was recorded: the executor did not trade, or its rows are late.']
        : []),
      ...(fills.length === 0 ? ['No fills.'] : []),
      ...(funding.length === 0 ? ['No funding was paid or received.'] : []),
      ...(checks.length === 0 ? ['No data was checked.'] : []),
      ...(accountChecks.checks === 0 ? ['The account was not compared with the venue.'] : []),
      ...(hours.length === 0 ? ['GPU hours were not counted.'] : []),
      ...(notice ? [] : ['No notice of the billing budget came; it lags by up to a day.']),
    ],
  }
}

type PartsE8 = Readonly<Record<keyof Parts, bigint>>
type Profit = {
  readonly runId: string
  readonly strategy: string
  readonly equityE8: bigint
  readonly parts: PartsE8
}

/** P&L counts from the start of a run: a run that began before the day loses what it had at its first row. */
function profitOfDay(ends: readonly ProfitRow[], dayUs: number): readonly Profit[] {
  const groups = Map.groupBy(ends, ({ runId, strategy }) => `${runId} ${strategy}`)
  return [...groups.values()].map((rows) => {
    const first = rows[0]!
    const last = rows.at(-1)!
    // The first row of a run comes within its first seconds; one at the very beginning of the day is an older run's.
    const isOlder = first.recordedAtUs - dayUs < 60 * microsPerSecond
    const since = (part: (row: ProfitRow) => bigint) => part(last) - (isOlder ? part(first) : 0n)
    return {
      runId: last.runId,
      strategy: last.strategy,
      equityE8: last.equityE8,
      parts: {
        pnl: since(({ pnlE8 }) => pnlE8),
        spread: since(({ spreadE8 }) => spreadE8),
        price: since(({ priceE8 }) => priceE8),
        fees: since(({ feesE8 }) => feesE8),
        funding: since(({ fundingE8 }) => fundingE8),
      },
    }
  })
}

const partNames = ['pnl', 'spread', 'price', 'fees', 'funding'] as const

const inDecimals = (parts: PartsE8): Parts =>
  Object.fromEntries(partNames.map((name) => [name, decimalFromQuoteE8(parts[name])])) as Parts

function totalOf(profit: readonly Profit[]): Parts | undefined {
  const totals = profit.filter(({ strategy }) => strategy === 'total')
  if (totals.length === 0) return undefined
  const sum = (name: keyof Parts) => totals.reduce((all, { parts }) => all + parts[name], 0n)
  return Object.fromEntries(partNames.map((name) => [name, decimalFromQuoteE8(sum(name))])) as Parts
}

/** One line for a channel. */
export function summaryOf(report: DayReport): string {
  const fills = report.fills.reduce((sum, row) => sum + row.fills, 0)
  const failing = report.dataChecks.filter(({ failures }) => failures > 0).length
  const { checks, differences } = report.accountChecks
  return [
    `AsterAI ${report.day}:`,
    report.total === undefined ? 'P&L not known,' : `P&L ${twoDecimals(report.total.pnl)} USDT,`,
    `${fills} fills,`,
    checks === 0 ? 'account not compared,' : `${differences} of ${checks} account checks differ,`,
    report.dataChecks.length === 0
      ? 'data not checked'
      : `${failing} data checks failed at least once`,
  ].join(' ')
}

/** Exact money shortened for reading. */
export const twoDecimals = (exact: string): string =>
  quoteFromE8(BigInt(exact.replace('.', ''))).toFixed(2)
