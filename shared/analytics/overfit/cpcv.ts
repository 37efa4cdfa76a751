import { TradingError } from '#shared/kernel/error.ts'
import { combinations, countCombinations } from './combination.ts'

/** `N` groups in time, `k` of them tested at once. */
export type CombinatorialShape = {
  /** `N`, at least 2. */
  readonly groups: number
  /** `k`, at least 1 and below `N`. */
  readonly testGroups: number
}

/**
 * Test groups of every split of combinatorial purged cross-validation, `C(N, k)` of them.
 *
 * @throws TradingError STATISTIC_INVALID when `k` is not within 1 … N − 1
 * @see López de Prado (2018), "Advances in Financial Machine Learning", Wiley, chapter 12
 */
export function combinatorialSplits(shape: CombinatorialShape): readonly (readonly number[])[] {
  const { groups, testGroups } = shape
  const isShape = Number.isInteger(groups) && Number.isInteger(testGroups)
  if (!isShape || testGroups < 1 || testGroups >= groups)
    throw new TradingError(
      'STATISTIC_INVALID',
      `cannot test ${testGroups} of ${groups} groups; test at least one and train on at least one`,
    )
  return combinations(groups, testGroups)
}

/** How many backtest paths the splits make up, `φ = k/N · C(N, k) = C(N − 1, k − 1)`. */
export const countPaths = ({ groups, testGroups }: CombinatorialShape): number =>
  countCombinations(groups - 1, testGroups - 1)

/**
 * Backtest paths: `paths[path][group]` is the split whose forecasts of that group the path uses.
 *
 * Every (split, test group) pair is used by exactly one path, and every path covers all of time once.
 *
 * @see López de Prado (2018), "Advances in Financial Machine Learning", Wiley, chapter 12
 */
export function combinatorialPaths(shape: CombinatorialShape): readonly (readonly number[])[] {
  const paths: number[][] = Array.from({ length: countPaths(shape) }, () => [])
  const used = new Array<number>(shape.groups).fill(0)
  for (const [split, tested] of combinatorialSplits(shape).entries())
    for (const group of tested) paths[used[group]!++]![group] = split
  return paths
}
