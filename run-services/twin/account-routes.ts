import type { Instrument } from '#shared/market/instrument.ts'
import {
  equityE8,
  markE8,
  positionOf,
  unrealisedE8,
  valueAtE8,
} from '#shared/simulation/account.ts'
import { brackets, initialMarginE8, maintenanceE8 } from '#shared/simulation/margin.ts'
import type { Execution } from '#shared/simulation/order.ts'
import {
  accountOf,
  type Income,
  type Market,
  type SimulatedAccount,
} from '#shared/simulation/state.ts'
import { setLeverage } from '#shared/simulation/trading.ts'
import { publicMarketAt, publicMarketOf, type TwinContext } from './context.ts'
import { accepted, venueRefusal } from './refusal.ts'
import { flagOf, integerOf, limitOf, optionalInteger, required } from './request.ts'
import type { Call, Route, Routes } from './route.ts'
import { quoteText } from './ticker.ts'
import {
  averagePriceText,
  millis,
  moneyText,
  priceE8Text,
  priceText,
  rateText,
  sizeText,
} from './wire.ts'

const signed = (weight: number, answer: Route['answer']): Route => ({
  weight,
  isSigned: true,
  answer,
})

/** Entry prices carry more decimals than money, so that entry × size gives the cost back to 1e-8. */
const entryDecimals = 12

export const accountRoutes: Routes = {
  'GET /balance': signed(5, answerBalance),
  'GET /accountWithJoinMargin': signed(5, answerAccount),
  'GET /positionRisk': signed(5, answerPositionRisk),
  'GET /userTrades': signed(5, answerUserTrades),
  'GET /income': signed(30, answerIncome),
  'POST /leverage': signed(1, answerLeverage),
  'GET /leverageBracket': signed(1, answerBrackets),
  'GET /leverageBrackets': signed(1, answerBrackets),
  'GET /commissionRate': signed(20, answerCommissionRate),
  'GET /positionSide/dual': signed(30, () => ({ dualSidePosition: false })),
  'POST /positionSide/dual': signed(1, refuseUnlessFalse('dualSidePosition', -4059)),
  'GET /multiAssetsMargin': signed(30, () => ({ multiAssetsMargin: false })),
  'GET /stpMode': signed(30, () => ({ stpMode: 'EXPIRE_TAKER' })),
  'POST /listenKey': signed(1, ({ context, account }) => ({
    listenKey: context.users.open(account, context.state.nowUs),
  })),
  'PUT /listenKey': signed(1, ({ context, account }) => {
    if (!context.users.renew(account, context.state.nowUs))
      throw venueRefusal(-1125, 'This listenKey does not exist.')
    return {}
  }),
  'DELETE /listenKey': signed(1, ({ context, account }) => {
    context.users.end(account)
    return {}
  }),
}

function refuseUnlessFalse(name: string, codeUnchanged: number): Route['answer'] {
  return ({ params }) => {
    if (flagOf(params, name)) throw venueRefusal(-1020, 'This operation is not supported.')
    throw venueRefusal(codeUnchanged, 'No need to change.')
  }
}

function totalsOf({ state }: TwinContext, account: SimulatedAccount) {
  const equity = equityE8(state, account)
  const { positionE8, totalE8 } = initialMarginE8(state.markets, account)
  let maintenance = 0n
  for (const market of state.markets) maintenance += maintenanceE8(market, account)
  const available = equity > totalE8 ? equity - totalE8 : 0n
  return {
    wallet: moneyText(account.walletE8),
    equity: moneyText(equity),
    unrealised: moneyText(equity - account.walletE8),
    initial: moneyText(totalE8),
    positionInitial: moneyText(positionE8),
    orderInitial: moneyText(totalE8 - positionE8),
    maintenance: moneyText(maintenance),
    available: moneyText(available),
  }
}

function answerBalance({ context, account }: Call) {
  const totals = totalsOf(context, accountOf(context.state, account))
  return [
    {
      accountAlias: context.accounts[account]?.name,
      asset: 'USDT',
      balance: totals.wallet,
      crossWalletBalance: totals.wallet,
      crossUnPnl: totals.unrealised,
      availableBalance: totals.available,
      maxWithdrawAmount: totals.available,
      marginAvailable: true,
      updateTime: millis(context.state.nowUs),
    },
  ]
}

