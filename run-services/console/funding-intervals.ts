import type { Warehouse } from '#shared/cloud/port.ts'

/** Newest known interval of each symbol; the marks on the bus do not carry it. */
const newestIntervals = `
  SELECT symbol, interval_hours FROM funding_rates WHERE interval_hours IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY symbol ORDER BY observed_at DESC) = 1`

/** Hours between funding settlements by symbol, as the last funding scan stored them. */
export async function readFundingIntervals(
  warehouse: Pick<Warehouse, 'query'>,
): Promise<Record<string, number>> {
  const { rows } = await warehouse.query(newestIntervals)
  const hoursBySymbol: Record<string, number> = {}
  for (const [symbol, hours] of rows) {
    if (typeof symbol === 'string' && typeof hours === 'number' && hours > 0)
      hoursBySymbol[symbol] = hours
  }
  return hoursBySymbol
}
