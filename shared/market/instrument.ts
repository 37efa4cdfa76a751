import { decimalFromSteps, type Grid } from '../kernel/decimal.ts'
import { TradingError } from '../kernel/error.ts'
import type { Lots, QuoteE8, Ticks } from '../kernel/unit.ts'

export type BookSide = 'bid' | 'ask'
export type Side = 'buy' | 'sell'

/** +1 for buy, −1 for sell: one formula for both sides. */
export const signOf = (side: Side): 1 | -1 => (side === 'buy' ? 1 : -1)

/** Position of an instrument in the executor's table; stands for it on every event. */
export type InstrumentId = number

/** A tradable contract of one account at one venue, with every filter an order must pass. */
export type Instrument = {
  readonly id: InstrumentId
  /** Index into the executor's accounts. The hedge leg of a carry is the same coin in another account. */
  readonly accountId: number
  /** Upper case, as the venue spells it: `BTCUSDT`. */
  readonly symbol: string
  readonly baseAsset: string
  readonly quoteAsset: string
  /** A spot market pays no funding. */
  readonly kind: 'perpetual' | 'spot'
  readonly priceGrid: Grid
  readonly sizeGrid: Grid
  /** Value of one tick times one lot. At least 1: checked when the instrument is built. */
  readonly tickLotE8: bigint
  readonly priceTicksMin: Ticks
  readonly priceTicksMax: Ticks
  readonly sizeLotsMin: Lots
  readonly sizeLotsMax: Lots
  readonly marketSizeLotsMin: Lots
  readonly marketSizeLotsMax: Lots
  /** Smallest price × size of an order that is not reduce-only. */
  readonly notionalE8Min: QuoteE8
  /** A buy may not be priced above mark × this; a sell not below mark × `priceRatioMin`. */
  readonly priceRatioMax: number
  readonly priceRatioMin: number
  readonly openOrdersMax: number
  /** Positive is a cost, negative a rebate; millionths of the notional. */
  readonly makerFeePpm: number
  readonly takerFeePpm: number
  /** Hours between funding settlements; undefined on spot. Never assume 8. */
  readonly fundingIntervalHours: number | undefined
}

/** Exact value of `sizeLots` at `priceTicks`. */
export const notionalE8 = (instrument: Instrument, priceTicks: number, sizeLots: number): QuoteE8 =>
  BigInt(priceTicks) * BigInt(sizeLots) * instrument.tickLotE8

/** Float price in quote per base, for charts and features. */
export const quoteFromTicks = ({ priceGrid }: Instrument, priceTicks: number): number =>
  (priceTicks * priceGrid.step) / 10 ** priceGrid.decimals

/** Float size in base, for charts and features. */
export const baseFromLots = ({ sizeGrid }: Instrument, sizeLots: number): number =>
  (sizeLots * sizeGrid.step) / 10 ** sizeGrid.decimals

export const decimalFromTicks = (instrument: Instrument, priceTicks: number): string =>
  decimalFromSteps(priceTicks, instrument.priceGrid)

/**
 * Value of one tick × one lot in 1e-8 quote.
 *
 * @throws TradingError INSTRUMENT_UNSUPPORTED when it is not a whole number: such a book could not be kept exactly
 */
export function tickLotE8FromGrids(priceGrid: Grid, sizeGrid: Grid, symbol: string): bigint {
  const decimals = priceGrid.decimals + sizeGrid.decimals
  const steps = BigInt(priceGrid.step) * BigInt(sizeGrid.step)
  const scaled = decimals <= 8 ? steps * 10n ** BigInt(8 - decimals) : undefined
  if (scaled === undefined)
    throw new TradingError(
      'INSTRUMENT_UNSUPPORTED',
      `${symbol}: one tick times one lot is below 1e-8 quote, so its books cannot be exact; do not trade it`,
    )
  return scaled
}

/** Smallest size that passes LOT_SIZE and MIN_NOTIONAL at `priceTicks`. */
export function sizeLotsMinAt(instrument: Instrument, priceTicks: number): Lots {
  const perLotE8 = BigInt(priceTicks) * instrument.tickLotE8
  const forNotional = Number((instrument.notionalE8Min + perLotE8 - 1n) / perLotE8)
  return Math.max(instrument.sizeLotsMin, forNotional) as Lots
}
