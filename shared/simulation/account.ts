import { divideRounded } from '#shared/kernel/decimal.ts'
import { invariant } from '#shared/kernel/error.ts'
import type { Micros, QuoteE8 } from '#shared/kernel/unit.ts'
import { type Instrument, notionalE8, signOf } from '#shared/market/instrument.ts'
import { applyFill, flatPosition, type Position } from '#shared/market/position.ts'
import { bestLevel } from './level-book.ts'
import { isOpen, type SimulatedOrder } from './order.ts'
import {
  accountOf,
  type ExchangeState,
  historyRowsMax,
  type IncomeType,
  type Market,
  marketOf,
  type SimulatedAccount,
} from './state.ts'

export function createAccount(
  name: string,
  index: number,
  marketCount: number,
  leverage: number,
): SimulatedAccount {
  return {
    index,
    name,
    walletE8: 0n,
    positions: Array.from({ length: marketCount }, flatPosition),
    leverages: Array.from({ length: marketCount }, () => leverage),
    realisedE8: Array.from({ length: marketCount }, () => 0n),
    openOrders: new Map(),
    openByClientId: new Map(),
    orders: new Map(),
    lastByClientId: new Map(),
    executions: [],
    income: [],
  }
}

export function positionOf(account: SimulatedAccount, instrumentId: number): Position {
  const position = account.positions[instrumentId]
  invariant(position !== undefined, `account ${account.name} has no position ${instrumentId}`)
  return position
}

/** The only door to a wallet: every change is a row of the income history. Zero changes nothing. */
export function bookIncome(
  state: ExchangeState,
  account: SimulatedAccount,
  incomeType: IncomeType,
  amountE8: QuoteE8,
  origin: { instrumentId?: number; tradeId?: number } = {},
): void {
  if (amountE8 === 0n) return
  account.walletE8 += amountE8
  account.income.push({
    transactionId: state.nextTransactionId++,
    instrumentId: origin.instrumentId,
    incomeType,
    amountE8,
    timeUs: state.nowUs,
    tradeId: origin.tradeId,
  })
  if (account.income.length > 2 * historyRowsMax) account.income.splice(0, historyRowsMax)
}

/** Fee of a fill; positive is a cost. Rounded half away from zero to 1e-8. */
export const feeE8 = (instrument: Instrument, filledE8: QuoteE8, isMaker: boolean): QuoteE8 =>
  divideRounded(
    filledE8 * BigInt(isMaker ? instrument.makerFeePpm : instrument.takerFeePpm),
    1_000_000n,
  )

/** Books one execution: order, position, P&L, fee, histories, and tells the user. */
export function settleFill(
  state: ExchangeState,
  order: SimulatedOrder,
  fill: { priceTicks: number; sizeLots: number; isMaker: boolean; tradeId: number },
): void {
  const { instrument } = marketOf(state, order.instrumentId)
  const account = accountOf(state, order.accountIndex)
  const { priceTicks, sizeLots, isMaker, tradeId } = fill
  const sign = signOf(order.side)
  const filledE8 = notionalE8(instrument, priceTicks, sizeLots)
  const position = positionOf(account, instrument.id)
  const realisedPnlE8 = applyFill(position, sign * sizeLots, BigInt(sign) * filledE8)
  const fee = feeE8(instrument, filledE8, isMaker)

  order.filledLots += sizeLots
  order.filledQuoteE8 += filledE8
  order.updatedUs = state.nowUs
  order.status = order.filledLots === order.sizeLots ? 'FILLED' : 'PARTIALLY_FILLED'
  if (order.status === 'FILLED') closeOrder(account, order)

  const origin = { instrumentId: instrument.id, tradeId }
  bookIncome(state, account, 'REALIZED_PNL', realisedPnlE8, origin)
  bookIncome(state, account, 'COMMISSION', -fee, origin)
  account.realisedE8[instrument.id] = (account.realisedE8[instrument.id] ?? 0n) + realisedPnlE8
  state.positionsTouched.add(account.index)

  const execution = {
    tradeId,
    accountIndex: account.index,
    instrumentId: instrument.id,
    orderId: order.orderId,
    clientOrderId: order.clientOrderId,
    side: order.side,
    priceTicks: priceTicks as SimulatedOrder['priceTicks'],
    sizeLots: sizeLots as SimulatedOrder['sizeLots'],
    isMaker,
    feeE8: fee,
    realisedPnlE8,
    timeUs: state.nowUs,
  }
  account.executions.push(execution)
  if (account.executions.length > 2 * historyRowsMax) account.executions.splice(0, historyRowsMax)

  const timeUs = state.nowUs
  state.sink.account({
    accountIndex: account.index,
    reason: 'ORDER',
    instrumentId: instrument.id,
    balanceChangeE8: 0n,
    timeUs,
  })
  const executionType = order.type === 'LIQUIDATION' ? 'CALCULATED' : 'TRADE'
  state.sink.order({ order, executionType, execution, timeUs })
}

