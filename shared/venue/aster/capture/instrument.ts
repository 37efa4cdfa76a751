import { type Grid, gridFromStep } from '#shared/kernel/decimal.ts'
import { TradingError } from '#shared/kernel/error.ts'
import type { Lots, Ticks } from '#shared/kernel/unit.ts'
import { type Instrument, tickLotE8FromGrids } from '#shared/market/instrument.ts'

/** Steps of a market as decimal text, for captures whose symbol is not known here. */
export type CaptureGrid = { readonly tick: string; readonly lot: string }

const knownGrids: Readonly<Record<string, CaptureGrid>> = {
  BTCUSDT: { tick: '0.1', lot: '0.001' },
  ETHUSDT: { tick: '0.01', lot: '0.001' },
}

const quoteAssets = ['USDT', 'USDC', 'USD1', 'FDUSD', 'BUSD', 'USDF']

/**
 * An instrument for a capture. Captures carry no exchange filters, so these are the list values of Binance USD-M:
 * smallest order 5 quote, maker 1 bp, taker 4 bps, funding every 8 hours.
 *
 * @param symbol - upper case, USD-M perpetual
 * @param grid - overrides the known steps
 * @throws TradingError OPTION_INVALID when the steps are neither known nor given
 */
export function captureInstrument(symbol: string, grid?: CaptureGrid): Instrument {
  const { tick, lot } = grid ?? knownGrids[symbol] ?? {}
  if (!tick || !lot)
    throw new TradingError(
      'OPTION_INVALID',
      `steps of ${symbol} are not known; add --tick and --lot, e.g. --tick 0.01 --lot 0.001`,
    )
  const priceGrid = gridFromStep(tick)
  const sizeGrid = gridFromStep(lot)
  const quoteAsset = quoteAssets.find((asset) => symbol.endsWith(asset)) ?? 'USDT'
  return {
    id: 0,
    accountId: 0,
    symbol,
    baseAsset: symbol.endsWith(quoteAsset) ? symbol.slice(0, -quoteAsset.length) : symbol,
    quoteAsset,
    kind: 'perpetual',
    priceGrid,
    sizeGrid,
    tickLotE8: tickLotE8FromGrids(priceGrid, sizeGrid, symbol),
    priceTicksMin: 1 as Ticks,
    priceTicksMax: 0x7fff_ffff as Ticks,
    sizeLotsMin: 1 as Lots,
    sizeLotsMax: lotsOf(1_000, sizeGrid),
    marketSizeLotsMin: 1 as Lots,
    marketSizeLotsMax: lotsOf(100, sizeGrid),
    notionalE8Min: 500_000_000n,
    priceRatioMax: 1.05,
    priceRatioMin: 0.95,
    openOrdersMax: 200,
    makerFeePpm: 100,
    takerFeePpm: 400,
    fundingIntervalHours: 8,
  }
}

const lotsOf = (base: number, { decimals, step }: Grid): Lots =>
  Math.max(1, Math.floor((base * 10 ** decimals) / step)) as Lots
