import { signOf } from '#shared/market/instrument.ts'
import {
  bookIncome,
  equityE8,
  markE8,
  positionOf,
  settleFill,
  ticksFromE8,
  valueAtE8,
} from './account.ts'
import { maintenanceE8 } from './margin.ts'
import { sweepReduceOnly, takeLiquidity } from './matching.ts'
import { isOpen, remainingLots, type SimulatedOrder } from './order.ts'
import type { ExchangeState, Market, SimulatedAccount } from './state.ts'
import { cancelAll, createOrder } from './trading.ts'

/**
 * Liquidates an account whose equity is below its maintenance margin: cancels all its orders, then closes its
 * positions, largest first, at the market down to the bankruptcy price; what the book does not take goes to the
 * insurance fund at that price. A wallet left below zero is made whole by the fund.
 */
export function liquidateIfNeeded(state: ExchangeState, account: SimulatedAccount): void {
  let maintenance = 0n
  for (const market of state.markets) maintenance += maintenanceE8(market, account)
  if (maintenance === 0n || equityE8(state, account) >= maintenance) return

  cancelAll(state, account.index, undefined)
  const held = state.markets
    .filter(({ instrument }) => positionOf(account, instrument.id).lots !== 0)
    .sort((a, b) => Number(maintenanceE8(b, account) - maintenanceE8(a, account)))
  for (const market of held) closePosition(state, market, account)
  sweepReduceOnly(state)

  if (account.walletE8 >= 0n) return
  const balanceChangeE8 = -account.walletE8
  bookIncome(state, account, 'INSURANCE_CLEAR', balanceChangeE8)
  state.sink.account({
    accountIndex: account.index,
    reason: 'INSURANCE_CLEAR',
    instrumentId: undefined,
    balanceChangeE8,
    timeUs: state.nowUs,
  })
}

function closePosition(state: ExchangeState, market: Market, account: SimulatedAccount): void {
  const { lots } = positionOf(account, market.instrument.id)
  const side = lots > 0 ? 'sell' : 'buy'
  const priceTicks = bankruptcyTicks(state, market, account)
  const order = createOrder(state, account.index, {
    instrumentId: market.instrument.id,
    side,
    type: 'LIQUIDATION',
    timeInForce: 'IOC',
    priceTicks,
    sizeLots: Math.abs(lots) as SimulatedOrder['sizeLots'],
    reduceOnly: true,
    clientOrderId: `autoclose-${Math.floor(state.nowUs / 1_000)}-${market.instrument.id}`,
  })
  takeLiquidity(state, market, order)
  if (!isOpen(order)) return
  const tradeId = ++market.tradeId
  const sizeLots = remainingLots(order)
  settleFill(state, order, { priceTicks, sizeLots, isMaker: false, tradeId })
}

/** Price of this market at which the account's equity would be zero, all other marks unchanged; at least one tick. */
function bankruptcyTicks(
  state: ExchangeState,
  market: Market,
  account: SimulatedAccount,
): SimulatedOrder['priceTicks'] {
  const { instrument } = market
  const { lots } = positionOf(account, instrument.id)
  const mark = markE8(market) ?? 0
  const perPriceE8 = Number(valueAtE8(instrument, Math.abs(lots), 100_000_000)) / 1e8
  const distanceE8 = Number(equityE8(state, account)) / perPriceE8
  const ticks = ticksFromE8(instrument, mark - signOf(lots > 0 ? 'buy' : 'sell') * distanceE8)
  const rounded = lots > 0 ? Math.ceil(ticks) : Math.floor(ticks)
  return Math.max(1, rounded) as SimulatedOrder['priceTicks']
}
