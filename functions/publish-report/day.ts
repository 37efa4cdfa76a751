import type { Warehouse } from '#shared/cloud/port.ts'
import {
  accountCheckCountQuery,
  checkSumsQuery,
  fillSumsQuery,
  fundingSumsQuery,
  readAccountCheckCount,
  readCheckSums,
  readFillSums,
  readFundingSums,
  type Span,
} from '#shared/cloud/query/day-report.ts'
import {
  profitEndsQuery,
  profitLineQuery,
  readProfitEnds,
  readProfitLine,
} from '#shared/cloud/query/profit.ts'
import { readSpend, spendQuery } from '#shared/cloud/query/spend.ts'
import { decimalFromQuoteE8, quoteFromE8 } from '#shared/kernel/decimal.ts'
import { microsPerDay } from '#shared/kernel/unit.ts'
import { type PartsE8, partNames, profitOfSpan } from './profit.ts'

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
  /** `[seconds since 1970, P&L of the run since midnight in USDT]` by run. */
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

  const knownUntilUs = Math.min(span.untilUs, writtenAtUs)
  const { profit, total, lines, gaps } = profitOfSpan(ends, points, { span, knownUntilUs })
  return {
    day,
    writtenAtUs,
    profit: profit.map(({ runId, strategy, equityE8, parts }) => ({
      runId,
      strategy,
      equity: decimalFromQuoteE8(equityE8),
      ...inDecimals(parts),
    })),
    total: total && inDecimals(total),
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
      ...gaps,
      ...(fills.length === 0 ? ['No fills.'] : []),
      ...(funding.length === 0 ? ['No funding was paid or received.'] : []),
      ...(checks.length === 0 ? ['No data was checked.'] : []),
      ...(accountChecks.checks === 0 ? ['The account was not compared with the venue.'] : []),
      ...(hours.length === 0 ? ['GPU hours were not counted.'] : []),
      ...(notice ? [] : ['No notice of the billing budget came; it lags by up to a day.']),
    ],
  }
}

const inDecimals = (parts: PartsE8): Parts =>
  Object.fromEntries(partNames.map((name) => [name, decimalFromQuoteE8(parts[name])])) as Parts

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
