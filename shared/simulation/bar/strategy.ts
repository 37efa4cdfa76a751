import type { Side } from '#shared/market/instrument.ts'

/**
 * What a bar strategy may know at the close of a bar. The arrays behind it are private, and every reader counts bars
 * backwards from the one that just closed, so a later bar cannot be asked for.
 */
export type BarView = {
  /** Symbols by index, in the order of the run. */
  readonly symbols: readonly string[]
  readonly intervalUs: number
  /** Close time of the bar that just ended. */
  nowUs(): number
  /** True when this symbol had a bar in the step that just closed. */
  hasBar(symbol: number): boolean
  /** Bars of this symbol that have closed so far. */
  barsSeen(symbol: number): number
  /**
   * Readers of closed bars; `barsAgo` 0 is the newest.
   *
   * @throws TradingError STATE_CORRUPT when `barsAgo` is negative, not whole, or before the first bar
   */
  open(symbol: number, barsAgo: number): number
  high(symbol: number, barsAgo: number): number
  low(symbol: number, barsAgo: number): number
  close(symbol: number, barsAgo: number): number
  volume(symbol: number, barsAgo: number): number
  /** Signed position in base; long is positive. */
  positionBase(symbol: number): number
  /** Equity of this symbol's share of the account at the last close, in quote. */
  equityQuote(symbol: number): number
  /** Equity × leverage: the notional that may be held, in quote. */
  buyingPowerQuote(symbol: number): number
  /** True while an order rests in this place. */
  isWorking(symbol: number, slot: number): boolean
}

/** Places per symbol, as many as a live strategy has. */
export const slotsPerSymbol = 64

export type BarLimitOrder = {
  readonly symbol: number
  /** 0 to 63; a new order replaces what rests in its place. */
  readonly slot: number
  readonly side: Side
  /** Rounded to the price grid: buys down, sells up. */
  readonly priceQuote: number
  /** Rounded down to whole lots. */
  readonly sizeBase: number
  /** Refused when it could fill at once on arrival, at the next open. */
  readonly isPostOnly?: boolean
  /** Never opens or turns a position; waits while there is nothing to reduce. */
  readonly isReduceOnly?: boolean
}

export type BarStopOrder = {
  readonly symbol: number
  readonly slot: number
  /** `sell` protects a long, `buy` a short. Always reduce-only. */
  readonly side: Side
  /** Price that turns it into a market order. */
  readonly triggerQuote: number
  readonly sizeBase: number
}

/** What a bar strategy may ask for. All of it reaches the market at the next bar's open, never earlier. */
export type BarOrders = {
  /** Fills at the open of the symbol's next bar with volume, plus slippage. Positive buys, negative sells; sums up. */
  market(symbol: number, signedBase: number): void
  limit(order: BarLimitOrder): void
  stop(order: BarStopOrder): void
  cancel(symbol: number, slot: number): void
  cancelAll(symbol: number): void
}

/** A fill, told at the close of the bar it happened in. */
export type BarFill = {
  readonly symbol: number
  readonly side: Side
  readonly priceQuote: number
  readonly sizeBase: number
  readonly liquidity: 'maker' | 'taker'
  /** Place of the order; undefined for market orders and liquidations. */
  readonly slot: number | undefined
  readonly isLiquidation: boolean
}

/** A strategy over bars. It decides on closed bars only; one instance sees all symbols of a run. */
export type BarStrategy = {
  readonly name: string
  readonly parameters: Readonly<Record<string, number | boolean>>
  /** Called for each fill of the bar that just closed, before `onBar`. */
  onFill?(fill: BarFill, view: BarView): void
  /** Called once per step of the clock, when all bars of the step have closed. */
  onBar(view: BarView, orders: BarOrders): void
}
