import type { Micros } from '#shared/kernel/unit.ts'
import type { Instrument } from '#shared/market/instrument.ts'

/** An instrument with round grids: one tick is 0.1, one lot 0.001, one tick times one lot 1e-4. */
export const exampleInstrument = (over: Partial<Instrument> = {}): Instrument =>
  ({
    id: 0,
    accountId: 0,
    symbol: 'BTCUSDT',
    baseAsset: 'BTC',
    quoteAsset: 'USDT',
    kind: 'perpetual',
    priceGrid: { decimals: 1, step: 1 },
    sizeGrid: { decimals: 3, step: 1 },
    tickLotE8: 10_000n,
    priceTicksMin: 1,
    priceTicksMax: 10_000_000,
    sizeLotsMin: 1,
    sizeLotsMax: 1_000_000,
    marketSizeLotsMin: 1,
    marketSizeLotsMax: 120_000,
    notionalE8Min: 500_000_000n,
    priceRatioMax: 1.15,
    priceRatioMin: 0.85,
    openOrdersMax: 200,
    makerFeePpm: 200,
    takerFeePpm: 400,
    fundingIntervalHours: 8,
    ...over,
  }) as Instrument

export const exampleStartUs = 1_760_000_000_000_000 as Micros
