import { demoOptions } from '#services/twin/demo.ts'
import { startTwinServer, type TwinServer } from '#services/twin/server.ts'
import { createWallClock } from '#shared/cloud/local/runtime.ts'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import { equityE8, transfer } from '#shared/simulation/account.ts'
import { isRefusal } from '#shared/simulation/order.ts'
import { placeOrder } from '#shared/simulation/trading.ts'

export type TwinWithDebtor = {
  readonly server: TwinServer
  /** Takes the money of the one who is long, so that the exchange closes the position within a second. */
  ruin(): void
}

const sizeLots = 100 as Lots

/** An exchange on real sockets, with an account that holds a position. */
export async function startTwinWithDebtor(): Promise<TwinWithDebtor> {
  const clock = createWallClock()
  const options = demoOptions({ seed: 7, clock, symbols: ['BTCUSDT'] })
  const server = await startTwinServer({ ...options, historyDays: 0, port: 0 })
  const { state } = server.twin.exchange
  // The market opens with the first thing that happens on it.
  server.twin.advance(clock.nowUs())
  const order = placeOrder(state, 0, {
    instrumentId: 0,
    side: 'buy',
    type: 'MARKET',
    timeInForce: 'IOC',
    priceTicks: 0 as Ticks,
    sizeLots,
    reduceOnly: false,
    clientOrderId: undefined,
  })
  if (isRefusal(order)) throw new Error(`the order was refused: ${order.message}`)
  return {
    server,
    ruin() {
      const [debtor] = state.accounts
      if (debtor) transfer(state, 0, 1_000_000n - equityE8(state, debtor), state.nowUs)
    },
  }
}
