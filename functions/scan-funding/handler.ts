import { z } from 'zod'
import type { Row } from '#shared/cloud/port.ts'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerHour, microsPerMinute, microsPerYear } from '#shared/kernel/unit.ts'
import {
  checkNumber,
  type FunctionPorts,
  type FunctionReport,
  readInput,
} from '../function-call.ts'
import type { PublicPremium } from '../public-market.ts'

const inputSchema = z.strictObject({
  /** All symbols when absent. */
  symbols: z
    .array(z.string().regex(/^[A-Z0-9]{2,30}$/, 'wants upper-case letters and digits like BTCUSDT'))
    .min(1)
    .max(500)
    .optional(),
})

/** An estimate older than this says nothing about now. */
const estimateAgeUsMax = 5 * microsPerMinute

/**
 * Simple annual rate: one interval's rate times the intervals of a 365-day year; nothing is compounded.
 *
 * `rate × (365 × 24 / intervalHours)`; 0.0001 every 8 h is 0.1095 a year.
 */
export const annualisedSimpleRate365 = (rate: number, intervalHours: number): number =>
  rate * (microsPerYear / (intervalHours * microsPerHour))

/**
 * Stores the running funding estimate of every symbol under the scheduled time.
 *
 * A symbol whose interval the venue does not state is skipped and named: 8 hours is never assumed.
 *
 * @throws TradingError OPTION_INVALID, VENUE_*, WIRE_SHAPE_UNKNOWN, WAREHOUSE_BUSY
 */
export async function scanFunding(
  input: unknown,
  scheduledAtUs: Micros,
  ports: Pick<FunctionPorts, 'market' | 'venue' | 'warehouse' | 'clock'>,
): Promise<FunctionReport> {
  const { symbols } = readInput(inputSchema, input)
  const [premiums, intervals] = await Promise.all([
    ports.market.premiumIndex(),
    ports.market.fundingInfo(),
  ])
  const bySymbol = new Map(premiums.map((premium) => [premium.symbol, premium]))
  const skipped: Record<string, string> = {}
  const rows: Row[] = []
  for (const symbol of symbols ?? bySymbol.keys()) {
    const premium = bySymbol.get(symbol)
    const intervalHours = intervals.get(symbol)
    const reason = skipReason(premium, intervalHours, ports.clock.nowUs())
    if (reason === undefined)
      rows.push(fundingRow(premium!, intervalHours!, { venue: ports.venue, scheduledAtUs }))
    else skipped[symbol] = reason
  }
  if (rows.length === 0)
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `the venue gave no usable funding estimate for any of ${Object.keys(skipped).length} symbols`,
    )
  await ports.warehouse.insert('funding_rates', rows)
  return { function: 'scan-funding', venue: ports.venue, rates: rows.length, skipped }
}

function skipReason(
  premium: PublicPremium | undefined,
  intervalHours: number | undefined,
  nowUs: number,
): string | undefined {
  if (!premium) return 'unknown to the venue'
  if (premium.nextFundingTimeMs === 0) return 'pays no funding'
  if (!intervalHours) return 'funding interval unknown'
  if (nowUs - premium.timeMs * 1_000 > estimateAgeUsMax) return 'estimate is stale'
  return undefined
}

function fundingRow(
  premium: PublicPremium,
  intervalHours: number,
  { venue, scheduledAtUs }: { readonly venue: string; readonly scheduledAtUs: Micros },
): Row {
  const { symbol } = premium
  const rate = checkNumber(premium.fundingRate, `funding rate of ${symbol}`, 'signed')
  return {
    venue,
    symbol,
    observed_at: scheduledAtUs,
    rate,
    interval_hours: intervalHours,
    annualised_rate: annualisedSimpleRate365(rate, intervalHours),
    mark_price: checkNumber(premium.markPrice, `mark price of ${symbol}`, 'unsigned'),
    index_price: checkNumber(premium.indexPrice, `index price of ${symbol}`, 'unsigned'),
    next_funding_time: premium.nextFundingTimeMs * 1_000,
  }
}