function answerAccount({ context, account: index }: Call) {
  const { state } = context
  const account = accountOf(state, index)
  const totals = totalsOf(context, account)
  const shared = {
    walletBalance: totals.wallet,
    unrealizedProfit: totals.unrealised,
    marginBalance: totals.equity,
    maintMargin: totals.maintenance,
    initialMargin: totals.initial,
    positionInitialMargin: totals.positionInitial,
    openOrderInitialMargin: totals.orderInitial,
    crossWalletBalance: totals.wallet,
    crossUnPnl: totals.unrealised,
    availableBalance: totals.available,
    maxWithdrawAmount: totals.available,
  }
  return {
    feeTier: 0,
    canTrade: true,
    canDeposit: true,
    canWithdraw: true,
    updateTime: millis(state.nowUs),
    totalInitialMargin: totals.initial,
    totalMaintMargin: totals.maintenance,
    totalWalletBalance: totals.wallet,
    totalUnrealizedProfit: totals.unrealised,
    totalMarginBalance: totals.equity,
    totalPositionInitialMargin: totals.positionInitial,
    totalOpenOrderInitialMargin: totals.orderInitial,
    totalCrossWalletBalance: totals.wallet,
    totalCrossUnPnl: totals.unrealised,
    availableBalance: totals.available,
    maxWithdrawAmount: totals.available,
    assets: [{ asset: 'USDT', ...shared, marginAvailable: true, updateTime: millis(state.nowUs) }],
    positions: state.markets.map((market) => describePosition(context, account, market)),
  }
}

function entryText(instrument: Instrument, account: SimulatedAccount): string {
  const { lots, costE8 } = positionOf(account, instrument.id)
  return averagePriceText(instrument, costE8, lots, entryDecimals)
}

function describePosition({ state }: TwinContext, account: SimulatedAccount, market: Market) {
  const { instrument } = market
  const position = positionOf(account, instrument.id)
  const { positionE8, totalE8 } = initialMarginE8([market], account)
  return {
    symbol: instrument.symbol,
    initialMargin: moneyText(totalE8),
    maintMargin: moneyText(maintenanceE8(market, account)),
    unrealizedProfit: moneyText(unrealisedE8(market, position)),
    positionInitialMargin: moneyText(positionE8),
    openOrderInitialMargin: moneyText(totalE8 - positionE8),
    leverage: String(account.leverages[instrument.id]),
    isolated: false,
    entryPrice: entryText(instrument, account),
    maxNotional: moneyText(brackets.at(-1)?.capE8 ?? 0n),
    positionSide: 'BOTH',
    positionAmt: sizeText(instrument, position.lots),
    notional: moneyText(valueAtE8(instrument, position.lots, markE8(market) ?? 0)),
    isolatedWallet: '0',
    updateTime: millis(state.nowUs),
  }
}

function answerPositionRisk({ context, account: index, params }: Call) {
  const account = accountOf(context.state, index)
  const symbol = params.get('symbol')
  const views = symbol === undefined ? context.markets : [publicMarketOf(context, symbol)]
  return views.map(({ instrument, market }) => {
    const position = positionOf(account, instrument.id)
    const mark = markE8(market) ?? 0
    return {
      symbol: instrument.symbol,
      positionAmt: sizeText(instrument, position.lots),
      entryPrice: entryText(instrument, account),
      markPrice: priceE8Text(mark),
      unRealizedProfit: moneyText(unrealisedE8(market, position)),
      liquidationPrice: priceE8Text(liquidationPriceE8(context, account, market)),
      leverage: String(account.leverages[instrument.id]),
      maxNotionalValue: moneyText(brackets.at(-1)?.capE8 ?? 0n),
      marginType: 'cross',
      isolatedMargin: '0.00000000',
      isolatedWallet: '0',
      isAutoAddMargin: 'false',
      positionSide: 'BOTH',
      notional: moneyText(valueAtE8(instrument, position.lots, mark)),
      updateTime: millis(context.state.nowUs),
    }
  })
}

/** Mark at which equity meets today's maintenance margin, other marks unchanged; 0 when there is none. */
function liquidationPriceE8(
  { state }: TwinContext,
  account: SimulatedAccount,
  market: Market,
): number {
  const { lots } = positionOf(account, market.instrument.id)
  if (lots === 0) return 0
  let spareE8 = equityE8(state, account)
  for (const other of state.markets) spareE8 -= maintenanceE8(other, account)
  const { decimals, step } = market.instrument.sizeGrid
  const base = (lots * step) / 10 ** decimals
  return Math.max(0, Math.round((markE8(market) ?? 0) - Number(spareE8) / base))
}

type Range = { readonly startTime: number | undefined; readonly endTime: number }

function rangeOf({ params }: Call): Range {
  return {
    startTime: optionalInteger(params, 'startTime'),
    endTime: optionalInteger(params, 'endTime') ?? Number.MAX_SAFE_INTEGER,
  }
}

