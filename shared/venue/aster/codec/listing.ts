import { z } from 'zod'
import {
  type Grid,
  gridFromStep,
  lotsFromDecimal,
  quoteE8FromDecimal,
  ticksFromDecimal,
} from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import { tickLotE8FromGrids } from '#shared/market/instrument.ts'
import type { InstrumentListing } from '../../venue.ts'
import { type RateLimit, rateLimitFromWire } from '../budget.ts'
import { decimalText, readShape } from './wire.ts'

export type ListingReport = {
  readonly listings: readonly InstrumentListing[]
  /** Symbols that are not traded here, and why. */
  readonly leftOut: readonly { readonly symbol: string; readonly reason: string }[]
  readonly rateLimits: readonly RateLimit[]
}

/** What the venue documents for accounts without a special tier; `commissionRate` gives the account's own. */
const documentedFees = { makerFeePpm: 200, takerFeePpm: 400 }

const symbolMessage = z.object({
  symbol: z.string(),
  contractType: z.string(),
  status: z.string(),
  baseAsset: z.string(),
  quoteAsset: z.string(),
  filters: z.array(z.object({ filterType: z.string() }).loose()),
  OrderType: z.array(z.string()).optional(),
  orderTypes: z.array(z.string()).optional(),
})

const exchangeMessage = z.object({
  rateLimits: z.array(
    z.object({
      rateLimitType: z.string(),
      interval: z.string(),
      intervalNum: z.int().positive(),
      limit: z.int().positive(),
    }),
  ),
  symbols: z.array(symbolMessage),
})

const priceFilter = z.object({
  minPrice: decimalText,
  maxPrice: decimalText,
  tickSize: decimalText,
})
const lotFilter = z.object({ minQty: decimalText, maxQty: decimalText, stepSize: decimalText })
const notionalFilter = z.object({ notional: decimalText })
const percentFilter = z.object({ multiplierUp: decimalText, multiplierDown: decimalText })
const countFilter = z.object({ limit: z.int() })

/**
 * Reads `exchangeInfo`. Symbols whose books could not be kept exactly are left out with a reason.
 *
 * @param fundingHoursBySymbol - from `fundingInfo`; a perpetual without an entry is left out
 * @throws TradingError WIRE_SHAPE_UNKNOWN
 */
export function readListings(
  raw: unknown,
  fundingHoursBySymbol: ReadonlyMap<string, number>,
): ListingReport {
  const message = readShape(exchangeMessage, raw, 'exchangeInfo')
  const listings: InstrumentListing[] = []
  const leftOut: { symbol: string; reason: string }[] = []
  for (const entry of message.symbols) {
    try {
      listings.push(readListing(entry, fundingHoursBySymbol.get(entry.symbol)))
    } catch (error) {
      if (!(error instanceof TradingError)) throw error
      leftOut.push({ symbol: entry.symbol, reason: error.message })
    }
  }
  const rateLimits = message.rateLimits.flatMap((entry) => rateLimitFromWire(entry) ?? [])
  return { listings, leftOut, rateLimits }
}

/** @throws TradingError INSTRUMENT_UNSUPPORTED, WIRE_SHAPE_UNKNOWN, PRICE_OFF_GRID, SIZE_OFF_GRID */
function readListing(
  entry: z.infer<typeof symbolMessage>,
  fundingHours: number | undefined,
): InstrumentListing {
  const { symbol } = entry
  const kind = kindOf(entry, fundingHours)
  const price = readFilter(entry, 'PRICE_FILTER', priceFilter)
  const lot = readFilter(entry, 'LOT_SIZE', lotFilter)
  const marketLot = hasFilter(entry, 'MARKET_LOT_SIZE')
    ? readFilter(entry, 'MARKET_LOT_SIZE', lotFilter)
    : lot
  const notional = readFilter(entry, 'MIN_NOTIONAL', notionalFilter)
  const percent = hasFilter(entry, 'PERCENT_PRICE')
    ? readFilter(entry, 'PERCENT_PRICE', percentFilter)
    : undefined
  const count = hasFilter(entry, 'MAX_NUM_ORDERS')
    ? readFilter(entry, 'MAX_NUM_ORDERS', countFilter)
    : undefined

  const priceGrid = gridFromStep(price.tickSize)
  const sizeGrid = gridFromStep(lot.stepSize)
  const priceTicksMin = ticksFromDecimal(price.minPrice, priceGrid)
  const priceTicksMax = ticksFromDecimal(floorToGrid(price.maxPrice, priceGrid), priceGrid)
  return {
    symbol,
    baseAsset: entry.baseAsset,
    quoteAsset: entry.quoteAsset,
    kind,
    priceGrid,
    sizeGrid,
    tickLotE8: tickLotE8FromGrids(priceGrid, sizeGrid, symbol),
    priceTicksMin,
    priceTicksMax: bounded(priceTicksMax === 0 ? int32Max : priceTicksMax) as Ticks,
    sizeLotsMin: lotsFromDecimal(lot.minQty, sizeGrid),
    sizeLotsMax: bounded(lotsFromDecimal(floorToGrid(lot.maxQty, sizeGrid), sizeGrid)) as Lots,
    marketSizeLotsMin: lotsFromDecimal(marketLot.minQty, sizeGrid),
    marketSizeLotsMax: bounded(
      lotsFromDecimal(floorToGrid(marketLot.maxQty, sizeGrid), sizeGrid),
    ) as Lots,
    notionalE8Min: quoteE8FromDecimal(notional.notional),
    priceRatioMax: percent ? Number(percent.multiplierUp) : Number.POSITIVE_INFINITY,
    priceRatioMin: percent ? Number(percent.multiplierDown) : 0,
    openOrdersMax: count?.limit ?? 200,
    ...documentedFees,
    fundingIntervalHours: kind === 'spot' ? undefined : fundingHours,
  }
}

