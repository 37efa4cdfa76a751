import { quoteE8FromDecimal } from '#shared/kernel/decimal.ts'
import { type Micros, microsPerDay, type QuoteE8 } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { type Span, within } from './day-report.ts'
import { microsFrom, numberFrom } from './time.ts'

/** A row of `equity`. Its parts count from the start of the session, where they hold what was found open. */
export type ProfitRow = {
  readonly runId: string
  readonly epoch: number
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

/** How far back a session's last row before a span is looked for; one silent for longer begins anew. */
const profitMemoryUs = 7 * microsPerDay

/** Rows of before there were epochs have none; those of a run are one session. */
const epochOf = (table: string): string => `COALESCE(${table}.epoch, 0)`

/**
 * Of each session and strategy with rows in a span: the last row before the span, the first and the last within it. A
 * session is a run and an epoch, 0 in rows that have none.
 */
export function profitEndsQuery(span: Span): string {
  const known = { ...span, fromUs: Math.max(0, span.fromUs - profitMemoryUs) }
  const isWithin = within('recorded_at', span)
  return `SELECT equity.run_id, ${epochOf('equity')} AS epoch, equity.strategy, equity.recorded_at, equity.equity, equity.pnl,
  equity.spread_pnl, equity.price_pnl, equity.fees, equity.funding
FROM equity
JOIN (
  SELECT run_id, ${epochOf('points')} AS session_epoch, strategy,
    MAX(CASE WHEN ${isWithin} THEN NULL ELSE recorded_at END) AS before_at,
    MIN(CASE WHEN ${isWithin} THEN recorded_at END) AS first_at,
    MAX(CASE WHEN ${isWithin} THEN recorded_at END) AS last_at
  -- Without the alias, BigQuery takes 'equity' for the whole row.
  FROM equity AS points
  WHERE ${within('recorded_at', known)}
  GROUP BY run_id, session_epoch, strategy
) AS ends ON equity.run_id = ends.run_id AND ${epochOf('equity')} = ends.session_epoch
  AND equity.strategy = ends.strategy
WHERE ends.last_at IS NOT NULL
  AND (equity.recorded_at = ends.before_at OR equity.recorded_at = ends.first_at
    OR equity.recorded_at = ends.last_at)
  AND ${within('equity.recorded_at', known)}
ORDER BY 1, 2, 3, 4`
}

/** Rows of {@link profitEndsQuery}; money in 1e-8 quote. */
export const readProfitEnds = ({ rows }: QueryResult): readonly ProfitRow[] =>
  rows.map(([runId, epoch, strategy, recordedAt, equity, pnl, spread, price, fees, funding]) => ({
    runId: String(runId),
    epoch: numberFrom(epoch),
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
  readonly epoch: number
  /** Of the last row of its ten minutes. */
  readonly recordedAtUs: Micros
  /** Mean of the rows of its ten minutes, in quote. */
  readonly pnlQuote: number
}

/** Total P&L of each session, one point for ten minutes: their mean, at the time of their last row. */
export const profitLineQuery = (span: Span): string =>
  `SELECT run_id, ${epochOf('points')} AS session_epoch, MAX(recorded_at) AS recorded_at, AVG(pnl) AS pnl
FROM equity AS points
WHERE strategy = 'total' AND ${within('recorded_at', span)}
GROUP BY run_id, session_epoch, EXTRACT(DAY FROM recorded_at), EXTRACT(HOUR FROM recorded_at),
  FLOOR(EXTRACT(MINUTE FROM recorded_at) / 10)
ORDER BY 1, 2, 3`

/** Rows of {@link profitLineQuery}; P&L in quote. */
export const readProfitLine = ({ rows }: QueryResult): readonly ProfitPoint[] =>
  rows.map(([runId, epoch, recordedAt, pnl]) => ({
    runId: String(runId),
    epoch: numberFrom(epoch),
    recordedAtUs: microsFrom(recordedAt),
    pnlQuote: numberFrom(pnl),
  }))
