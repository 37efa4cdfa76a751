import { TradingError } from '#shared/kernel/error.ts'

/**
 * Symbol of the first websocket line of a capture, upper case.
 *
 * @returns undefined when the line names no symbol (a snapshot, a reply)
 * @throws TradingError INSTRUMENT_UNSUPPORTED for coin-margined, dated and spot markets
 */
export function symbolOfCapture(json: string): string | undefined {
  const symbol = /"stream":"([^@"!]+)@/.exec(json)?.[1] ?? /"s":"([^"]+)"/.exec(json)?.[1]
  if (!symbol) return undefined
  const upper = symbol.toUpperCase()
  if (json.includes('"ps":"'))
    throw new TradingError(
      'INSTRUMENT_UNSUPPORTED',
      `${upper} is a coin-margined contract (inverse, sized in contracts); only USD-M perpetuals can be imported`,
    )
  if (upper.includes('_'))
    throw new TradingError(
      'INSTRUMENT_UNSUPPORTED',
      `${upper} is not a perpetual; only USD-M perpetuals can be imported`,
    )
  if (isSpot(json))
    throw new TradingError(
      'INSTRUMENT_UNSUPPORTED',
      `this is a spot capture of ${upper}; only USD-M perpetuals can be imported`,
    )
  return upper
}

/** Spot trades carry `M`, spot diffs no `pu`, and spot book tickers no event name. */
function isSpot(json: string): boolean {
  if (json.includes('"e":"depthUpdate"')) return !json.includes('"pu":')
  if (json.includes('"e":"trade"') || json.includes('"e":"aggTrade"')) return json.includes('"M":')
  return json.includes('@bookTicker"') && !json.includes('"e":"bookTicker"')
}
