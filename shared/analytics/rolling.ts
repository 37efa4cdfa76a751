import { invariant } from '#shared/kernel/error.ts'
import { type PeriodReturns, periodsPerYear } from './period.ts'

/**
 * Annualised Sharpe ratio (365 days) of every window of `windowPoints` consecutive returns.
 *
 * @returns one value per return; undefined until the first window is full and where a window does not vary
 */
export function rollingSharpe({
  returns,
  periodSeconds,
  windowPoints,
}: PeriodReturns & { readonly windowPoints: number }): readonly (number | undefined)[] {
  invariant(Number.isInteger(windowPoints) && windowPoints >= 2, 'a window has at least two points')
  const scale = Math.sqrt(periodsPerYear(periodSeconds))
  const values: (number | undefined)[] = []
  for (let last = 0; last < returns.length; last++)
    values.push(windowSharpe(returns, last - windowPoints + 1, last, scale))
  return values
}

/** Two passes per window: running sums would let an old jump blur every later window. */
function windowSharpe(
  returns: ArrayLike<number>,
  first: number,
  last: number,
  scale: number,
): number | undefined {
  if (first < 0) return undefined
  const count = last - first + 1
  let sum = 0
  for (let index = first; index <= last; index++) sum += returns[index]!
  const centre = sum / count
  let squares = 0
  let largest = 0
  for (let index = first; index <= last; index++) {
    squares += (returns[index]! - centre) ** 2
    largest = Math.max(largest, Math.abs(returns[index]!))
  }
  const deviation = Math.sqrt(squares / (count - 1))
  return deviation > largest * 1e-12 ? (centre / deviation) * scale : undefined
}
