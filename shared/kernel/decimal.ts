import { TradingError } from './error.ts'
import type { Lots, QuoteE8, Ticks } from './unit.ts'

/** A grid of steps: one step is `step × 10^-decimals`. Prices and sizes both live on one. */
export type Grid = { readonly decimals: number; readonly step: number }

const plainDecimal = /^(-?)(\d+)(?:\.(\d+))?$/

/**
 * Reads a decimal string as whole units of 10^-decimals. Exact: no float is formed on the way.
 *
 * @throws TradingError DECIMAL_MALFORMED when `text` is not a plain decimal
 * @throws TradingError DECIMAL_MALFORMED when it has non-zero digits past `decimals`
 */
export function scaledFromDecimal(text: string, decimals: number): bigint {
  const match = plainDecimal.exec(text)
  if (!match) throw new TradingError('DECIMAL_MALFORMED', `'${text}' is not a plain decimal number`)
  const [, sign = '', whole = '0', fraction = ''] = match
  if (/[1-9]/.test(fraction.slice(decimals)))
    throw new TradingError('DECIMAL_MALFORMED', `'${text}' has more than ${decimals} decimals`)
  const scaled = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'))
  return sign ? -scaled : scaled
}

/** Writes whole units of 10^-decimals as a decimal string, keeping every decimal. */
export function decimalFromScaled(scaled: bigint, decimals: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, '0')
  const sign = scaled < 0n ? '-' : ''
  if (decimals === 0) return sign + digits
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** Money off the wire. @throws TradingError DECIMAL_MALFORMED */
export const quoteE8FromDecimal = (text: string): QuoteE8 => scaledFromDecimal(text, 8)
/** Money to the wire, always with 8 decimals. */
export const decimalFromQuoteE8 = (amountE8: QuoteE8): string => decimalFromScaled(amountE8, 8)
/** Money as a float, for charts and ratios only; never fed back into the ledger. */
export const quoteFromE8 = (amountE8: QuoteE8): number => Number(amountE8) / 1e8

/**
 * Reads a venue decimal as whole grid steps.
 *
 * @throws TradingError DECIMAL_MALFORMED, PRICE_OFF_GRID (or `offGrid`), NUMBER_TOO_LARGE
 */
function stepsFromDecimal(
  text: string,
  grid: Grid,
  offGrid: 'PRICE_OFF_GRID' | 'SIZE_OFF_GRID',
): number {
  const match = plainDecimal.exec(text)
  if (!match) throw new TradingError('DECIMAL_MALFORMED', `'${text}' is not a plain decimal number`)
  const [, sign = '', whole = '0', fraction = ''] = match
  const kept = fraction.slice(0, grid.decimals).padEnd(grid.decimals, '0')
  const units = Number(whole + kept)
  if (!Number.isSafeInteger(units))
    throw new TradingError('NUMBER_TOO_LARGE', `'${text}' has too many digits`)
  if (units % grid.step !== 0 || /[1-9]/.test(fraction.slice(grid.decimals)))
    throw new TradingError(
      offGrid,
      `'${text}' is between two steps of ${decimalFromSteps(1, grid)}`,
    )
  const steps = units / grid.step
  return sign && steps !== 0 ? -steps : steps
}

/** Price text to ticks; exact. @throws TradingError PRICE_OFF_GRID when between two ticks */
export const ticksFromDecimal = (text: string, grid: Grid): Ticks =>
  stepsFromDecimal(text, grid, 'PRICE_OFF_GRID') as Ticks

/** Size text to lots; exact. @throws TradingError SIZE_OFF_GRID when between two lots */
export const lotsFromDecimal = (text: string, grid: Grid): Lots =>
  stepsFromDecimal(text, grid, 'SIZE_OFF_GRID') as Lots

/** Whole grid steps as a decimal string. */
export const decimalFromSteps = (steps: number, grid: Grid): string =>
  decimalFromScaled(BigInt(steps) * BigInt(grid.step), grid.decimals)

/** A grid from the venue's step text, e.g. `'0.10'` → `{ decimals: 1, step: 1 }`. */
export function gridFromStep(text: string): Grid {
  const trimmed = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text
  const decimals = trimmed.split('.')[1]?.length ?? 0
  const step = Number(scaledFromDecimal(trimmed, decimals))
  if (step <= 0 || !Number.isSafeInteger(step))
    throw new TradingError('INSTRUMENT_UNSUPPORTED', `step '${text}' is not a positive number`)
  return { decimals, step }
}

/** `numerator / denominator` rounded half away from zero; the one rounding money ever gets. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n
  const n = numerator < 0n ? -numerator : numerator
  const d = denominator < 0n ? -denominator : denominator
  const quotient = (n * 2n + d) / (d * 2n)
  return negative ? -quotient : quotient
}
