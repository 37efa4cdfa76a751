import { fundingQuote } from './funding.ts'
import { tierAt } from './margin.ts'
import { followTrip } from './record.ts'
import {
  type BarInstrument,
  type BarState,
  equityAt,
  removeAllOrders,
  updateLiquidation,
} from './state.ts'

/** Slot of a fill that belongs to no resting order. */
export const noSlot = -1

type FillTerms = {
  readonly symbol: number
  readonly signedLots: number
  /** Price before slippage. */
  readonly priceQuote: number
  readonly isMaker: boolean
  readonly slot: number
  /** Worst price of a limit that takes on arrival: slippage ends there. */
  readonly limitQuote?: number
}

/** Rounding room of margin checks, relative. */
const tolerance = 1e-9

/**
 * Books one fill, if the account can carry it. Closing is always possible.
 *
 * @returns false when refused for size or margin
 */
export function settleFill(state: BarState, terms: FillTerms): boolean {
  const { symbol, signedLots, priceQuote, isMaker, slot, limitQuote } = terms
  const { rules, record } = state
  const room =
    limitQuote === undefined ? Number.POSITIVE_INFINITY : Math.abs(limitQuote - priceQuote)
  const slip = isMaker ? 0 : Math.min(priceQuote * rules.slippageRatio, room)
  const paid = signedLots > 0 ? priceQuote + slip : priceQuote - slip
  if (!isCarried(state, symbol, signedLots, paid)) return false
  const signedBase = signedLots / (state.lotsPerBase[symbol] as number)
  const notional = Math.abs(signedBase) * paid
  const fee = notional * (isMaker ? rules.makerFeeRatio : rules.takerFeeRatio)
  record.fees += fee
  record.slippage += Math.abs(signedBase) * slip
  record.filledOrders++
  book(state, { symbol, signedLots, paid, fee, isMaker, slot, isLiquidation: false })
  return true
}

function isCarried(
  state: BarState,
  symbol: number,
  signedLots: number,
  priceQuote: number,
): boolean {
  const before = state.lots[symbol] as number
  const after = before + signedLots
  // Reducing needs no margin; turning does, for what is left on the other side.
  if (Math.abs(after) <= Math.abs(before) && before * after >= 0) return true
  const { tiers, notionalQuoteMin } = state.instruments[symbol] as BarInstrument
  const { record, rules } = state
  const perLot = priceQuote / (state.lotsPerBase[symbol] as number)
  if (Math.abs(signedLots) * perLot < notionalQuoteMin * (1 - tolerance)) {
    record.refusedSize++
    return false
  }
  const notional = Math.abs(after) * perLot
  const leverage = Math.min(rules.leverage, tierAt(tiers, notional).leverageMax)
  const fee = Math.abs(signedLots) * perLot * rules.takerFeeRatio
  const power = (equityAt(state, symbol, priceQuote) - Math.max(0, fee)) * leverage
  if (notional <= power * (1 + tolerance)) return true
  record.refusedMargin++
  return false
}

type Booking = {
  readonly symbol: number
  readonly signedLots: number
  readonly paid: number
  readonly fee: number
  readonly isMaker: boolean
  readonly slot: number
  readonly isLiquidation: boolean
}

function book(state: BarState, booking: Booking): void {
  const { symbol, signedLots, paid, fee, isMaker } = booking
  const { record, step } = state
  const beforeBase = state.base[symbol] as number
  const signedBase = signedLots / (state.lotsPerBase[symbol] as number)
  const notional = Math.abs(signedBase) * paid
  state.cash[symbol] = (state.cash[symbol] as number) - signedBase * paid - fee
  const lots = (state.lots[symbol] as number) + signedLots
  state.lots[symbol] = lots
  state.base[symbol] = lots / (state.lotsPerBase[symbol] as number)
  record.turnover += notional
  if (isMaker) record.makerTurnover += notional
  const { columns } = state.table
  const volume = columns[symbol]?.volume[state.row[symbol] as number] as number
  if (Math.abs(signedBase) > volume / 10) record.largeFills++
  record.fillStep.push(step)
  record.fillSymbol.push(symbol)
  record.fillBase.push(signedBase)
  record.fillPrice.push(paid)
  record.fillFee.push(fee)
  record.fillIsMaker.push(isMaker)
  record.fillSlot.push(booking.slot)
  record.fillIsLiquidation.push(booking.isLiquidation)
  followTrip(record, {
    step,
    symbol,
    beforeBase,
    signedBase,
    priceQuote: paid,
    feeQuote: fee,
    isFlatAfter: lots === 0,
  })
  updateLiquidation(state, symbol)
}

/**
 * Closes a whole position at a price for the liquidation fee and cancels its orders. The share of the account that
 * is lost beyond zero is borne by the insurance fund.
 */
export function liquidate(state: BarState, symbol: number, priceQuote: number): void {
  const { record, rules } = state
  const lots = state.lots[symbol] as number
  const size = Math.abs(state.base[symbol] as number)
  const fee = size * priceQuote * rules.liquidationFeeRatio
  removeAllOrders(state, symbol)
  book(state, {
    symbol,
    signedLots: -lots,
    paid: priceQuote,
    fee,
    isMaker: false,
    slot: noSlot,
    isLiquidation: true,
  })
  const insured = Math.max(0, -(state.cash[symbol] as number))
  if (insured > 0) state.cash[symbol] = 0
  record.liquidationCost += fee - insured
  record.liquidations.push({
    step: state.step,
    symbol,
    priceQuote,
    sizeBase: size,
    lossQuote: -(record.trips.at(-1)?.pnlQuote ?? 0) - insured,
  })
}

/** Settles every rate due before `untilUs` on the position as it is. */
export function settleFunding(
  state: BarState,
  symbol: number,
  untilUs: number,
  priceQuote: number,
): void {
  const { funding } = state.instruments[symbol] as BarInstrument
  if (!funding) return
  let index = state.fundingIndex[symbol] as number
  while (index < funding.timeUs.length && (funding.timeUs[index] as number) < untilUs) {
    if (state.lots[symbol] !== 0) {
      const rate = funding.rate[index] as number
      const amount = fundingQuote(state.base[symbol] as number, priceQuote, rate)
      state.cash[symbol] = (state.cash[symbol] as number) + amount
      state.record.funding += amount
      updateLiquidation(state, symbol)
    }
    index++
  }
  state.fundingIndex[symbol] = index
  state.nextFundingUs[symbol] = funding.timeUs[index] ?? Number.POSITIVE_INFINITY
}
