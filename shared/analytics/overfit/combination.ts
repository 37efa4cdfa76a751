import { TradingError } from '#shared/kernel/error.ts'

/** Binomial coefficient `C(n, k)`, exact while it is a safe integer. */
export function countCombinations(n: number, k: number): number {
  if (k < 0 || k > n) return 0
  let count = 1
  for (let step = 1; step <= Math.min(k, n - k); step++) count = (count * (n - step + 1)) / step
  return Math.round(count)
}

/** More splits than anyone waits for; C(20, 10) is 184,756. */
export const splitsMax = 200_000

/**
 * All ways to choose `k` of `0 … n − 1`, each ascending, in lexicographic order.
 *
 * @throws TradingError STATISTIC_INVALID when there would be more than {@link splitsMax}
 */
export function combinations(n: number, k: number): readonly (readonly number[])[] {
  if (countCombinations(n, k) > splitsMax)
    throw new TradingError(
      'STATISTIC_INVALID',
      `choosing ${k} of ${n} groups gives more than ${splitsMax} splits; use fewer groups`,
    )
  const all: number[][] = []
  const chosen: number[] = []
  const choose = (from: number) => {
    if (chosen.length === k) {
      all.push([...chosen])
      return
    }
    for (let next = from; next <= n - (k - chosen.length); next++) {
      chosen.push(next)
      choose(next + 1)
      chosen.pop()
    }
  }
  choose(0)
  return all
}
