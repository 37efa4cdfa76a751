import type { Micros } from '#shared/kernel/unit.ts'
import type { QueryResult } from '../port.ts'
import { microsFrom, moment, nameList, numberFrom } from './time.ts'

export type CandleSpan = {
  readonly symbol: string
  readonly candles: number
  readonly firstOpenUs: Micros
  readonly lastOpenUs: Micros
}

/** How many candles of an interval a venue's symbols have, from the first to the last within a time. */
export const candleSpanQuery = (of: {
  readonly venue: string
  readonly symbols: readonly string[]
  readonly interval: string
  readonly fromUs: number
  readonly untilUs: number
}): string =>
  `SELECT symbol, COUNT(DISTINCT open_time) AS candles, MIN(open_time) AS first_open, MAX(open_time) AS last_open
FROM candles
WHERE venue IN (${nameList([of.venue])}) AND symbol IN (${nameList(of.symbols)})
  AND candles.interval IN (${nameList([of.interval])})
  AND open_time >= ${moment(of.fromUs)} AND open_time < ${moment(of.untilUs)}
GROUP BY symbol
ORDER BY symbol`

/** Rows of {@link candleSpanQuery}; a symbol without candles is absent. */
export const readCandleSpans = ({ rows }: QueryResult): readonly CandleSpan[] =>
  rows.map(([symbol, candles, first, last]) => ({
    symbol: String(symbol),
    candles: numberFrom(candles),
    firstOpenUs: microsFrom(first),
    lastOpenUs: microsFrom(last),
  }))
