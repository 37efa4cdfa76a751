import { invariant, TradingError } from '#shared/kernel/error.ts'
import { type CombinatorialShape, combinatorialSplits } from './cpcv.ts'

/** What each example knows: its label is decided between these two times, both included. Sorted by start. */
export type LabelTimes = {
  readonly startUs: ArrayLike<number>
  readonly endUs: ArrayLike<number>
}

/** Consecutive examples `from ≤ index < to`. */
export type ExampleRange = { readonly from: number; readonly to: number }

/** Indices of examples, ascending. */
export type Fold = { readonly train: readonly number[]; readonly test: readonly number[] }

/**
 * Examples that may train for the given test ranges.
 *
 * Left out are the test examples, every example whose label interval meets that of a test range (purge), and every
 * one that starts within the embargo after a test range, because slow features still carry what was tested.
 *
 * @param input.embargoUs - 0 or more; intervals are closed, so the example that starts exactly at its end is left out
 * @throws TradingError STATISTIC_INVALID when starts are not sorted or a label ends before it starts
 * @see López de Prado (2018), "Advances in Financial Machine Learning", Wiley, chapter 7
 */
export function purgedTraining(
  input: LabelTimes & {
    readonly testRanges: readonly ExampleRange[]
    readonly embargoUs: number
  },
): readonly number[] {
  checkLabels(input)
  const { startUs, endUs, testRanges, embargoUs } = input
  const spans = testRanges
    .filter(({ from, to }) => from < to)
    .map(({ from, to }) => ({
      from,
      to,
      firstUs: startUs[from]!,
      lastUs: latestEnd(endUs, from, to),
    }))
  const train: number[] = []
  for (let index = 0; index < startUs.length; index++) {
    const start = startUs[index]!
    const end = endUs[index]!
    const mayTrain = spans.every(
      ({ from, to, firstUs, lastUs }) =>
        (index < from || index >= to) && (end < firstUs || start > lastUs + embargoUs),
    )
    if (mayTrain) train.push(index)
  }
  return train
}

/** Purged k-fold cross-validation: each of `folds` consecutive groups is tested once. */
export function purgedFolds(
  input: LabelTimes & { readonly folds: number; readonly embargoUs: number },
): readonly Fold[] {
  return combinatorialFolds({ ...input, groups: input.folds, testGroups: 1 })
}

/**
 * Train and test examples of every combinatorial split, in the order of `combinatorialSplits`.
 *
 * @throws TradingError STATISTIC_INVALID as `combinatorialSplits` and {@link purgedTraining} do
 */
export function combinatorialFolds(
  input: LabelTimes & CombinatorialShape & { readonly embargoUs: number },
): readonly Fold[] {
  const groups = cutGroups(input.startUs.length, input.groups)
  return combinatorialSplits(input).map((tested) => {
    const testRanges = tested.map((group) => groups[group]!)
    return {
      train: purgedTraining({ ...input, testRanges }),
      test: testRanges.flatMap(({ from, to }) => indicesOf(from, to)),
    }
  })
}

/** Cuts `count` examples into consecutive groups whose sizes differ by one at most. */
export function cutGroups(count: number, groups: number): readonly ExampleRange[] {
  return Array.from({ length: groups }, (_, group) => ({
    from: Math.floor((group * count) / groups),
    to: Math.floor(((group + 1) * count) / groups),
  }))
}

/** Whole numbers `from ≤ index < to`. */
export const indicesOf = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, offset) => from + offset)

/** Refuses label times that cannot be purged by. */
export function checkLabels({ startUs, endUs }: LabelTimes): void {
  invariant(startUs.length === endUs.length, 'label columns have one length')
  for (let index = 0; index < startUs.length; index++) {
    if (!(endUs[index]! >= startUs[index]!))
      throw new TradingError('STATISTIC_INVALID', `label ${index} ends before it starts`)
    if (index > 0 && startUs[index]! < startUs[index - 1]!)
      throw new TradingError('STATISTIC_INVALID', `label ${index} starts before the one above it`)
  }
}

function latestEnd(endUs: ArrayLike<number>, from: number, to: number): number {
  let latest = endUs[from]!
  for (let index = from; index < to; index++) latest = Math.max(latest, endUs[index]!)
  return latest
}
