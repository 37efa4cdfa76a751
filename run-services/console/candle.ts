/** One bar of trades. Prices in quote per base, volume in base. */
export type ConsoleCandle = {
  readonly openAtSeconds: number
  readonly open: number
  high: number
  low: number
  close: number
  volume: number
}

export type TradePrint = { readonly atUs: number; readonly price: number; readonly size: number }

/**
 * Books one trade into bars of `intervalSeconds`, oldest first, in place; the oldest bar goes when there are more
 * than `barsMax`. Intervals without a trade get no bar: a flat bar would claim a price that nobody paid.
 */
export function addTradeToCandles(
  candles: ConsoleCandle[],
  trade: TradePrint,
  intervalSeconds: number,
  barsMax: number,
): void {
  const openAtSeconds = Math.floor(trade.atUs / 1e6 / intervalSeconds) * intervalSeconds
  const { price, size } = trade
  let index = candles.length - 1
  while (index >= 0 && candles[index]!.openAtSeconds > openAtSeconds) index--

  const bar = candles[index]
  if (bar?.openAtSeconds === openAtSeconds) {
    bar.high = Math.max(bar.high, price)
    bar.low = Math.min(bar.low, price)
    bar.close = price
    bar.volume += size
    return
  }
  candles.splice(index + 1, 0, {
    openAtSeconds,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: size,
  })
  if (candles.length > barsMax) candles.shift()
}