/** Keeps a new order in the account's books. */
export function openOrder(account: SimulatedAccount, order: SimulatedOrder): void {
  account.orders.set(order.orderId, order)
  account.lastByClientId.set(order.clientOrderId, order)
  account.openOrders.set(order.orderId, order)
  account.openByClientId.set(order.clientOrderId, order)
  if (account.orders.size > historyRowsMax) dropOldest(account)
}

export function closeOrder(account: SimulatedAccount, order: SimulatedOrder): void {
  account.openOrders.delete(order.orderId)
  account.openByClientId.delete(order.clientOrderId)
}

function dropOldest(account: SimulatedAccount): void {
  for (const order of account.orders.values()) {
    if (isOpen(order)) continue
    account.orders.delete(order.orderId)
    if (account.lastByClientId.get(order.clientOrderId) === order)
      account.lastByClientId.delete(order.clientOrderId)
    return
  }
}

const priceE8PerTick = (instrument: Instrument): number =>
  instrument.priceGrid.step * 10 ** (8 - instrument.priceGrid.decimals)

/** Mark price in 1e-8 quote; the middle of the book, then the last trade, stand in for it. */
export function markE8(market: Market): number | undefined {
  if (market.markPriceE8 !== undefined) return market.markPriceE8
  const middle = midTicks(market)
  return middle === undefined ? undefined : Math.round(middle * priceE8PerTick(market.instrument))
}

function midTicks(market: Market): number | undefined {
  const bid = bestLevel(market.bids)
  const ask = bestLevel(market.asks)
  if (bid && ask) return (bid.priceTicks + ask.priceTicks) / 2
  return market.lastPriceTicks > 0 ? market.lastPriceTicks : undefined
}

export const ticksFromE8 = (instrument: Instrument, priceE8: number): number =>
  priceE8 / priceE8PerTick(instrument)

/** Signed value of `lots` at a price in 1e-8 quote. */
export function valueAtE8(instrument: Instrument, lots: number, priceE8: number): QuoteE8 {
  const { decimals, step } = instrument.sizeGrid
  return divideRounded(BigInt(lots) * BigInt(step) * BigInt(priceE8), 10n ** BigInt(decimals))
}

/** Unrealised P&L of one position at the mark; 0 when flat. */
export function unrealisedE8(market: Market, position: Position): QuoteE8 {
  const mark = position.lots === 0 ? undefined : markE8(market)
  if (mark === undefined) return 0n
  return valueAtE8(market.instrument, position.lots, mark) - position.costE8
}

/** Wallet plus unrealised P&L. */
export function equityE8(state: ExchangeState, account: SimulatedAccount): QuoteE8 {
  let equity = account.walletE8
  for (const market of state.markets)
    equity += unrealisedE8(market, positionOf(account, market.instrument.id))
  return equity
}

/** Pays or charges a deposit (positive) or withdrawal (negative). */
export function transfer(
  state: ExchangeState,
  accountIndex: number,
  amountE8: QuoteE8,
  timeUs: Micros,
): void {
  bookIncome(state, accountOf(state, accountIndex), 'TRANSFER', amountE8)
  state.sink.account({
    accountIndex,
    reason: 'DEPOSIT',
    instrumentId: undefined,
    balanceChangeE8: amountE8,
    timeUs,
  })
}
