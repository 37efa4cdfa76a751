import { TradingError } from '#shared/kernel/error.ts'
import type { Micros } from '#shared/kernel/unit.ts'
import { microsPerMinute } from '#shared/kernel/unit.ts'
import type { MarketCheck } from '../check-state.ts'
import { checkNumber } from '../function-call.ts'
import type { PublicPremium } from '../public-market.ts'

/** A quote older than this says nothing about now. */
const quoteAgeUsMax = 5 * microsPerMinute

/** What one read gave: a value, or the fault that stands in its place. */
export type Reading<T> =
  | { readonly value: T; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: TradingError }

/** Runs one read; a fault of the venue is an answer, a fault of ours is thrown. */
export async function readFrom<T>(load: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await load() }
  } catch (error) {
    if (!(error instanceof TradingError)) throw error
    return { fault: error }
  }
}

/** The check row that says whether a source answered. */
export const sourceCheck = (source: string, what: string, fault: TradingError | undefined) =>
  ({
    name: 'market-source',
    subject: `${source} ${what}`,
    isOk: fault === undefined,
    observed: fault === undefined ? 1 : 0,
    allowed: 1,
    detail: fault === undefined ? 'answered' : `${fault.code}: ${fault.message}`,
  }) satisfies MarketCheck

export type MarkQuote = { readonly markPrice: number; readonly indexPrice: number }

/**
 * Mark and index of one symbol out of a source's list.
 *
 * @throws TradingError WIRE_SHAPE_UNKNOWN when it is missing, older than five minutes, or no price
 */
export function quoteOf(
  premiums: readonly PublicPremium[],
  symbol: string,
  source: string,
  nowUs: Micros,
): MarkQuote {
  const premium = premiums.find((each) => each.symbol === symbol)
  if (!premium) throw new TradingError('WIRE_SHAPE_UNKNOWN', `${source} does not quote ${symbol}`)
  const ageUs = nowUs - premium.timeMs * 1_000
  if (ageUs > quoteAgeUsMax)
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `${source}: the mark of ${symbol} is ${Math.round(ageUs / 1e6)} s old`,
    )
  const read = (field: 'markPrice' | 'indexPrice') => {
    const price = checkNumber(premium[field], `${field} of ${symbol} at ${source}`, 'unsigned')
    if (price > 0) return price
    throw new TradingError('WIRE_SHAPE_UNKNOWN', `${source}: ${field} of ${symbol} is zero`)
  }
  return { markPrice: read('markPrice'), indexPrice: read('indexPrice') }
}

/** Distance of two prices in basis points of their mean: 10,000 × |a − b| / ((a + b) / 2). */
export const differenceBps = (a: number, b: number): number => (20_000 * Math.abs(a - b)) / (a + b)
