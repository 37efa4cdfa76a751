import { z } from 'zod'
import { TradingError } from '#shared/kernel/error.ts'
import { type Micros, microsPerMilli } from '#shared/kernel/unit.ts'
import type { InstrumentId, Side } from '#shared/market/instrument.ts'

/**
 * A forced order of somebody's, as the venue shows it to everyone. Of each symbol the venue sends the latest of a
 * second, so several in one second are seen as one: what is heard is a sample, not a census.
 */
export type Liquidation = {
  readonly instrumentId: InstrumentId
  /** When the venue last traded the order. */
  readonly eventTimeUs: Micros
  readonly receiveTimeUs: Micros
  /** Of the forced order: `sell` closes a long. */
  readonly side: Side
  /** Limit of the order, in quote per base: the price at which the account is worth nothing. */
  readonly priceQuote: number
  /** What its fills cost on average, in quote per base; undefined before the first. */
  readonly averagePriceQuote: number | undefined
  /** Of the whole order, in base. */
  readonly sizeBase: number
  /** Of it filled so far, in base. */
  readonly filledBase: number
  /** The venue's word: `NEW`, `PARTIALLY_FILLED`, `FILLED`, `EXPIRED`. */
  readonly state: string
}

const decimal = z.string().regex(/^\d+(\.\d+)?$/)
const positive = decimal.refine((text) => Number(text) > 0, 'must be above zero')

const message = z.object({
  e: z.literal('forceOrder'),
  o: z.object({
    s: z.string(),
    S: z.enum(['BUY', 'SELL']),
    q: positive,
    p: positive,
    ap: decimal,
    X: z.string().min(1),
    z: decimal,
    T: z.int().positive(),
  }),
})

/**
 * A `forceOrder` message as a liquidation. Prices and sizes go to people and tables, never into an order: they are
 * floats and need not be on the grid.
 *
 * @throws TradingError WIRE_SHAPE_UNKNOWN naming the field
 */
export function readLiquidation(
  raw: unknown,
  instrument: { readonly id: InstrumentId; readonly symbol: string },
  receiveTimeUs: Micros,
): Liquidation {
  const read = message.safeParse(raw)
  if (!read.success) {
    const [issue] = read.error.issues
    const place = issue?.path.join('.') || 'the whole message'
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `forced order not understood at ${place}: ${issue?.message ?? 'unknown shape'}`,
    )
  }
  const { s, S, q, p, ap, X, z: filled, T } = read.data.o
  if (s !== instrument.symbol)
    throw new TradingError(
      'WIRE_SHAPE_UNKNOWN',
      `forced order for ${s} on the stream of ${instrument.symbol}`,
    )
  return {
    instrumentId: instrument.id,
    eventTimeUs: (T * microsPerMilli) as Micros,
    receiveTimeUs,
    side: S === 'SELL' ? 'sell' : 'buy',
    priceQuote: Number(p),
    averagePriceQuote: Number(ap) > 0 ? Number(ap) : undefined,
    sizeBase: Number(q),
    filledBase: Number(filled),
    state: X,
  }
}
