import { invariant, TradingError } from '#shared/kernel/error.ts'
import { microsPerSecond } from '#shared/kernel/unit.ts'

/** Equity over time; both columns have one length and times ascend. */
export type EquityPath = {
  readonly timeUs: readonly number[]
  readonly equityQuote: readonly number[]
}

/**
 * Simple returns `e[i] / e[i−1] − 1`.
 *
 * They end with the return that takes equity to zero or below: nothing can be earned on an account that is gone.
 *
 * @throws TradingError STATISTIC_INVALID when an equity is not a finite number
 */
export function returnsOf(equityQuote: readonly number[]): readonly number[] {
  const returns: number[] = []
  for (const [index, equity] of equityQuote.entries()) {
    if (!Number.isFinite(equity))
      throw new TradingError('STATISTIC_INVALID', `equity of sample ${index} is ${equity}`)
    const before = equityQuote[index - 1]
    if (before === undefined) continue
    if (before <= 0) break
    returns.push(equity / before - 1)
  }
  return returns
}

/**
 * Last equity of every period of a coarser grid that starts at the first sample.
 *
 * Picks samples and averages nothing, so drawdowns inside a period disappear: use it for returns only.
 * A period without a sample repeats the one before, because equity not sampled has not changed on record.
 *
 * @param periodSeconds - not below the sampling period
 * @returns the first sample, then one per whole period; a rest shorter than a period is left out
 */
export function resampleEquity(path: EquityPath, periodSeconds: number): EquityPath {
  invariant(periodSeconds > 0, 'the period must be positive')
  const startUs = path.timeUs[0]
  if (startUs === undefined) return { timeUs: [], equityQuote: [] }
  const stepUs = periodSeconds * microsPerSecond
  const periods = Math.floor((path.timeUs.at(-1)! - startUs) / stepUs)
  const timeUs: number[] = []
  const equityQuote: number[] = []
  let index = 0
  for (let period = 0; period <= periods; period++) {
    const edgeUs = startUs + period * stepUs
    while (index + 1 < path.timeUs.length && path.timeUs[index + 1]! <= edgeUs) index++
    timeUs.push(edgeUs)
    equityQuote.push(path.equityQuote[index]!)
  }
  return { timeUs, equityQuote }
}
