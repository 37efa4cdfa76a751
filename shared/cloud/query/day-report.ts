import { quoteE8FromDecimal } from '#shared/kernel/decimal.ts'
import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment, numberFrom } from './time.ts'

/** A stretch of time, its end not included. */
export type Span = { readonly fromUs: number; readonly untilUs: number }

const within = (column: string, { fromUs, untilUs }: Span): string =>
  `${column} >= ${moment(fromUs)} AND ${column} < ${moment(untilUs)}`

export type ProfitRow = {
  readonly runId: string
  /** A strategy's name, or `total`. */
  readonly strategy: string
  readonly recordedAtUs: Micros
  readonly equityE8: QuoteE8
  readonly pnlE8: QuoteE8
  readonly spreadE8: QuoteE8
  readonly priceE8: QuoteE8
  readonly feesE8: QuoteE8
  readonly fundingE8: QuoteE8
}

/** The first and the last row of each run and strategy; P&L counts from the start of the run. */
export const profitEndsQuery = (span: Span): string =>
  `SELECT equity.run_id, equity.strategy, equity.recorded_at, equity.equity, equity.pnl,
  equity.spread_pnl, equity.price_pnl, equity.fees, equity.funding
FROM equity
JOIN (
  SELECT run_id, strategy, MIN(recorded_at) AS first_at, MAX(recorded_at) AS last_at
  -- Without the alias, BigQuery takes 'equity' for the whole row.
  FROM equity AS points
  WHERE ${within('recorded_at', span)}
  GROUP BY run_id, strategy
) AS ends ON equity.run_id = ends.run_id AND equity.strategy = ends.strategy
WHERE (equity.recorded_at = ends.first_at OR equity.recorded_at = ends.last_at)
  AND ${within('equity.recorded_at', span)}
ORDER BY 1, 2, 3`

export const readProfitEnds = ({ rows }: QueryResult): readonly ProfitRow[] =>
  rows.map(([runId, strategy, recordedAt, equity, pnl, spread, price, fees, funding]) => ({
    runId: String(runId),
    strategy: String(strategy),
    recordedAtUs: microsFrom(recordedAt),
    equityE8: quoteE8FromDecimal(String(equity)),
    pnlE8: quoteE8FromDecimal(String(pnl)),
    spreadE8: quoteE8FromDecimal(String(spread)),
    priceE8: quoteE8FromDecimal(String(price)),
    feesE8: quoteE8FromDecimal(String(fees)),
    fundingE8: quoteE8FromDecimal(String(funding)),
  }))

export type ProfitPoint = {
  readonly runId: string
  /** The last row of its ten minutes. */
  readonly recordedAtUs: Micros
  readonly pnlQuote: number
}

/** Total P&L of each run, one point for ten minutes. */
export const profitLineQuery = (span: Span): string =>
  `SELECT run_id, MAX(recorded_at) AS recorded_at, AVG(pnl) AS pnl
FROM equity
WHERE strategy = 'total' AND ${within('recorded_at', span)}
GROUP BY run_id, EXTRACT(DAY FROM recorded_at), EXTRACT(HOUR FROM recorded_at),
  FLOOR(EXTRACT(MINUTE FROM recorded_at) / 10)
ORDER BY 1, 2`

export const readProfitLine = ({ rows }: QueryResult): readonly ProfitPoint[] =>
  rows.map(([runId, recordedAt, pnl]) => ({
    runId: String(runId),
    recordedAtUs: microsFrom(recordedAt),
    pnlQuote: numberFrom(pnl),
  }))

export type FillSum = {
  readonly strategy: string
  readonly symbol: string
  readonly fills: number
  readonly makerFills: number
  readonly volumeQuote: number
  readonly feesE8: QuoteE8
}

export const fillSumsQuery = (span: Span): string =>
  `SELECT strategy, symbol, COUNT(*) AS fills,
  SUM(CASE WHEN liquidity = 'maker' THEN 1 ELSE 0 END) AS maker_fills,
  SUM(price * size) AS volume_quote, SUM(fee) AS fees
FROM fills
WHERE ${within('event_time', span)}
GROUP BY strategy, symbol
ORDER BY strategy, symbol`

export const readFillSums = ({ rows }: QueryResult): readonly FillSum[] =>
  rows.map(([strategy, symbol, fills, makerFills, volume, fees]) => ({
    strategy: String(strategy),
    symbol: String(symbol),
    fills: numberFrom(fills),
    makerFills: numberFrom(makerFills),
    volumeQuote: numberFrom(volume),
    feesE8: quoteE8FromDecimal(String(fees)),
  }))

export type FundingSum = {
  readonly symbol: string
  readonly payments: number
  readonly amountE8: QuoteE8
}

export const fundingSumsQuery = (span: Span): string =>
  `SELECT symbol, COUNT(*) AS payments, SUM(amount) AS amount
FROM funding_payments
WHERE ${within('recorded_at', span)}
GROUP BY symbol
ORDER BY symbol`

export const readFundingSums = ({ rows }: QueryResult): readonly FundingSum[] =>
  rows.map(([symbol, payments, amount]) => ({
    symbol: String(symbol),
    payments: numberFrom(payments),
    amountE8: quoteE8FromDecimal(String(amount)),
  }))

export type CheckSum = {
  readonly checkName: string
  readonly subject: string
  readonly checks: number
  readonly failures: number
}

export const checkSumsQuery = (span: Span): string =>
  `SELECT check_name, subject, COUNT(*) AS checks, SUM(CASE WHEN is_ok THEN 0 ELSE 1 END) AS failures
FROM data_checks
WHERE ${within('checked_at', span)}
GROUP BY check_name, subject
ORDER BY failures DESC, check_name, subject`

export const readCheckSums = ({ rows }: QueryResult): readonly CheckSum[] =>
  rows.map(([checkName, subject, checks, failures]) => ({
    checkName: String(checkName),
    subject: String(subject),
    checks: numberFrom(checks),
    failures: numberFrom(failures),
  }))

/** How many account checks were made, and how many found a difference. */
export const accountCheckCountQuery = (span: Span): string =>
  `SELECT COUNT(*) AS checks, COALESCE(SUM(CASE WHEN is_equal THEN 0 ELSE 1 END), 0) AS differences
FROM account_checks
WHERE ${within('checked_at', span)}`

export function readAccountCheckCount({ rows }: QueryResult): {
  readonly checks: number
  readonly differences: number
} {
  const [checks, differences] = rows[0] ?? []
  return { checks: numberFrom(checks), differences: numberFrom(differences) }
}
