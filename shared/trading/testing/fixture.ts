import type { Lots, Micros, Ticks } from '#shared/kernel/unit.ts'
import type { DomainEvent, Fill } from '#shared/market/event.ts'
import type { Instrument } from '#shared/market/instrument.ts'

/** Test instrument in the shape of BTCUSDT: tick 0.1, lot 0.001. */
export const testInstrument = (overrides: Partial<Instrument> = {}): Instrument => ({
  id: 0,
  accountId: 0,
  symbol: 'BTCUSDT',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  kind: 'perpetual',
  priceGrid: { decimals: 1, step: 1 },
  sizeGrid: { decimals: 3, step: 1 },
  tickLotE8: 10_000n,
  priceTicksMin: 1 as Ticks,
  priceTicksMax: 100_000_000 as Ticks,
  sizeLotsMin: 1 as Lots,
  sizeLotsMax: 1_000_000 as Lots,
  marketSizeLotsMin: 1 as Lots,
  marketSizeLotsMax: 120_000 as Lots,
  notionalE8Min: 500_000_000n,
  priceRatioMax: 1.05,
  priceRatioMin: 0.95,
  openOrdersMax: 200,
  makerFeePpm: 100,
  takerFeePpm: 400,
  fundingIntervalHours: 8,
  ...overrides,
})

export const at = (us: number): { eventTimeUs: Micros; receiveTimeUs: Micros } => ({
  eventTimeUs: us as Micros,
  receiveTimeUs: us as Micros,
})

export const testFill = (overrides: Partial<Fill> = {}): Fill => ({
  kind: 'fill',
  ...at(1),
  instrumentId: 0,
  clientOrderId: 'a-1-1',
  venueOrderId: '1',
  tradeId: 1,
  side: 'buy',
  priceTicks: 640_000 as Ticks,
  sizeLots: 1 as Lots,
  liquidity: 'maker',
  feeE8: 0n,
  realisedPnlE8: 0n,
  ...overrides,
})

/** A one-level book around a mid. */
export const testSnapshot = (
  us: number,
  bidTicks: number,
  askTicks: number,
  overrides: { instrumentId?: number; sequence?: number; lots?: number } = {},
): DomainEvent => ({
  kind: 'book-snapshot',
  ...at(us),
  instrumentId: overrides.instrumentId ?? 0,
  sequence: overrides.sequence ?? 1,
  levels: Int32Array.of(bidTicks, overrides.lots ?? 1_000, askTicks, overrides.lots ?? 1_000),
  bidCount: 1,
  askCount: 1,
})

export const testMark = (us: number, priceQuote: number, instrumentId = 0): DomainEvent => ({
  kind: 'mark-price',
  ...at(us),
  instrumentId,
  markPriceE8: Math.round(priceQuote * 1e8),
  indexPriceE8: Math.round(priceQuote * 1e8),
  fundingRate: 0.0001,
  nextFundingTimeUs: (us + 3_600_000_000) as Micros,
})
