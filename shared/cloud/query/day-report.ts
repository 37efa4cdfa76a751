import { quoteE8FromDecimal } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { moment, numberFrom } from './time.ts'

/** A stretch of time, its end not included. */
export type Span = { readonly fromUs: number; readonly untilUs: number }

/** SQL: a time within a span. */
export const within = (column: string, { fromUs, untilUs }: Span): string =>
  `${column} >= ${moment(fromUs)} AND ${column} < ${moment(untilUs)}`

export type FillSum = {
  readonly strategy: string
  readonly symbol: string
  readonly fills: number
  readonly makerFills: number
  readonly volumeQuote: number
  readonly feesE8: QuoteE8
}

/** Fills of a span added up by strategy and symbol. */
export const fillSumsQuery = (span: Span): string =>
  `SELECT strategy, symbol, COUNT(*) AS fills,
  SUM(CASE WHEN liquidity = 'maker' THEN 1 ELSE 0 END) AS maker_fills,
  SUM(price * size) AS volume_quote, SUM(fee) AS fees
FROM fills
WHERE ${within('event_time', span)}
GROUP BY strategy, symbol
ORDER BY strategy, symbol`

/** Rows of {@link fillSumsQuery}; fees in 1e-8 quote, volume in quote. */
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

/** Funding payments of a span added up by symbol. */
export const fundingSumsQuery = (span: Span): string =>
  `SELECT symbol, COUNT(*) AS payments, SUM(amount) AS amount
FROM funding_payments
WHERE ${within('recorded_at', span)}
GROUP BY symbol
ORDER BY symbol`

/** Rows of {@link fundingSumsQuery}; amounts in 1e-8 quote. */
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

/** Checks of data in a span, and how many of them failed, by check and subject. */
export const checkSumsQuery = (span: Span): string =>
  `SELECT check_name, subject, COUNT(*) AS checks, SUM(CASE WHEN is_ok THEN 0 ELSE 1 END) AS failures
FROM data_checks
WHERE ${within('checked_at', span)}
GROUP BY check_name, subject
ORDER BY failures DESC, check_name, subject`

/** Rows of {@link checkSumsQuery}. */
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

/** The row of {@link accountCheckCountQuery}; zero and zero when there was no check. */
export function readAccountCheckCount({ rows }: QueryResult): {
  readonly checks: number
  readonly differences: number
} {
  const [checks, differences] = rows[0] ?? []
  return { checks: numberFrom(checks), differences: numberFrom(differences) }
}
