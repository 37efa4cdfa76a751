import { z } from 'zod'
import {
  divideRounded,
  lotsFromDecimal,
  quoteE8FromDecimal,
  scaledFromDecimal,
  ticksFromDecimal,
} from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Lots, Micros, QuoteE8, Ticks } from '#shared/kernel/unit.ts'
import type { Instrument, Side } from '#shared/market/instrument.ts'
import { decimalText, idNumber, idText, microsFromMs, readShape, timeMs } from './wire.ts'

const balanceMessage = z.array(
  z.object({ asset: z.string(), balance: decimalText, updateTime: timeMs.optional() }),
)

/**
 * Wallet balance of one asset; an account that never held it has none.
 *
 * @throws TradingError WIRE_SHAPE_UNKNOWN
 */
export function readWalletE8(raw: unknown, asset: string): QuoteE8 {
  const row = readShape(balanceMessage, raw, 'balance').find((entry) => entry.asset === asset)
  return row ? quoteE8FromDecimal(row.balance) : 0n
}

export type PositionState = {
  readonly symbol: string
  /** Positive is long. */
  readonly amount: string
  readonly entryPrice: string
  readonly updateTimeUs: Micros
}

const positionMessage = z.array(
  z.object({
    symbol: z.string(),
    positionAmt: decimalText,
    entryPrice: decimalText,
    positionSide: z.string(),
    updateTime: timeMs,
  }),
)

/**
 * Positions of a one-way account.
 *
 * @throws TradingError CONFIG_INVALID when the account is in hedge mode: its two legs are not one position
 */
export function readPositions(raw: unknown): readonly PositionState[] {
  return readShape(positionMessage, raw, 'positionRisk').map((row) => {
    if (row.positionSide !== 'BOTH')
      throw new TradingError(
        'CONFIG_INVALID',
        `${row.symbol}: the account is in hedge mode; switch it to one-way mode before trading`,
      )
    return {
      symbol: row.symbol,
      amount: row.positionAmt,
      entryPrice: row.entryPrice,
      updateTimeUs: microsFromMs(row.updateTime),
    }
  })
}

/** Signed cost of a position: amount × entry price, rounded half away from zero to 1e-8. */
export function entryCostE8(amount: string, entryPrice: string): QuoteE8 {
  const decimals = (text: string) => text.split('.')[1]?.length ?? 0
  const amountDecimals = decimals(amount)
  const priceDecimals = decimals(entryPrice)
  const product =
    scaledFromDecimal(amount, amountDecimals) * scaledFromDecimal(entryPrice, priceDecimals)
  const excess = amountDecimals + priceDecimals - 8
  return excess <= 0
    ? product * 10n ** BigInt(-excess)
    : divideRounded(product, 10n ** BigInt(excess))
}

export type Income = {
  readonly symbol: string
  readonly incomeType: string
  readonly amountE8: QuoteE8
  readonly asset: string
  readonly transactionId: number
  /** The execution behind it; undefined for what no trade caused. */
  readonly tradeId?: number | undefined
  readonly timeMs: number
}

const incomeMessage = z.array(
  z.object({
    symbol: z.string().nullish(),
    incomeType: z.string(),
    income: decimalText,
    asset: z.string(),
    tranId: idNumber,
    tradeId: z.union([idNumber, z.literal('')]).nullish(),
    time: timeMs,
  }),
)

/** @throws TradingError WIRE_SHAPE_UNKNOWN */
export const readIncome = (raw: unknown): readonly Income[] =>
  readShape(incomeMessage, raw, 'income').map((row) => ({
    symbol: row.symbol ?? '',
    incomeType: row.incomeType,
    amountE8: quoteE8FromDecimal(row.income),
    asset: row.asset,
    transactionId: row.tranId,
    tradeId: typeof row.tradeId === 'number' ? row.tradeId : undefined,
    timeMs: row.time,
  }))

/** One execution as `userTrades` and `ORDER_TRADE_UPDATE` state it. */
export type Execution = {
  readonly tradeId: number
  readonly venueOrderId: string
  readonly side: Side
  readonly priceTicks: Ticks
  readonly sizeLots: Lots
  readonly isMaker: boolean
  readonly feeE8: QuoteE8
  readonly realisedPnlE8: QuoteE8
  readonly timeUs: Micros
}

const userTradesMessage = z.array(
  z.object({
    id: idNumber,
    orderId: idText,
    side: z.enum(['BUY', 'SELL']),
    price: decimalText,
    qty: decimalText,
    maker: z.boolean(),
    commission: decimalText,
    commissionAsset: z.string(),
    realizedPnl: decimalText,
    time: timeMs,
  }),
)

/** @throws TradingError WIRE_SHAPE_UNKNOWN, PRICE_OFF_GRID, SIZE_OFF_GRID */
export const readUserTrades = (raw: unknown, instrument: Instrument): readonly Execution[] =>
  readShape(userTradesMessage, raw, 'userTrades').map((row) => ({
    tradeId: row.id,
    venueOrderId: row.orderId,
    side: row.side === 'BUY' ? 'buy' : 'sell',
    priceTicks: ticksFromDecimal(row.price, instrument.priceGrid),
    sizeLots: lotsFromDecimal(row.qty, instrument.sizeGrid),
    isMaker: row.maker,
    feeE8: feeFromWire(row.commission, row.commissionAsset, row.maker, instrument),
    realisedPnlE8: quoteE8FromDecimal(row.realizedPnl),
    timeUs: microsFromMs(row.time),
  }))

/**
 * Fee of one execution with our sign: positive is a cost.
 *
 * The venue writes costs with either sign, depending on the endpoint, so the sign comes from the account's rate
 * for that kind of liquidity and only the size from the wire.
 *
 * @throws TradingError VENUE_REFUSED when it was charged in another asset than the contract's quote
 */
export function feeFromWire(
  amount: string,
  asset: string,
  isMaker: boolean,
  instrument: Instrument,
): QuoteE8 {
  const stated = quoteE8FromDecimal(amount)
  if (stated === 0n) return 0n
  if (asset !== instrument.quoteAsset)
    throw new TradingError(
      'VENUE_REFUSED',
      `${instrument.symbol}: fee was charged in ${asset}, the books are in ${instrument.quoteAsset}; switch off token fee deduction`,
    )
  const size = stated < 0n ? -stated : stated
  const isRebate = (isMaker ? instrument.makerFeePpm : instrument.takerFeePpm) < 0
  return isRebate ? -size : size
}
