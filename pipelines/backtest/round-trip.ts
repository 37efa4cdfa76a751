import type { RoundTripColumns } from '#shared/analytics/result.ts'
import { quoteFromE8 } from '#shared/kernel/decimal.ts'
import { baseFromLots, type Instrument, quoteFromTicks, signOf } from '#shared/market/instrument.ts'
import type { Execution } from '#shared/simulation/order.ts'
import { askerOf } from '#shared/trading/order/client-order-id.ts'

type Open = {
  readonly side: 'long' | 'short'
  readonly openUs: number
  openedLots: number
  closedLots: number
  /** Σ ticks × lots. */
  openedTickLots: number
  closedTickLots: number
  feeQuote: number
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer V)[] ? V[] : T[Key] }

/**
 * Cuts the fills of each strategy on each market into trips from flat to flat: what one strategy holds for long would
 * else hide the trips of the others. P&L is after fees and without funding; a fill that turns a position ends one trip
 * and opens the next, its fee shared by size. A position still open at the end is no trip. A liquidation, which nobody
 * asked for, closes what is open on its market, the oldest first.
 *
 * @param isLiquidation - by index of the execution; left out, none is one
 */
export function roundTripsOf(
  executions: readonly Execution[],
  instruments: readonly Instrument[],
  isLiquidation: readonly boolean[] = [],
): RoundTripColumns {
  const trips: Mutable<RoundTripColumns> = {
    symbol: [],
    side: [],
    openUs: [],
    closeUs: [],
    openPriceQuote: [],
    closePriceQuote: [],
    sizeBase: [],
    pnlQuote: [],
  }
  /** By market, then by who asked; a map keeps the order in which they were opened. */
  const openByMarket = instruments.map(() => new Map<string, Open>())
  for (const [index, execution] of executions.entries()) {
    const { feeE8, instrumentId, priceTicks, side, sizeLots, timeUs } = execution
    const instrument = instruments[instrumentId]!
    const open = openByMarket[instrumentId]!
    const asker = askerOf(execution.clientOrderId)
    const feePerLot = quoteFromE8(feeE8) / sizeLots
    let left: number = sizeLots
    for (const who of isLiquidation[index] ? [...open.keys()] : [asker]) {
      const trip = open.get(who)
      if (!trip || left === 0 || (trip.side === 'long') === (side === 'buy')) continue
      const lots = Math.min(left, trip.openedLots - trip.closedLots)
      left -= lots
      trip.closedLots += lots
      trip.closedTickLots += lots * priceTicks
      trip.feeQuote += lots * feePerLot
      if (trip.closedLots === trip.openedLots) {
        open.delete(who)
        close(trips, instrument, trip, timeUs)
      }
    }
    if (left === 0) continue
    const into = open.get(asker) ?? newTrip(signOf(side) === 1 ? 'long' : 'short', timeUs)
    open.set(asker, into)
    into.openedLots += left
    into.openedTickLots += left * priceTicks
    into.feeQuote += left * feePerLot
  }
  return trips
}

const newTrip = (side: 'long' | 'short', openUs: number): Open => ({
  side,
  openUs,
  openedLots: 0,
  closedLots: 0,
  openedTickLots: 0,
  closedTickLots: 0,
  feeQuote: 0,
})

function close(
  trips: Mutable<RoundTripColumns>,
  instrument: Instrument,
  trip: Open,
  closeUs: number,
): void {
  const { closedTickLots, openedLots, openedTickLots, side } = trip
  const gainTickLots = (side === 'long' ? 1 : -1) * (closedTickLots - openedTickLots)
  trips.symbol.push(instrument.symbol)
  trips.side.push(side)
  trips.openUs.push(trip.openUs)
  trips.closeUs.push(closeUs)
  trips.openPriceQuote.push(quoteFromTicks(instrument, openedTickLots / openedLots))
  trips.closePriceQuote.push(quoteFromTicks(instrument, closedTickLots / openedLots))
  trips.sizeBase.push(baseFromLots(instrument, openedLots))
  trips.pnlQuote.push(gainTickLots * (Number(instrument.tickLotE8) / 1e8) - trip.feeQuote)
}
