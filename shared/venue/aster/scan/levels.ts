import type { ScanGrid } from './number.ts'

/** Levels read by the last {@link scanLevels}: a second result without an object to hold it. */
export let levelsScanned = 0

const open = 91
const close = 93
const comma = 44
const zero = 48
/** Seen through `byte − zero`. */
const quoteDigit = 34 - zero
const pointDigit = 46 - zero
const quote = 34
/** Below 10^9 a number stays within 32 bits. */
const keptDigitsMax = 9

/**
 * Reads `[["64020.40","0.005"],…]` from its opening bracket into `levels[start…]` as `[ticks, lots]` pairs.
 *
 * Two thirds of all bytes on the wire are these digits, so the usual lengths are written out instead of looped:
 * up to five whole digits and two decimals of a price, two whole digits and three decimals of a size. Every other length takes the
 * loops behind them and gives the same number.
 *
 * @returns position after the closing bracket; −1 when the slow path must read the frame
 */
export function scanLevels(
  bytes: Uint8Array,
  from: number,
  priceGrid: ScanGrid,
  sizeGrid: ScanGrid,
  levels: Int32Array,
  start: number,
): number {
  levelsScanned = 0
  if (bytes[from] !== open) return -1
  let at = from + 1
  if (bytes[at] === close) return at + 1
  const { decimals: priceDecimals, step: priceStep } = priceGrid
  const { decimals: sizeDecimals, step: sizeStep } = sizeGrid
  let slot = start
  for (;;) {
    if (bytes[at] !== open || bytes[at + 1] !== quote) return -1
    at += 2
    let first = at
    let units = (bytes[at] as number) - zero
    if (units >>> 0 > 9) return -1
    let digit = (bytes[++at] as number) - zero
    if (digit >>> 0 <= 9) {
      units = (Math.imul(units, 10) + digit) | 0
      digit = (bytes[++at] as number) - zero
      if (digit >>> 0 <= 9) {
        units = (Math.imul(units, 10) + digit) | 0
        digit = (bytes[++at] as number) - zero
        if (digit >>> 0 <= 9) {
          units = (Math.imul(units, 10) + digit) | 0
          digit = (bytes[++at] as number) - zero
          if (digit >>> 0 <= 9) {
            units = (Math.imul(units, 10) + digit) | 0
            digit = (bytes[++at] as number) - zero
            for (; digit >>> 0 <= 9; digit = (bytes[++at] as number) - zero)
              units = (Math.imul(units, 10) + digit) | 0
          }
        }
      }
    }
    if (at - first + priceDecimals > keptDigitsMax) return -1
    let missing = priceDecimals
    if (digit === pointDigit) {
      first = ++at
      digit = (bytes[at] as number) - zero
      if (missing > 0 && digit >>> 0 <= 9) {
        units = (Math.imul(units, 10) + digit) | 0
        missing--
        digit = (bytes[++at] as number) - zero
        if (missing > 0 && digit >>> 0 <= 9) {
          units = (Math.imul(units, 10) + digit) | 0
          missing--
          digit = (bytes[++at] as number) - zero
          for (; missing > 0 && digit >>> 0 <= 9; digit = (bytes[++at] as number) - zero, missing--)
            units = (Math.imul(units, 10) + digit) | 0
        }
      }
      if (digit === 0) {
        digit = (bytes[++at] as number) - zero
        while (digit === 0) digit = (bytes[++at] as number) - zero
      }
      if (at === first) return -1
    }
    if (digit !== quoteDigit || bytes[at + 1] !== comma || bytes[at + 2] !== quote) return -1
    for (; missing > 0; missing--) units = Math.imul(units, 10)
    if (priceStep !== 1) {
      if (units % priceStep !== 0) return -1
      units = (units / priceStep) | 0
    }
    levels[slot] = units

    at += 3
    first = at
    units = (bytes[at] as number) - zero
    if (units >>> 0 > 9) return -1
    digit = (bytes[++at] as number) - zero
    if (digit >>> 0 <= 9) {
      units = (Math.imul(units, 10) + digit) | 0
      digit = (bytes[++at] as number) - zero
      for (; digit >>> 0 <= 9; digit = (bytes[++at] as number) - zero)
        units = (Math.imul(units, 10) + digit) | 0
    }
    if (at - first + sizeDecimals > keptDigitsMax) return -1
    missing = sizeDecimals
    if (digit === pointDigit) {
      first = ++at
      digit = (bytes[at] as number) - zero
      const second = (bytes[at + 1] as number) - zero
      const third = (bytes[at + 2] as number) - zero
      if (missing === 3 && digit >>> 0 <= 9 && second >>> 0 <= 9 && third >>> 0 <= 9) {
        units = (Math.imul(units, 1_000) + digit * 100 + second * 10 + third) | 0
        missing = 0
        at += 3
        digit = (bytes[at] as number) - zero
      }
      for (; missing > 0 && digit >>> 0 <= 9; digit = (bytes[++at] as number) - zero, missing--)
        units = (Math.imul(units, 10) + digit) | 0
      while (digit === 0) digit = (bytes[++at] as number) - zero
      if (at === first) return -1
    }
    if (digit !== quoteDigit || bytes[at + 1] !== close) return -1
    for (; missing > 0; missing--) units = Math.imul(units, 10)
    if (sizeStep !== 1) {
      if (units % sizeStep !== 0) return -1
      units = (units / sizeStep) | 0
    }
    levels[slot + 1] = units

    slot += 2
    const next = bytes[at + 2]
    at += 3
    if (next === comma) continue
    if (next !== close) return -1
    levelsScanned = (slot - start) >> 1
    return at
  }
}
