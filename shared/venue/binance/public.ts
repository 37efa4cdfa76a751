import { z } from 'zod'
import type { Runtime } from '#shared/kernel/runtime.ts'
import { createRateBudget } from '../aster/budget.ts'
import {
  type OpenInterest,
  type Premium,
  readOpenInterest,
  readPremiums,
} from '../aster/codec/market.ts'
import { decimalText, readShape, timeMs } from '../aster/codec/wire.ts'
import type { Endpoint } from '../aster/endpoint.ts'
import { createNonceSource } from '../aster/nonce.ts'
import { createRest } from '../aster/rest.ts'

/** Accounts that are long and short, as shares of all accounts with a position. */
export type LongShortRatio = {
  readonly symbol: string
  /** 0 to 1. */
  readonly longShare: number
  /** 0 to 1. */
  readonly shortShare: number
  /** Long accounts over short accounts. */
  readonly longShortRatio: number
  readonly timeMs: number
}

/**
 * Public futures data of Binance, for comparison and for when the first source is silent. Each read throws
 * TradingError VENUE_UNREACHABLE, VENUE_RATE_LIMITED, VENUE_REFUSED, VENUE_BANNED or WIRE_SHAPE_UNKNOWN.
 */
export type BinancePublic = {
  premiumIndex(): Promise<readonly Premium[]>
  openInterest(symbol: string): Promise<OpenInterest>
  /** The newest five minutes that are over. */
  longShortRatio(symbol: string): Promise<LongShortRatio>
}

const open = (path: string, weight: number): Endpoint => ({
  method: 'GET',
  path,
  weight,
  orders: 0,
  lane: 'read',
  isSigned: false,
})

const endpoints = {
  premiumIndex: open('/fapi/v1/premiumIndex', 10),
  openInterest: open('/fapi/v1/openInterest', 1),
  longShortRatio: open('/futures/data/globalLongShortAccountRatio', 1),
} as const

/** Aster took over Binance's request rules and error bodies, so the same client speaks both. */
export function createBinancePublic(
  runtime: Runtime,
  restUrl = 'https://fapi.binance.com',
): BinancePublic {
  const rest = createRest({
    runtime,
    restUrl,
    budget: createRateBudget(runtime.clock),
    nonces: createNonceSource(runtime.clock),
    onFault: () => {},
  })
  return {
    premiumIndex: async () => readPremiums(await rest.read(endpoints.premiumIndex, [])),
    openInterest: async (symbol) =>
      readOpenInterest(await rest.read(endpoints.openInterest, [['symbol', symbol]])),
    longShortRatio: async (symbol) =>
      readLongShortRatio(
        await rest.read(endpoints.longShortRatio, [
          ['symbol', symbol],
          ['period', '5m'],
          ['limit', '1'],
        ]),
      ),
  }
}

const ratioMessage = z
  .array(
    z.object({
      symbol: z.string(),
      longAccount: decimalText,
      shortAccount: decimalText,
      longShortRatio: decimalText,
      timestamp: timeMs,
    }),
  )
  .min(1, 'no row: the symbol is not listed there')

/** @throws TradingError WIRE_SHAPE_UNKNOWN, also when the list is empty */
export function readLongShortRatio(raw: unknown): LongShortRatio {
  const row = readShape(ratioMessage, raw, 'globalLongShortAccountRatio').at(-1)!
  return {
    symbol: row.symbol,
    longShare: Number(row.longAccount),
    shortShare: Number(row.shortAccount),
    longShortRatio: Number(row.longShortRatio),
    timeMs: row.timestamp,
  }
}
