import type { Micros } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment, nameList } from './time.ts'

/** Tables of market data, and the time by which their rows age. */
const timeColumns = {
  candles: 'open_time',
  mark_prices: 'observed_at',
  open_interest: 'observed_at',
  funding_rates: 'observed_at',
} as const

export type AgeingTable = keyof typeof timeColumns

/** Time of the newest row of each symbol between two times; a symbol without one is absent. */
export const newestRowQuery = (
  table: AgeingTable,
  symbols: readonly string[],
  fromUs: number,
  untilUs: number,
): string => {
  const column = timeColumns[table]
  return `SELECT symbol, MAX(${column}) AS newest
FROM ${table}
WHERE symbol IN (${nameList(symbols)})
  AND ${column} >= ${moment(fromUs)} AND ${column} <= ${moment(untilUs)}
GROUP BY symbol
ORDER BY symbol`
}

/** Rows of {@link newestRowQuery}: µs since 1970 by symbol. */
export const readNewestRows = ({ rows }: QueryResult): ReadonlyMap<string, Micros> =>
  new Map(rows.map(([symbol, newest]) => [String(symbol), microsFrom(newest)]))
