import type { Micros } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment, nameList, numberFrom } from './time.ts'

export type SpendRow = {
  readonly period: string
  readonly recordedAtUs: Micros
  readonly amount: number
  /** Undefined where nothing limits it. */
  readonly allowed: number | undefined
  readonly action: string
}

/** Rows of one kind of spending, `fromUs ≤ recorded_at < untilUs`, oldest first. */
export const spendQuery = (kind: string, fromUs: number, untilUs: number): string =>
  `SELECT period, recorded_at, amount, allowed, action
FROM spend
WHERE kind IN (${nameList([kind])})
  AND recorded_at >= ${moment(fromUs)} AND recorded_at < ${moment(untilUs)}
ORDER BY recorded_at`

/** Rows of {@link spendQuery}. */
export const readSpend = ({ rows }: QueryResult): readonly SpendRow[] =>
  rows.map(([period, recordedAt, amount, allowed, action]) => ({
    period: String(period),
    recordedAtUs: microsFrom(recordedAt),
    amount: numberFrom(amount),
    allowed: allowed === null ? undefined : numberFrom(allowed),
    action: String(action),
  }))
