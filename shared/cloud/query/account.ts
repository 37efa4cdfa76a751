import { quoteE8FromDecimal } from '#shared/kernel/decimal.ts'
import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment, nameList, numberFrom } from './time.ts'

/** What one fill booked. */
export type BookedFill = {
  readonly symbol: string
  readonly tradeId: number
  /** Positive is a cost. */
  readonly feeE8: QuoteE8
  readonly realisedPnlE8: QuoteE8
  readonly eventTimeUs: Micros
}

/** Fills with `fromUs ≤ event_time < untilUs`. */
export const bookedFillsQuery = (fromUs: number, untilUs: number): string =>
  `SELECT symbol, trade_id, fee, realised_pnl, event_time
FROM fills
WHERE event_time >= ${moment(fromUs)} AND event_time < ${moment(untilUs)}
ORDER BY event_time, symbol, trade_id`

/** Rows of {@link bookedFillsQuery}; money in 1e-8 quote. */
export const readBookedFills = ({ rows }: QueryResult): readonly BookedFill[] =>
  rows.map(([symbol, tradeId, fee, realisedPnl, eventTime]) => ({
    symbol: String(symbol),
    tradeId: numberFrom(tradeId),
    feeE8: quoteE8FromDecimal(String(fee)),
    realisedPnlE8: quoteE8FromDecimal(String(realisedPnl)),
    eventTimeUs: microsFrom(eventTime),
  }))

export type BookedFunding = {
  readonly symbol: string
  readonly transactionId: number
  /** Positive was received. */
  readonly amountE8: QuoteE8
  readonly recordedAtUs: Micros
}

/** Funding payments with `fromUs ≤ recorded_at < untilUs`. */
export const bookedFundingQuery = (fromUs: number, untilUs: number): string =>
  `SELECT symbol, transaction_id, amount, recorded_at
FROM funding_payments
WHERE recorded_at >= ${moment(fromUs)} AND recorded_at < ${moment(untilUs)}
ORDER BY recorded_at, symbol, transaction_id`

/** Rows of {@link bookedFundingQuery}; positive amounts were received, in 1e-8 quote. */
export const readBookedFunding = ({ rows }: QueryResult): readonly BookedFunding[] =>
  rows.map(([symbol, transactionId, amount, recordedAt]) => ({
    symbol: String(symbol),
    transactionId: numberFrom(transactionId),
    amountE8: quoteE8FromDecimal(String(amount)),
    recordedAtUs: microsFrom(recordedAt),
  }))

export type AccountCheckRow = {
  readonly account: string
  readonly checkedAtUs: Micros
  readonly actualE8: QuoteE8
  readonly detail: string
}

/** The last check of one subject of each account, made at or after `fromUs` and before `untilUs`. */
export const lastAccountChecksQuery = (subject: string, fromUs: number, untilUs: number): string =>
  `SELECT account, checked_at, actual, detail
FROM (
  SELECT account, checked_at, actual, detail,
    ROW_NUMBER() OVER (PARTITION BY account ORDER BY checked_at DESC) AS newest_first
  FROM account_checks
  WHERE subject IN (${nameList([subject])})
    AND checked_at >= ${moment(fromUs)} AND checked_at < ${moment(untilUs)}
) AS numbered
WHERE newest_first = 1
ORDER BY account`

/** Rows of {@link lastAccountChecksQuery}; what the venue stated, in 1e-8 quote. */
export const readLastAccountChecks = ({ rows }: QueryResult): readonly AccountCheckRow[] =>
  rows.map(([account, checkedAt, actual, detail]) => ({
    account: String(account),
    checkedAtUs: microsFrom(checkedAt),
    actualE8: quoteE8FromDecimal(String(actual)),
    detail: String(detail),
  }))