/** Rows of a time range, oldest first: from its start when it has one, else the latest. */
function inRange<T extends { readonly timeUs: number }>(
  rows: readonly T[],
  { startTime, endTime }: Range,
  limit: number,
): T[] {
  const chosen = rows.filter(({ timeUs }) => {
    const time = millis(timeUs)
    return time >= (startTime ?? 0) && time <= endTime
  })
  return startTime === undefined ? chosen.slice(-limit) : chosen.slice(0, limit)
}

function answerUserTrades(call: Call) {
  const { context, account, params } = call
  const { instrument } = publicMarketOf(context, required(params, 'symbol'))
  const fromId = optionalInteger(params, 'fromId')
  const orderId = optionalInteger(params, 'orderId')
  const limit = limitOf(params, 1_000, 500)
  const rows = accountOf(context.state, account).executions.filter(
    (row) =>
      row.instrumentId === instrument.id &&
      (orderId === undefined || row.orderId === orderId) &&
      row.tradeId >= (fromId ?? 0),
  )
  const range = rangeOf(call)
  const chosen = fromId === undefined ? inRange(rows, range, limit) : rows.slice(0, limit)
  return chosen.map((row) => describeExecution(instrument, row))
}

/** Here, other than on the stream, a negative commission is a cost, as the venue's samples have it. */
function describeExecution(instrument: Instrument, row: Execution) {
  return {
    symbol: instrument.symbol,
    id: row.tradeId,
    orderId: row.orderId,
    side: row.side === 'buy' ? 'BUY' : 'SELL',
    price: priceText(instrument, row.priceTicks),
    qty: sizeText(instrument, row.sizeLots),
    quoteQty: quoteText(instrument, row.priceTicks * row.sizeLots),
    realizedPnl: moneyText(row.realisedPnlE8),
    commission: moneyText(-row.feeE8),
    commissionAsset: instrument.quoteAsset,
    time: millis(row.timeUs),
    positionSide: 'BOTH',
    buyer: row.side === 'buy',
    maker: row.isMaker,
  }
}

function answerIncome(call: Call) {
  const { context, account, params } = call
  const symbol = params.get('symbol')
  const only = symbol === undefined ? undefined : publicMarketOf(context, symbol).instrument.id
  const incomeType = params.get('incomeType')
  const rows = accountOf(context.state, account).income.filter(
    (row) =>
      (only === undefined || row.instrumentId === only) &&
      (incomeType === undefined || row.incomeType === incomeType),
  )
  return inRange(rows, rangeOf(call), limitOf(params, 1_000, 100)).map((row) =>
    describeIncome(context, row),
  )
}

function describeIncome(context: TwinContext, row: Income) {
  const { instrumentId } = row
  return {
    symbol:
      instrumentId === undefined ? '' : publicMarketAt(context, instrumentId).instrument.symbol,
    incomeType: row.incomeType,
    income: moneyText(row.amountE8),
    asset: 'USDT',
    info: row.incomeType,
    time: millis(row.timeUs),
    tranId: row.transactionId,
    tradeId: row.tradeId === undefined ? '' : String(row.tradeId),
  }
}

function answerLeverage({ context, account, params }: Call) {
  const { instrument } = publicMarketOf(context, required(params, 'symbol'))
  const leverage = integerOf(params, 'leverage')
  const refusal = setLeverage(context.state, account, instrument.id, leverage)
  if (refusal) accepted(refusal)
  const bracket = brackets.findLast(({ leverageMax }) => leverageMax >= leverage)
  return {
    leverage,
    maxNotionalValue: moneyText(bracket?.capE8 ?? 0n),
    symbol: instrument.symbol,
  }
}

function answerBrackets({ context, params }: Call) {
  const symbol = params.get('symbol')
  const describe = (name: string) => ({
    symbol: name,
    brackets: brackets.map((bracket) => ({
      bracket: bracket.bracket,
      initialLeverage: bracket.leverageMax,
      notionalCap: Number(bracket.capE8 / 100_000_000n),
      notionalFloor: Number(bracket.floorE8 / 100_000_000n),
      maintMarginRatio: bracket.maintenancePpm / 1e6,
      cum: Number(bracket.cumE8) / 1e8,
    })),
  })
  if (symbol !== undefined) return describe(publicMarketOf(context, symbol).instrument.symbol)
  return context.markets.map(({ instrument }) => describe(instrument.symbol))
}

function answerCommissionRate({ context, params }: Call) {
  const { instrument } = publicMarketOf(context, required(params, 'symbol'))
  return {
    symbol: instrument.symbol,
    makerCommissionRate: rateText(instrument.makerFeePpm / 1e6),
    takerCommissionRate: rateText(instrument.takerFeePpm / 1e6),
  }
}
