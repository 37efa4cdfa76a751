import type { BarView } from '../strategy.ts'

/** How much a rule buys. */
export type BarSizing =
  /** Share of the buying power (equity × leverage), 0 to 1. */
  | { readonly kind: 'share'; readonly ratio: number }
  /** The same size every time. */
  | { readonly kind: 'base'; readonly sizeBase: number }

/** Size in base at the last close, for a fill at the next open. */
export const entryBase = (sizing: BarSizing, view: BarView, symbol: number): number =>
  sizing.kind === 'base'
    ? sizing.sizeBase
    : (Math.max(0, view.buyingPowerQuote(symbol)) * sizing.ratio) / view.close(symbol, 0)
