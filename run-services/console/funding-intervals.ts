import type { Warehouse } from '#shared/cloud/port.ts'
import {
  readFundingIntervals as fromAnswer,
  fundingIntervalsQuery,
} from '#shared/cloud/query/funding-interval.ts'

/**
 * Hours between funding settlements by symbol, as the last funding scan stored them; the marks on the bus do not carry
 * them.
 */
export const readFundingIntervals = async (
  warehouse: Pick<Warehouse, 'query'>,
): Promise<Record<string, number>> => fromAnswer(await warehouse.query(fundingIntervalsQuery()))
