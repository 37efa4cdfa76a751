import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import type { BookSide, Instrument, InstrumentId, Side } from '#shared/market/instrument.ts'
import type { Position } from '#shared/market/position.ts'
import { createSideBook, type SideBook } from './level-book.ts'
import type { Execution, ExecutionType, SimulatedOrder } from './order.ts'

export type IncomeType =
  | 'TRANSFER'
  | 'REALIZED_PNL'
  | 'COMMISSION'
  | 'FUNDING_FEE'
  | 'INSURANCE_CLEAR'

/** One change of a wallet. The sum of an account's income is its wallet, to the unit. */
export type Income = {
  /** Unique over the whole exchange. */
  readonly transactionId: number
  readonly instrumentId: InstrumentId | undefined
  readonly incomeType: IncomeType
  /** Positive was received, negative was paid. */
  readonly amountE8: QuoteE8
  readonly timeUs: Micros
  readonly tradeId: number | undefined
}

export type SimulatedAccount = {
  readonly index: number
  readonly name: string
  walletE8: QuoteE8
  /** By instrument id. */
  readonly positions: Position[]
  readonly leverages: number[]
  /** Realised P&L per instrument since the account opened, before fees. */
  readonly realisedE8: QuoteE8[]
  readonly openOrders: Map<number, SimulatedOrder>
  readonly openByClientId: Map<string, SimulatedOrder>
  /** All orders, oldest first; the oldest closed ones are dropped beyond `historyRowsMax`. */
  readonly orders: Map<number, SimulatedOrder>
  readonly lastByClientId: Map<string, SimulatedOrder>
  readonly executions: Execution[]
  readonly income: Income[]
}

export type Market = {
  readonly instrument: Instrument
  readonly bids: SideBook
  readonly asks: SideBook
  /** Grows by one with every change of a visible level. */
  updateId: number
  tradeId: number
  /** Undefined until the source has stated one; the middle of the book stands in for it. */
  markPriceE8: number | undefined
  indexPriceE8: number | undefined
  fundingRate: number
  readonly fundingIntervalUs: number | undefined
  nextFundingTimeUs: Micros | undefined
  lastPriceTicks: number
}

/** A trade as the public sees it. */
export type PublicTrade = {
  readonly instrumentId: InstrumentId
  readonly tradeId: number
  readonly priceTicks: number
  readonly sizeLots: number
  readonly aggressor: Side
  readonly timeUs: Micros
}

export type OrderUpdate = {
  readonly order: SimulatedOrder
  readonly executionType: ExecutionType
  readonly execution: Execution | undefined
  readonly timeUs: Micros
}

export type AccountUpdate = {
  readonly accountIndex: number
  readonly reason: 'ORDER' | 'FUNDING_FEE' | 'INSURANCE_CLEAR' | 'DEPOSIT'
  /** The position that changed; undefined when only the wallet did. */
  readonly instrumentId: InstrumentId | undefined
  /** Change of the wallet that is neither P&L nor fee. */
  readonly balanceChangeE8: QuoteE8
  readonly timeUs: Micros
}

/** A funding settlement as the venue publishes it. */
export type FundingSettlement = {
  readonly instrumentId: InstrumentId
  readonly fundingRate: number
  readonly markPriceE8: number
  readonly timeUs: Micros
}

/** Where the exchange tells what happened; called in order, during the call that caused it. */
export type ExchangeSink = {
  level(instrumentId: InstrumentId, side: BookSide, priceTicks: number): void
  trade(trade: PublicTrade): void
  mark(instrumentId: InstrumentId): void
  funding(settlement: FundingSettlement): void
  order(update: OrderUpdate): void
  account(update: AccountUpdate): void
}

export type ExchangeState = {
  nowUs: Micros
  readonly markets: readonly Market[]
  readonly accounts: readonly SimulatedAccount[]
  readonly sink: ExchangeSink
  /** Due time of the dead-man switch by `accountIndex × markets + instrumentId`. */
  readonly countdowns: Map<number, Micros>
  nextMarkUs: Micros
  nextOrderId: number
  nextTransactionId: number
  /** Accounts whose positions changed since reduce-only orders were last checked. */
  readonly positionsTouched: Set<number>
}

/** Rate while nobody has stated one: the venue's interest rate per interval. */
export const fundingRateDefault = 0.0001

/** Rows of orders, executions and income that an account keeps. */
export const historyRowsMax = 100_000

export function marketOf(state: ExchangeState, instrumentId: InstrumentId): Market {
  const market = state.markets[instrumentId]
  if (!market) throw new RangeError(`no market ${instrumentId}`)
  return market
}

export function accountOf(state: ExchangeState, accountIndex: number): SimulatedAccount {
  const account = state.accounts[accountIndex]
  if (!account) throw new RangeError(`no account ${accountIndex}`)
  return account
}

export function createMarket(
  instrument: Instrument,
  startUs: Micros,
  fundingIntervalUs: number | undefined,
): Market {
  return {
    instrument,
    bids: createSideBook('bid'),
    asks: createSideBook('ask'),
    updateId: 1,
    tradeId: 0,
    markPriceE8: undefined,
    indexPriceE8: undefined,
    fundingRate: fundingIntervalUs === undefined ? 0 : fundingRateDefault,
    fundingIntervalUs,
    nextFundingTimeUs:
      fundingIntervalUs === undefined
        ? undefined
        : (((Math.floor(startUs / fundingIntervalUs) + 1) * fundingIntervalUs) as Micros),
    lastPriceTicks: 0,
  }
}

/** Tells the world that the visible size at a price may have changed. */
export function touchLevel(
  state: ExchangeState,
  market: Market,
  side: BookSide,
  priceTicks: number,
) {
  market.updateId++
  state.sink.level(market.instrument.id, side, priceTicks)
}
