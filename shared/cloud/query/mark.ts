import type { QueryResult } from '../port.ts'
import { moment, nameList, numberFrom } from './time.ts'

export type MarkDifference = {
  readonly symbol: string
  /** Observations that both sources have. */
  readonly pairs: number
  readonly averageBps: number
  readonly worstBps: number
}

/** How far the marks of two sources were apart, in basis points of their mean, `fromUs ≤ observed_at < untilUs`. */
export const markDifferenceQuery = (of: {
  readonly first: string
  readonly symbols: readonly string[]
  readonly fromUs: number
  readonly untilUs: number
}): string =>
  `SELECT a.symbol, COUNT(*) AS pairs,
  AVG(20000 * ABS(a.mark_price - b.mark_price) / (a.mark_price + b.mark_price)) AS average_bps,
  MAX(20000 * ABS(a.mark_price - b.mark_price) / (a.mark_price + b.mark_price)) AS worst_bps
FROM mark_prices AS a
JOIN mark_prices AS b ON a.symbol = b.symbol AND a.observed_at = b.observed_at AND a.source <> b.source
WHERE a.source IN (${nameList([of.first])}) AND a.symbol IN (${nameList(of.symbols)})
  AND a.observed_at >= ${moment(of.fromUs)} AND a.observed_at < ${moment(of.untilUs)}
  AND b.observed_at >= ${moment(of.fromUs)} AND b.observed_at < ${moment(of.untilUs)}
GROUP BY a.symbol
ORDER BY a.symbol`

/** Rows of {@link markDifferenceQuery}; differences in basis points. */
export const readMarkDifferences = ({ rows }: QueryResult): readonly MarkDifference[] =>
  rows.map(([symbol, pairs, average, worst]) => ({
    symbol: String(symbol),
    pairs: numberFrom(pairs),
    averageBps: numberFrom(average),
    worstBps: numberFrom(worst),
  }))
