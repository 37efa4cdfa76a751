declare const unit: unique symbol

/** A number that carries its unit in the type and costs nothing at run time. */
export type Unit<Name extends string> = number & { readonly [unit]: Name }

/** A price in whole steps of an instrument's price grid. */
export type Ticks = Unit<'ticks'>
/** A size in whole steps of an instrument's size grid. */
export type Lots = Unit<'lots'>
/** Microseconds since 1970-01-01 UTC; a double holds them exactly until the year 2255. */
export type Micros = Unit<'us'>

/** Money in whole 1e-8 quote units. Exact; the only type the ledger adds up. */
export type QuoteE8 = bigint

export const microsPerMilli = 1_000
export const microsPerSecond = 1_000_000
export const microsPerMinute = 60 * microsPerSecond
export const microsPerHour = 60 * microsPerMinute
export const microsPerDay = 24 * microsPerHour
/** Markets never close: a year has 365 days. */
export const microsPerYear = 365 * microsPerDay

/** A bid may only move down to reach the grid, so rounding never makes us pay more. */
export const bidTicks = (priceTicks: number): Ticks => Math.floor(priceTicks) as Ticks

/** An ask may only move up to reach the grid, so rounding never makes us sell for less. */
export const askTicks = (priceTicks: number): Ticks => Math.ceil(priceTicks) as Ticks