function kindOf(
  { symbol, status, contractType }: z.infer<typeof symbolMessage>,
  fundingHours: number | undefined,
): 'perpetual' | 'spot' {
  const refuse = (why: string) =>
    new TradingError('INSTRUMENT_UNSUPPORTED', `${symbol}: ${why}; it is not traded`)
  if (symbol.startsWith('TEST')) throw refuse('symbols starting with TEST are the venue’s own')
  if (status !== 'TRADING') throw refuse(`status is ${status}`)
  if (contractType === 'SPOT') return 'spot'
  if (contractType !== 'PERPETUAL') throw refuse(`contract type ${contractType} is not perpetual`)
  if (fundingHours === undefined) throw refuse('the venue states no funding interval')
  return 'perpetual'
}

const int32Max = 2 ** 31 - 1
/** Books hold ticks and lots as 32-bit integers; a lower maximum only forbids orders nobody sends. */
const bounded = (steps: number): number => Math.min(steps, int32Max)

/** Upper bounds need not lie on the grid; the step below is the same bound. */
function floorToGrid(text: string, grid: Grid): string {
  const [whole = '0', fraction = ''] = text.split('.')
  const units = BigInt(whole + fraction.slice(0, grid.decimals).padEnd(grid.decimals, '0'))
  const digits = (units - (units % BigInt(grid.step))).toString().padStart(grid.decimals + 1, '0')
  if (grid.decimals === 0) return digits
  return `${digits.slice(0, -grid.decimals)}.${digits.slice(-grid.decimals)}`
}

const hasFilter = ({ filters }: z.infer<typeof symbolMessage>, filterType: string): boolean =>
  filters.some((filter) => filter.filterType === filterType)

function readFilter<T>(
  { symbol, filters }: z.infer<typeof symbolMessage>,
  filterType: string,
  schema: z.ZodType<T>,
): T {
  const filter = filters.find((candidate) => candidate.filterType === filterType)
  return readShape(schema, filter, `exchangeInfo ${symbol} ${filterType}`)
}

const fundingMessage = z.array(
  z.object({ symbol: z.string(), fundingIntervalHours: z.number().positive() }),
)

/** Hours between settlements by symbol, from `fundingInfo`. @throws TradingError WIRE_SHAPE_UNKNOWN */
export const readFundingHours = (raw: unknown): ReadonlyMap<string, number> =>
  new Map(
    readShape(fundingMessage, raw, 'fundingInfo').map((entry) => [
      entry.symbol,
      entry.fundingIntervalHours,
    ]),
  )

const commissionMessage = z.object({
  makerCommissionRate: decimalText,
  takerCommissionRate: decimalText,
})

/** The account's own fees in millionths, from `commissionRate`. @throws TradingError WIRE_SHAPE_UNKNOWN */
export function readFees(raw: unknown): { makerFeePpm: number; takerFeePpm: number } {
  const message = readShape(commissionMessage, raw, 'commissionRate')
  const ppm = (rate: string) => Math.round(Number(rate) * 1e6)
  return {
    makerFeePpm: ppm(message.makerCommissionRate),
    takerFeePpm: ppm(message.takerCommissionRate),
  }
}
