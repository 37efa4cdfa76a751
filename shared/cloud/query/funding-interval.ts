import type { QueryResult } from '../port.ts'

/** The newest known interval of each symbol. */
export const fundingIntervalsQuery = (): string =>
  `SELECT symbol, interval_hours
FROM (
  SELECT symbol, interval_hours,
    ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY observed_at DESC) AS newest_first
  FROM funding_rates
  WHERE interval_hours IS NOT NULL
) AS numbered
WHERE newest_first = 1
ORDER BY symbol`

/** Hours between funding settlements by symbol; one that is no positive number is left out. */
export function readFundingIntervals({ rows }: QueryResult): Record<string, number> {
  const hoursBySymbol: Record<string, number> = {}
  for (const [symbol, hours] of rows)
    if (typeof symbol === 'string' && typeof hours === 'number' && hours > 0)
      hoursBySymbol[symbol] = hours
  return hoursBySymbol
}
