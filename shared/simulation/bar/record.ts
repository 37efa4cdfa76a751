/** What happened, in growing columns. */
export type BarRecord = {
  readonly fillStep: number[]
  readonly fillSymbol: number[]
  /** Signed; positive bought. */
  readonly fillBase: number[]
  readonly fillPrice: number[]
  readonly fillFee: number[]
  readonly fillIsMaker: boolean[]
  readonly fillSlot: number[]
  readonly fillIsLiquidation: boolean[]
  readonly trips: RoundTrip[]
  readonly liquidations: BarLiquidation[]
  /** Equity after each step, all symbols; index 0 is the start. */
  readonly equityQuote: Float64Array
  /** Gross notional after each step. */
  readonly exposureQuote: Float64Array
  readonly open: OpenTrip[]
  placed: number
  filledOrders: number
  refusedMargin: number
  refusedPostOnly: number
  refusedSize: number
  fees: number
  funding: number
  slippage: number
  liquidationCost: number
  turnover: number
  makerTurnover: number
  /** Fills larger than a tenth of the bar's volume. */
  largeFills: number
}

/** From flat to flat, or from one sign to the other. */
export type RoundTrip = {
  readonly symbol: number
  readonly side: 'long' | 'short'
  readonly openStep: number
  readonly closeStep: number
  readonly openPriceQuote: number
  readonly closePriceQuote: number
  readonly sizeBase: number
  /** After fees, before funding. */
  readonly pnlQuote: number
}

export type BarLiquidation = {
  readonly step: number
  readonly symbol: number
  readonly priceQuote: number
  readonly sizeBase: number
  /** Loss of the whole trip with its fees and the liquidation fee, less what the insurance fund bore. */
  readonly lossQuote: number
}

/** A round trip that is still open; flat when `sign` is 0. */
export type OpenTrip = {
  sign: number
  openStep: number
  inBase: number
  inNotional: number
  outBase: number
  outNotional: number
  fees: number
}

export function createBarRecord(symbols: number, steps: number): BarRecord {
  return {
    fillStep: [],
    fillSymbol: [],
    fillBase: [],
    fillPrice: [],
    fillFee: [],
    fillIsMaker: [],
    fillSlot: [],
    fillIsLiquidation: [],
    trips: [],
    liquidations: [],
    equityQuote: new Float64Array(steps + 1),
    exposureQuote: new Float64Array(steps + 1),
    open: Array.from({ length: symbols }, flatTrip),
    placed: 0,
    filledOrders: 0,
    refusedMargin: 0,
    refusedPostOnly: 0,
    refusedSize: 0,
    fees: 0,
    funding: 0,
    slippage: 0,
    liquidationCost: 0,
    turnover: 0,
    makerTurnover: 0,
    largeFills: 0,
  }
}

const flatTrip = (): OpenTrip => ({
  sign: 0,
  openStep: 0,
  inBase: 0,
  inNotional: 0,
  outBase: 0,
  outNotional: 0,
  fees: 0,
})

/**
 * Adds a fill to the round trip of its symbol. A fill that turns the position ends one trip and begins the next;
 * its fee is shared by size.
 *
 * @param beforeBase - signed position before the fill
 */
export function followTrip(
  record: BarRecord,
  fill: {
    readonly step: number
    readonly symbol: number
    readonly beforeBase: number
    readonly signedBase: number
    readonly priceQuote: number
    readonly feeQuote: number
    /** True when nothing is left after the fill; sizes in base are not exact enough to tell. */
    readonly isFlatAfter: boolean
  },
): void {
  const { step, symbol, beforeBase, signedBase, priceQuote, feeQuote } = fill
  const trip = record.open[symbol] as OpenTrip
  const size = Math.abs(signedBase)
  const isOpening = beforeBase === 0 || beforeBase > 0 === signedBase > 0
  const closing = isOpening ? 0 : fill.isFlatAfter ? size : Math.min(size, Math.abs(beforeBase))
  if (closing > 0) {
    trip.outBase += closing
    trip.outNotional += closing * priceQuote
    trip.fees += (feeQuote * closing) / size
    if (fill.isFlatAfter || closing < size) endTrip(record, trip, symbol, step)
  }
  const opening = size - closing
  if (opening <= 0) return
  if (trip.sign === 0) {
    trip.sign = Math.sign(signedBase)
    trip.openStep = step
  }
  trip.inBase += opening
  trip.inNotional += opening * priceQuote
  trip.fees += (feeQuote * opening) / size
}

function endTrip(record: BarRecord, trip: OpenTrip, symbol: number, step: number): void {
  record.trips.push({
    symbol,
    side: trip.sign > 0 ? 'long' : 'short',
    openStep: trip.openStep,
    closeStep: step,
    openPriceQuote: trip.inNotional / trip.inBase,
    closePriceQuote: trip.outNotional / trip.outBase,
    sizeBase: trip.inBase,
    pnlQuote: trip.sign * (trip.outNotional - trip.inNotional) - trip.fees,
  })
  Object.assign(trip, flatTrip())
}
