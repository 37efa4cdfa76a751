/**
 * Digit readers for the byte scanners. Each takes the position of the first byte and returns the position
 * after the last, or −1 when the bytes are not what the scanner knows. Results go to typed arrays because a
 * returned double would be boxed, and boxing is an allocation per frame.
 */

const zero = 48
const quote = 34
const point = 46

/** More digits than this could leave the safe integers. */
const integerDigitsMax = 15
/** Kept digits of a price or size; below 10^9 everything stays within 32 bits. */
const keptDigitsMax = 9

/** A grid as the scanner wants it: how many decimals to keep and how many units make one step. */
export type ScanGrid = { readonly decimals: number; readonly step: number }

/** Reads an unsigned integer into `store[slot]`. */
export function scanInteger(
  bytes: Uint8Array,
  from: number,
  store: Float64Array,
  slot: number,
): number {
  // Two 32-bit halves: no double arithmetic per digit.
  const half = from + 8
  let at = from
  let high = 0
  let low = 0
  let lowScale = 1
  let digit = (bytes[at] as number) - zero
  for (; digit >>> 0 <= 9 && at < half; digit = (bytes[++at] as number) - zero)
    high = (Math.imul(high, 10) + digit) | 0
  for (; digit >>> 0 <= 9; digit = (bytes[++at] as number) - zero) {
    low = (Math.imul(low, 10) + digit) | 0
    lowScale = Math.imul(lowScale, 10)
  }
  const digits = at - from
  if (digits === 0 || digits > integerDigitsMax) return -1
  store[slot] = high * lowScale + low
  return at
}

/** Steps of one decimal text such as `"64020.40"`, opening quote at `from`, into `store[slot]`. */
export function scanDecimal(
  bytes: Uint8Array,
  from: number,
  grid: ScanGrid,
  store: Int32Array,
  slot: number,
): number {
  if (bytes[from] !== quote) return -1
  let at = from + 1
  let units = 0
  let digit = (bytes[at] as number) - zero
  while (digit >>> 0 <= 9) {
    units = (units * 10 + digit) | 0
    digit = (bytes[++at] as number) - zero
  }
  const whole = at - from - 1
  if (whole === 0 || whole + grid.decimals > keptDigitsMax) return -1
  let missing = grid.decimals
  if (bytes[at] === point) {
    const fraction = ++at
    digit = (bytes[at] as number) - zero
    while (missing > 0 && digit >>> 0 <= 9) {
      units = (units * 10 + digit) | 0
      missing--
      digit = (bytes[++at] as number) - zero
    }
    while (bytes[at] === zero) at++
    if (at === fraction) return -1
  }
  if (bytes[at] !== quote) return -1
  while (missing-- > 0) units = (units * 10) | 0
  if (grid.step !== 1) {
    if (units % grid.step !== 0) return -1
    units = (units / grid.step) | 0
  }
  store[slot] = units
  return at + 1
}
