import { invariant } from '#shared/kernel/error.ts'
import type { Instrument } from '#shared/market/instrument.ts'
import type { Exchange } from '#shared/simulation/exchange.ts'
import type { Faults } from '#shared/simulation/fault.ts'
import type {
  ExchangeState,
  FundingSettlement,
  Market,
  PublicTrade,
} from '#shared/simulation/state.ts'
import type { CandleStore } from './candle-store.ts'
import type { LimitCounter, Limits } from './limit.ts'
import type { NonceBook } from './nonce.ts'
import { venueRefusal } from './refusal.ts'
import type { UserStreams } from './user-stream.ts'

/** What the venue publishes of one market and remembers for its public endpoints. */
export type PublicMarket = {
  readonly instrument: Instrument
  readonly market: Market
  /** Latest first-in trades, at most `publicTradesMax`. */
  readonly trades: PublicTrade[]
  readonly candles: CandleStore
  readonly settlements: FundingSettlement[]
}

/** One account of the twin and who may sign for it. */
export type TwinAccount = {
  readonly name: string
  /** Main wallet, `0x…`. */
  readonly user: string
  /** API wallets that trade for it, `0x…`. */
  readonly signers: readonly string[]
  readonly walletE8: bigint
  readonly leverage?: number
}

/** Everything that the routes and streams of one twin share. */
export type TwinContext = {
  readonly exchange: Exchange
  readonly state: ExchangeState
  readonly markets: readonly PublicMarket[]
  readonly marketBySymbol: ReadonlyMap<string, PublicMarket>
  readonly accounts: readonly TwinAccount[]
  readonly accountBySigner: ReadonlyMap<string, number>
  readonly nonces: NonceBook
  readonly limits: Limits
  readonly counter: LimitCounter
  readonly faults: Faults
  readonly users: UserStreams
  /** Orders by the nonce that placed them, `account:nonce` → order ids, for guarded cancels. */
  readonly placedByNonce: Map<string, readonly number[]>
}

export const publicTradesMax = 1_000
export const settlementsMax = 1_000

/** @throws TradingError VENUE_REFUSED -1121 */
export function publicMarketOf(context: TwinContext, symbol: string): PublicMarket {
  const found = context.marketBySymbol.get(symbol)
  if (!found) throw venueRefusal(-1121, 'Invalid symbol.')
  return found
}

export function publicMarketAt(context: TwinContext, instrumentId: number): PublicMarket {
  const found = context.markets[instrumentId]
  invariant(found !== undefined, `no market ${instrumentId}`)
  return found
}
