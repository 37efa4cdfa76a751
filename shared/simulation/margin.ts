import { divideRounded } from '#shared/kernel/decimal.ts'
import type { QuoteE8 } from '#shared/kernel/unit.ts'
import type { Side } from '#shared/market/instrument.ts'
import { markE8, positionOf, valueAtE8 } from './account.ts'
import { remainingLots } from './order.ts'
import type { ExchangeState, Market, SimulatedAccount } from './state.ts'

/** Notional step of the margin schedule. `cumE8` makes maintenance margin continuous at the floor. */
export type Bracket = {
  readonly bracket: number
  readonly leverageMax: number
  readonly floorE8: QuoteE8
  readonly capE8: QuoteE8
  readonly maintenancePpm: number
  readonly cumE8: QuoteE8
}

const quote = 100_000_000n
const steps: readonly (readonly [cap: bigint, leverageMax: number, maintenancePpm: number])[] = [
  [50_000n, 125, 4_000],
  [250_000n, 100, 5_000],
  [1_000_000n, 50, 10_000],
  [10_000_000n, 20, 25_000],
  [1_000_000_000n, 10, 50_000],
]

/** One schedule for all markets of the twin. */
export const brackets: readonly Bracket[] = steps.reduce<Bracket[]>((done, step, index) => {
  const [cap, leverageMax, maintenancePpm] = step
  const last = done.at(-1)
  const floorE8 = last?.capE8 ?? 0n
  const cumE8 = last
    ? last.cumE8 + (floorE8 * BigInt(maintenancePpm - last.maintenancePpm)) / 1_000_000n
    : 0n
  const capE8 = cap * quote
  done.push({ bracket: index + 1, leverageMax, floorE8, capE8, maintenancePpm, cumE8 })
  return done
}, [])

const absolute = (amount: bigint): bigint => (amount < 0n ? -amount : amount)

/** Maintenance margin of one position: notional × ratio − cum, at the mark. */
export function maintenanceE8(market: Market, account: SimulatedAccount): QuoteE8 {
  const { lots } = positionOf(account, market.instrument.id)
  const mark = lots === 0 ? undefined : markE8(market)
  if (mark === undefined) return 0n
  const notional = absolute(valueAtE8(market.instrument, lots, mark))
  const bracket = brackets.find(({ capE8 }) => notional <= capE8) ?? brackets.at(-1)
  if (!bracket) return 0n
  return divideRounded(notional * BigInt(bracket.maintenancePpm), 1_000_000n) - bracket.cumE8
}

/** Lots of the position and of resting orders that may add to it. */
type Exposure = { lots: number; buyLots: number; sellLots: number }

function exposureOf(account: SimulatedAccount, instrumentId: number): Exposure {
  const exposure = { lots: positionOf(account, instrumentId).lots, buyLots: 0, sellLots: 0 }
  for (const order of account.openOrders.values()) {
    if (order.instrumentId !== instrumentId || order.reduceOnly) continue
    if (order.side === 'buy') exposure.buyLots += remainingLots(order)
    else exposure.sellLots += remainingLots(order)
  }
  return exposure
}

/** Initial margin: the larger of what the position would be after all buys or after all sells, at the mark. */
function marginE8(
  market: Market,
  account: SimulatedAccount,
  { lots, buyLots, sellLots }: Exposure,
): QuoteE8 {
  const worst = Math.max(Math.abs(lots + buyLots), Math.abs(lots - sellLots))
  const mark = worst === 0 ? undefined : markE8(market)
  if (mark === undefined) return 0n
  const leverage = BigInt(account.leverages[market.instrument.id] ?? 1)
  return divideRounded(valueAtE8(market.instrument, worst, mark), leverage)
}

/** Initial margin of positions alone and with resting orders, over all markets or one. */
export function initialMarginE8(
  markets: readonly Market[],
  account: SimulatedAccount,
): { positionE8: QuoteE8; totalE8: QuoteE8 } {
  let positionE8 = 0n
  let totalE8 = 0n
  for (const market of markets) {
    const exposure = exposureOf(account, market.instrument.id)
    totalE8 += marginE8(market, account, exposure)
    positionE8 += marginE8(market, account, { ...exposure, buyLots: 0, sellLots: 0 })
  }
  return { positionE8, totalE8 }
}

/** Whether the account can carry `addedLots` more on one side. Orders that need no new margin always pass. */
export function canAfford(
  state: ExchangeState,
  account: SimulatedAccount,
  equityE8: QuoteE8,
  added: { market: Market; side: Side; addedLots: number },
): boolean {
  const { market, side, addedLots } = added
  const before = exposureOf(account, market.instrument.id)
  const after = { ...before }
  if (side === 'buy') after.buyLots += addedLots
  else after.sellLots += addedLots
  const neededE8 = marginE8(market, account, after) - marginE8(market, account, before)
  if (neededE8 <= 0n) return true
  return initialMarginE8(state.markets, account).totalE8 + neededE8 <= equityE8
}
