import { TradingError } from '#shared/kernel/error.ts'
import { checkLabels, type Fold, indicesOf, type LabelTimes } from './purge.ts'

/** Window lengths of a walk forward. */
export type WalkForwardShape = {
  /** Length of training; with `isExpanding` of the first one. */
  readonly trainUs: number
  readonly testUs: number
  /** No training label may end later than this long before the test starts. */
  readonly embargoUs: number
  /** Training always begins at the first example; otherwise it rolls. */
  readonly isExpanding?: boolean
}

/** One step forward. */
export type WalkForwardFold = Fold & {
  readonly trainStartUs: number
  readonly testStartUs: number
  /** First moment that no longer belongs to the test. */
  readonly testEndUs: number
}

/**
 * Walk-forward splits: train on the past, test on what follows, move on by the length of the test.
 *
 * Training ends early: an example whose label is not decided `embargoUs` before the test starts is left out.
 * A last test window that the examples do not reach the end of is left out, so that all tests weigh the same.
 *
 * @throws TradingError STATISTIC_INVALID when a length is not positive, the embargo is negative or as long as training
 * @see Pardo (2008), "The Evaluation and Optimization of Trading Strategies", 2nd ed., Wiley, chapter 11
 */
export function walkForwardSplits(
  input: LabelTimes & WalkForwardShape,
): readonly WalkForwardFold[] {
  checkLabels(input)
  const { startUs, endUs, trainUs, testUs, embargoUs, isExpanding = false } = input
  if (!(trainUs > 0 && testUs > 0 && embargoUs >= 0 && embargoUs < trainUs))
    throw new TradingError(
      'STATISTIC_INVALID',
      `walk forward needs positive windows and 0 ≤ embargo < training; got training ${trainUs} µs, test ${testUs} µs, embargo ${embargoUs} µs`,
    )
  const folds: WalkForwardFold[] = []
  const firstUs = startUs[0]
  const lastUs = startUs[startUs.length - 1]
  if (firstUs === undefined || lastUs === undefined) return folds
  for (
    let testStartUs = firstUs + trainUs;
    testStartUs + testUs <= lastUs + 1;
    testStartUs += testUs
  ) {
    const trainStartUs = isExpanding ? firstUs : testStartUs - trainUs
    const testEndUs = testStartUs + testUs
    const firstTest = lowerBound(startUs, testStartUs)
    const train = indicesOf(lowerBound(startUs, trainStartUs), firstTest).filter(
      (index) => endUs[index]! < testStartUs - embargoUs,
    )
    const test = indicesOf(firstTest, lowerBound(startUs, testEndUs))
    folds.push({ trainStartUs, testStartUs, testEndUs, train, test })
  }
  return folds
}

/** First index whose value is not below `edge`. */
function lowerBound(sorted: ArrayLike<number>, edge: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < edge) low = middle + 1
    else high = middle
  }
  return low
}
