import type { Instrument } from '#shared/market/instrument.ts'
import type { CandleRow } from './candle-store.ts'
import type { PublicMarket } from './context.ts'
import { millis, priceText, sizeText } from './wire.ts'

const dayUs = 86_400_000_000
const minuteUs = 60_000_000

/** Decimals of a quote volume. */
export const quoteText = ({ priceGrid, sizeGrid }: Instrument, tickLots: number): string =>
  (
    (tickLots * priceGrid.step * sizeGrid.step) /
    10 ** (priceGrid.decimals + sizeGrid.decimals)
  ).toFixed(8)

/** Trading of the last day as one candle; undefined when there was none. */
export function dayOf({ candles }: PublicMarket, nowUs: number): CandleRow | undefined {
  const rows = candles.between(minuteUs, nowUs - dayUs, nowUs)
  const [first] = rows
  if (!first) return undefined
  const day = { ...first }
  for (const row of rows.slice(1)) {
    day.highTicks = Math.max(day.highTicks, row.highTicks)
    day.lowTicks = Math.min(day.lowTicks, row.lowTicks)
    day.closeTicks = row.closeTicks
    day.volumeLots += row.volumeLots
    day.quoteTickLots += row.quoteTickLots
    day.tradeCount += row.tradeCount
    day.lastTradeId = row.lastTradeId
  }
  return day
}

/** Answer of `/ticker/24hr` for one market. */
export function dayTicker(view: PublicMarket, nowUs: number) {
  const { instrument, trades } = view
  const day = dayOf(view, nowUs)
  const price = (ticks: number | undefined) => priceText(instrument, ticks ?? 0)
  const change = (day?.closeTicks ?? 0) - (day?.openTicks ?? 0)
  const decimals = instrument.priceGrid.decimals
  const tick = instrument.priceGrid.step / 10 ** decimals
  const average = day?.volumeLots ? day.quoteTickLots / day.volumeLots : 0
  return {
    symbol: instrument.symbol,
    priceChange: (change * tick).toFixed(decimals),
    priceChangePercent: ((100 * change) / (day?.openTicks ?? 1)).toFixed(3),
    weightedAvgPrice: (average * tick).toFixed(decimals),
    prevClosePrice: price(day?.openTicks),
    lastPrice: price(day?.closeTicks),
    lastQty: sizeText(instrument, trades.at(-1)?.sizeLots ?? 0),
    openPrice: price(day?.openTicks),
    highPrice: price(day?.highTicks),
    lowPrice: price(day?.lowTicks),
    volume: sizeText(instrument, day?.volumeLots ?? 0),
    quoteVolume: quoteText(instrument, day?.quoteTickLots ?? 0),
    openTime: millis(nowUs - dayUs),
    closeTime: millis(nowUs),
    firstId: day?.firstTradeId ?? 0,
    lastId: day?.lastTradeId ?? 0,
    count: day?.tradeCount ?? 0,
  }
}
