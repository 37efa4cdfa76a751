/** What a table holds, found by its column names. */
export type Layout =
  | { readonly kind: 'klines'; readonly time: string; readonly symbol?: string }
  | {
      readonly kind: 'funding'
      readonly time: string
      readonly symbol: string | undefined
      readonly rate: string
    }
  | { readonly kind: 'trades' | 'quotes' | 'depth' | 'depth-snapshots'; readonly vendor: 'tardis' }
  | { readonly kind: 'venue-trades' }

const timeNames = ['timestamp', 'open_time', 'ts', 'time', 'date']

/** Columns each layout needs, for the message when none fits. */
export const layoutsText =
  'klines (timestamp, open, high, low, close, volume), funding (timestamp, symbol, funding_rate, or Symbol, Date, Funding Rate), trades (trade_id, timestamp, price, size, aggressor), Tardis trades, quotes, book_snapshot or incremental_book_L2'

/** @returns undefined when the columns are of no layout that is known */
export function layoutOf(columns: readonly string[]): Layout | undefined {
  const has = (...names: readonly string[]) => names.every((name) => columns.includes(name))
  if (has('exchange', 'symbol', 'timestamp', 'local_timestamp')) {
    if (has('id', 'side', 'price', 'amount')) return { kind: 'trades', vendor: 'tardis' }
    if (has('ask_price', 'ask_amount', 'bid_price', 'bid_amount'))
      return { kind: 'quotes', vendor: 'tardis' }
    if (has('is_snapshot', 'side', 'price', 'amount')) return { kind: 'depth', vendor: 'tardis' }
    if (has('asks[0].price', 'bids[0].price')) return { kind: 'depth-snapshots', vendor: 'tardis' }
    return undefined
  }
  if (has('trade_id', 'timestamp', 'price', 'size', 'aggressor')) return { kind: 'venue-trades' }
  if (has('Symbol', 'Date', 'Funding Rate'))
    return { kind: 'funding', time: 'Date', symbol: 'Symbol', rate: 'Funding Rate' }
  const time = timeNames.find((name) => columns.includes(name))
  if (time === undefined) return undefined
  if (has('funding_rate'))
    return {
      kind: 'funding',
      time,
      symbol: has('symbol') ? 'symbol' : undefined,
      rate: 'funding_rate',
    }
  if (has('open', 'high', 'low', 'close'))
    return { kind: 'klines', time, ...(has('symbol') ? { symbol: 'symbol' } : {}) }
  return undefined
}
